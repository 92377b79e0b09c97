"""A database with jobs in it comes to the newest revision with nothing lost and nothing loosened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import books, clips, consents, events, jobs, ledger, links, migrate, people, reports
from db.models import Job, Part, Report
from db.session import Db
from db.states import Descent, Flag, Kind, Reason, Status, Task

OF_BEFORE: dict[str, Any] = {
    "id": 7,
    "request_key": "before",
    "person_id": 1,
    "room": "web",
    "place": "mine:1",
    "prompt": "a red circle",
    "negative": "",
    "model": "toy",
    "aspect": "1:1",
    "width": 64,
    "height": 64,
    "frames": 16,
    "fps": 8,
    "steps": 12,
    "guidance": 2.5,
    "seed": 2**32 - 1,
    "variations": 2,
    "private": False,
    "status": "published",
    "reason": "",
    "round": 1,
    "attempt": 1,
    "losses": 0,
    "worker": "w",
    "step": 12,
    "preview_key": "",
    "notes": '["a note"]',
}


async def at_the_first_revision(url: str) -> None:
    await asyncio.to_thread(command.upgrade, migrate.config(url), "0001")
    db = Db(url)
    async with db.begin() as s:
        await s.execute(
            text("INSERT INTO person (id, name, joined_at) VALUES (1, 'Ada', CURRENT_TIMESTAMP)")
        )
        times = "CURRENT_TIMESTAMP, CURRENT_TIMESTAMP"
        names, values = ", ".join(OF_BEFORE), ", ".join(f":{name}" for name in OF_BEFORE)
        await s.execute(
            text(f"INSERT INTO job ({names}, queued_at, created_at) VALUES ({values}, {times})"),
            OF_BEFORE,
        )
        await s.execute(
            text(
                "INSERT INTO clip (job_id, number, seed, video_key, poster_key, preview_key, bytes,"
                " shown) VALUES (7, 1, 3, 'v', 'p', 'w', 9, :shown)"
            ),
            {"shown": True},
        )
    await db.close()


async def test_jobs_of_before_stay_what_they_were(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.read() as s:
        job = await jobs.get(s, 7)
        (clip,) = await clips.of(s, 7)
    assert job is not None
    assert clip.shown_since == job.status_since
    assert (job.seed, job.status, job.notes) == (2**32 - 1, Status.PUBLISHED, ["a note"])
    assert (job.task, job.draft, job.final_steps) == (Task.TEXT, False, 12)
    assert (job.first_key, job.style, job.vary, job.approximations) == ("", "", 0, [])
    assert (job.parent_id, job.descent, job.energy_wh) == (None, None, None)
    assert job.workspace == ""
    async with db.begin() as s:
        child = job.model_dump(exclude={"id", "request_key"})
        child |= {"request_key": "after", "parent_id": 7, "parent_clip": 1}
        s.add(Job(**child | {"descent": Descent.VARY, "id": 8}))
        s.add(Job(**child | {"descent": Descent.REMIX, "id": 9, "request_key": "remix"}))
        await events.record(s, 7, Kind.TAKEN_DOWN, 1)
        await reports.add(s, Report(job_id=7, person_id=1, reason=Reason.SPAM))
    await db.close()


async def test_what_varied_a_seed_is_near_it_and_back_again(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    config, seed = migrate.config(empty_db_url), 2**32 - 1
    await asyncio.to_thread(command.upgrade, config, "0002")
    db = Db(empty_db_url)
    async with db.begin() as s:
        await s.execute(text(f"UPDATE job SET vary_from = {seed}, vary = 0.35 WHERE id = 7"))
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.read() as s:
        job = await jobs.get(s, 7)
    assert job is not None
    assert (job.near, job.vary) == ([[seed, 1.0]], 0.35)
    await db.close()
    await asyncio.to_thread(command.downgrade, config, "0002")
    db = Db(empty_db_url)
    async with db.read() as s:
        assert (await s.scalars(text("SELECT vary_from FROM job WHERE id = 7"))).one() == seed
    await db.close()


async def test_columns_are_still_guarded_and_the_way_back_keeps_the_jobs(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    changes = ("status = 'lost'", "task = 'dream'", "descent = 'cousin'", "parent_id = 99")
    reports_of = ("99, 1, 'spam'", "7, 99, 'spam'", "7, 1, 'dull'", "7, 1, NULL")
    insert = "INSERT INTO report (job_id, person_id, reason, sentence, at) VALUES "
    for statement in (
        *(f"UPDATE job SET {change} WHERE id = 7" for change in (*changes, "draft = NULL")),
        *(f"{insert} ({row}, '', CURRENT_TIMESTAMP)" for row in reports_of),
    ):
        with pytest.raises(IntegrityError):
            async with db.begin() as s:
                await s.execute(text(statement))
    await db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0001")
    db = Db(empty_db_url)
    async with db.read() as s:
        kept = await s.execute(text("SELECT prompt, steps, status FROM job"))
        assert kept.all() == [("a red circle", 12, "published")]
    await db.close()


AT_0003 = {
    "submitted",
    "claimed",
    "requeued",
    "finished",
    "failed",
    "retried",
    "cancelled",
    "sent_to_review",
    "kept",
    "reviewed",
    "review_taken_back",
    "approved",
    "rejected",
    "appealed",
    "overturned",
    "upheld",
    "voted",
    "vote_taken_back",
    "ballot_closed",
    "withdrawn",
}


async def test_what_was_earned_before_there_was_a_ledger_waits_to_be_booked(
    empty_db_url: str,
) -> None:
    await at_the_first_revision(empty_db_url)
    db = Db(empty_db_url)
    event = (
        "INSERT INTO event (job_id, kind, detail, at) VALUES (7, '{}', '{{}}', CURRENT_TIMESTAMP)"
    )
    async with db.begin() as s:
        for kind in ("voted", "approved"):
            await s.execute(text(event.format(kind)))
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.read() as s:
        waiting = await s.scalars(text("SELECT kind FROM event WHERE NOT booked"))
        assert waiting.all() == ["approved"]
    await db.close()


async def test_what_the_way_back_has_no_word_for_is_put_as_before(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.begin() as s:
        await events.join(s, "web")
        for kind in Kind:
            await events.record(s, 7, kind, 1)
        await s.execute(text("UPDATE job SET descent = 'remix' WHERE id = 7"))
    await db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0003")
    db = Db(empty_db_url)
    async with db.read() as s:
        assert (await s.scalars(text("SELECT descent FROM job"))).all() == ["redraw"]
        told = "SELECT kind FROM event JOIN telling ON event_id = event.id"
        kinds = set((await s.scalars(text(told))).all())
    assert kinds == AT_0003
    await db.close()


async def test_who_had_allowed_remixes_still_does_and_back_again(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    config = migrate.config(empty_db_url)
    await asyncio.to_thread(command.upgrade, config, "0004")
    db = Db(empty_db_url)
    async with db.begin() as s:
        await s.execute(text("UPDATE job SET remix = :yes"), {"yes": True})
        said = "INSERT INTO event (job_id, person_id, kind, detail, at) VALUES (7, 1, '{}', '{{}}', {})"
        for kind in ("remix_allowed", "remix_forbidden", "remix_allowed"):
            await s.execute(text(said.format(kind, "CURRENT_TIMESTAMP")))
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.read() as s:
        (clip,) = await clips.of(s, 7)
        assert [flag for flag in Flag if getattr(clip, flag)] == [Flag.SHOWCASE, Flag.REMIX]
        rows = await consents.history(s, 7)
        assert [(r.clip, r.flag, r.given, r.person_id) for r in rows] == [
            (1, Flag.REMIX, given, 1) for given in (True, False, True)
        ]
        told = await events.of(s, 7)
        assert [(e.kind, e.detail["given"]) for e in told] == [
            (Kind.CONSENTED, given) for given in (True, False, True)
        ]
    for wrong in ("showcase = NULL", "showcase = :no", "remix = NULL"):
        with pytest.raises(IntegrityError):
            async with db.begin() as s:
                await s.execute(
                    text(f"UPDATE clip SET {wrong}"), {"no": False} if ":" in wrong else {}
                )
    await db.close()
    await asyncio.to_thread(command.downgrade, config, "0004")
    db = Db(empty_db_url)
    async with db.read() as s:
        kinds = (await s.scalars(text("SELECT kind FROM event ORDER BY id"))).all()
        assert kinds == ["remix_allowed", "remix_forbidden", "remix_allowed"]
        assert (await s.scalars(text("SELECT remix FROM job"))).one()
    await db.close()


async def test_without_films_what_went_on_from_a_glimpse_goes_on_from_its_clip(
    empty_db_url: str,
) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.begin() as s:
        await events.join(s, "web")
        first = await jobs.get(s, 7)
        assert first is not None
        kept = first.model_dump(exclude={"id", "request_key", "task", "status"})
        glimpse = Job(**kept, request_key="glimpse", task=Task.GLIMPSE)
        await jobs.add(s, glimpse)
        s.add(Part(film_id=glimpse.id, position=1, job_id=7, clip=1))
        roots = {"source_id": glimpse.id, "source_clip": 1, "parent_id": 7, "parent_clip": 2}
        after = Job(**kept | roots, request_key="after", task=Task.EXTEND)
        await jobs.add(s, after)
    await db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0004")
    db = Db(empty_db_url)
    async with db.read() as s:
        left = await s.execute(text("SELECT id, source_id, source_clip FROM job"))
        assert {tuple(row) for row in left} == {
            (7, None, None),
            (glimpse.id, None, None),
            (after.id, 7, 2),
        }
        gone = text("SELECT task, status FROM job WHERE id = :glimpse")
        assert tuple((await s.execute(gone, {"glimpse": glimpse.id})).one()) == (
            "text",
            "withdrawn",
        )
    await db.close()


async def test_identities_of_before_are_their_own_and_may_be_linked(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    db = Db(empty_db_url)
    async with db.begin() as s:
        await s.execute(
            text("INSERT INTO person (id, name, joined_at) VALUES (2, 'Bo', CURRENT_TIMESTAMP)")
        )
        identity = "INSERT INTO identity (platform, workspace, user_id, person_id) VALUES "
        for n in (1, 2):
            await s.execute(text(f"{identity} ('chat', '', 'user{n}', {n})"))
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.begin() as s:
        assert (await people.known(s, "chat", "", "user2", "Bobby")).id == 2
        await links.show_code(s, 2, "ABCD")
        await links.merge(s, 2, 1, "ABCD")
    async with db.read() as s:
        job = await jobs.get(s, 7)
        assert job is not None
        assert job.person_id == 2
        assert await people.find(s, "chat", "", "user1") == 2
    for wrong in (
        "INSERT INTO link SELECT 2, 2, code, at, jobs, votes, reports, reviews FROM link",
        "INSERT INTO link SELECT 1, 9, code, at, jobs, votes, reports, reviews FROM link",
        "UPDATE link SET second_id = 9",
        "UPDATE identity SET own_id = NULL",
        "UPDATE identity SET own_id = 9",
    ):
        with pytest.raises(IntegrityError):
            async with db.begin() as s:
                await s.execute(text(wrong))
    await db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0003")
    db = Db(empty_db_url)
    async with db.read() as s:
        who = await s.scalars(text("SELECT person_id FROM identity ORDER BY user_id"))
        assert who.all() == [2, 2]
    await db.close()


async def test_what_was_booked_before_it_was_counted_by_the_month_is_counted(
    empty_db_url: str,
) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.begin() as s:
        issued = (await ledger.studios(s, "issued")).id
        both = []
        for name in ("Ada", "Bo"):
            whose = await people.known(s, "test", "", name, name)
            both.append((await ledger.account_of(s, whose.id)).id)
        for number, account in enumerate(both):
            await ledger.book(s, f"won:{number}", "won", {account: 5, issued: -5})
        await ledger.book(s, "tip:1", "tip", {both[0]: -2, both[1]: 2})
        await ledger.book(s, "back:2", "reversed", {both[1]: -5, issued: 5})
    async with db.read() as s:
        kept = await books.months(s)
    await db.close()
    assert {kind: amount for (_, kind), amount in kept.items()} == {"won": 10, "reversed": -5}
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0019")
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.read() as s:
        assert await books.months(s) == kept
    await db.close()
