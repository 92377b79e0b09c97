"""What rooms keep between two events: leaves to answer, notes, and what hosts have set up."""

from __future__ import annotations

from datetime import timedelta

from db import notes, replies, workspaces
from db.session import Db


async def test_a_leave_to_answer_ends_by_itself(db: Db) -> None:
    async with db.begin() as s:
        await replies.keep(s, "chat", "here", "secret", timedelta(minutes=15))
        await replies.keep(s, "chat", "there", "old", timedelta(seconds=-1))
    async with db.read() as s:
        living = await replies.living(s, "chat", "here")
        assert living is not None
        assert living.token == "secret"
        assert await replies.living(s, "chat", "here", timedelta(minutes=20)) is None
        assert await replies.living(s, "chat", "there") is None


async def test_the_newest_leave_counts(db: Db) -> None:
    async with db.begin() as s:
        await replies.keep(s, "chat", "here", "first", timedelta(minutes=1))
        await replies.keep(s, "chat", "here", "second", timedelta(minutes=15))
    async with db.begin() as s:
        living = await replies.living(s, "chat", "here")
        assert living is not None
        assert living.token == "second"
        await replies.end(s, "chat", "here")
    async with db.read() as s:
        assert await replies.living(s, "chat", "here") is None


async def test_notes_are_kept_until_they_are_old(db: Db) -> None:
    async with db.begin() as s:
        await notes.put(s, "form:1", "a")
        await notes.put(s, "form:1", "b")
        await notes.put(s, "other", "c")
    async with db.begin() as s:
        assert await notes.get(s, "form:1") == "b"
        await notes.forget_older(s, "form:", timedelta(hours=1))
        assert await notes.get(s, "form:1") == "b"
        await notes.forget_older(s, "form:", timedelta(seconds=-1))
        assert await notes.get(s, "form:1") == ""
        assert await notes.get(s, "other") == "c"


async def test_what_hosts_set_up_is_kept_for_each_workspace(db: Db) -> None:
    async with db.begin() as s:
        await workspaces.change(s, "chat", "one", review="1/2", quorum=2)
        await workspaces.change(s, "chat", "two", showcase="3/4")
    async with db.begin() as s:
        await workspaces.change(s, "chat", "one", quorum=None)
    async with db.read() as s:
        one, two = await workspaces.every(s, "chat")
    assert (one.review, one.quorum, one.showcase) == ("1/2", None, "")
    assert (two.showcase, two.review) == ("3/4", "")
