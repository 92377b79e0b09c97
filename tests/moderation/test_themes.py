"""A theme: what takes part, who wins, and what the winner gets."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import events, ledger, themes
from db.models import Job, Theme, utcnow
from db.states import Kind, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.themes import close_due, entries, has_word, winner
from tests.moderation.opinions import Five
from tests.support.cards import job_of
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")

WORDS = st.from_regex(r"[a-zA-Zäé]{1,8}", fullmatch=True)


@pytest.fixture
async def host(studio: Studio) -> Person:
    return await person(studio.db, "host", Role.HOST)


async def published(studio: Studio, artist: Person, by: Person, prompt: str) -> Job:
    job = await studio.rendered(artist, prompt)
    await studio.desk.review(by, job.id, Verdict.APPROVE)
    return job


async def rich(studio: Studio, who: Person, amount: int) -> None:
    async with studio.db.begin() as s:
        mine, issued = await ledger.account_of(s, who.id), await ledger.studios(s, "issued")
        await ledger.book(s, f"rich {who.id}", "found", {mine.id: amount, issued.id: -amount})


async def held(studio: Studio, *who: Person) -> list[int]:
    async with studio.db.read() as s:
        return [await ledger.balance(s, one.id) for one in who]


async def over(studio: Studio, theme: Theme) -> Theme:
    """The theme as it is once its time is over and many have noticed."""
    async with studio.db.begin() as s:
        found = await themes.get(s, theme.id)
        assert found is not None
        found.ends_at = utcnow()
    await asyncio.gather(*(close_due(studio.db) for _ in range(3)))
    async with studio.db.read() as s:
        found = await themes.get(s, theme.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("prompt", "takes_part"),
    [
        ("a Moon over water", True),
        ("moon", True),
        ("the moon, again", True),
        ("moonlight", False),
        ("a full-moon", True),
        ("honeymoon", False),
    ],
)
def test_the_word_is_a_word_of_the_prompt(prompt: str, takes_part: bool) -> None:
    assert has_word(prompt, "moon") is takes_part


@given(WORDS, WORDS, WORDS)
def test_a_word_is_found_wherever_it_stands(before: str, word: str, after: str) -> None:
    assert has_word(f"{before} {word.upper()} {after}", word)
    assert has_word(f"{before}{word}{after}", word) is (
        word.casefold() == f"{before}{word}{after}".casefold()
    )


def test_most_votes_win_and_of_several_the_earlier() -> None:
    entered = [job_of(id=5), job_of(id=3)]
    assert winner(entered, {(5, 1): 1, (3, 2): 2, (9, 1): 7}) == (3, 2)
    assert winner(entered, {(3, 1): 1, (5, 2): 1, (5, 1): 1}) == (5, 1)
    assert winner(entered, {}) is None


async def test_what_is_published_meanwhile_with_its_word_takes_part_and_one_wins(
    studio: Studio, cast: Five, host: Person
) -> None:
    ada, bo, cy, mo, _ = cast
    await published(studio, ada, mo, "an early moon")
    await rich(studio, host, 50)
    theme = await studio.desk.begin_theme(host, "What the moon sees", "moon", 7, pool=30)
    hers = await published(studio, ada, mo, "a Moon over water")
    await published(studio, ada, mo, "moonlight")
    gone = await published(studio, bo, mo, "a moon that goes")
    his = await published(studio, bo, mo, "two moons and a moon")
    await studio.rendered(cy, "a moon for myself", private=True)
    for voter, job, clip in (
        (cy, his, 2),
        (mo, his, 1),
        (bo, hers, 1),
        (cy, gone, 1),
        (mo, gone, 1),
    ):
        await studio.desk.vote(voter, job.id, clip)
    await studio.desk.withdraw(bo, gone.id)
    async with studio.db.read() as s:
        assert [job.id for job in await entries(s, theme)] == [hers.id, his.id]
    assert await held(studio, host, ada) == [20, 0]
    closed = await over(studio, theme)
    assert (closed.winner_job, closed.winner_clip) == (hers.id, 1)
    assert await held(studio, host, ada) == [20, 30]
    async with studio.db.read() as s:
        assert [e.kind for e in await events.of(s, hers.id)].count(Kind.THEME_WON) == 1


async def test_where_nobody_voted_its_host_has_the_credit_again(
    studio: Studio, cast: Five, host: Person
) -> None:
    await rich(studio, host, 50)
    theme = await studio.desk.begin_theme(host, "Nothing", "moon", 1, pool=50)
    with pytest.raises(Refused, match="Only hosts"):
        await studio.desk.end_theme(cast[3], theme.id)
    closed = await studio.desk.end_theme(host, theme.id)
    assert closed.winner_job is None
    assert await held(studio, host) == [50]
    with pytest.raises(Refused, match="is over"):
        await studio.desk.end_theme(host, theme.id)
    with pytest.raises(Refused, match="no theme 99"):
        await studio.desk.end_theme(host, 99)


@pytest.mark.parametrize(
    ("title", "word", "days", "pool", "says"),
    [
        ("", "moon", 7, 0, "title of 1 to 80"),
        ("x" * 81, "moon", 7, 0, "title of 1 to 80"),
        ("The moon", "two words", 7, 0, "a single word"),
        ("The moon", "", 7, 0, "a single word"),
        ("The moon", "moon", 0, 0, "1 to 60 days"),
        ("The moon", "moon", 61, 0, "1 to 60 days"),
        ("The moon", "moon", 7, -1, "at most 100,000"),
        ("The moon", "moon", 7, 5, "you have 3"),
    ],
)
async def test_what_can_not_be_begun_says_why(
    studio: Studio, host: Person, title: str, word: str, days: int, pool: int, says: str
) -> None:
    await rich(studio, host, 3)
    with pytest.raises(Refused, match=says):
        await studio.desk.begin_theme(host, title, word, days, pool)
    async with studio.db.read() as s:
        assert not await themes.newest(s)
    assert await held(studio, host) == [3]


async def test_the_same_theme_twice_is_one_and_only_some_are_open(
    studio: Studio, host: Person, cast: Five
) -> None:
    with pytest.raises(Refused, match="Only hosts"):
        await studio.desk.begin_theme(cast[0], "The moon", "moon", 7)
    for number in (0, 0, 1, 2, 3, 4):
        await studio.desk.begin_theme(host, f"The moon {number}", "moon", 7)
    with pytest.raises(Refused, match="5 themes are open"):
        await studio.desk.begin_theme(host, "One more", "moon", 7)


@pytest.mark.databases("sqlite", "postgres")
async def test_what_is_put_back_after_the_end_takes_part_as_it_did(
    studio: Studio, cast: Five, host: Person
) -> None:
    ada, bo, _, mo, lin = cast
    theme = await studio.desk.begin_theme(host, "The moon", "moon", 7)
    job = await published(studio, ada, mo, "a moon over water")
    await studio.desk.vote(bo, job.id, 1)
    await studio.desk.take_down(lin, job.id, "A mistake.")
    async with studio.db.begin() as s:
        found = await themes.get(s, theme.id)
        assert found is not None
        found.ends_at = utcnow()
    await studio.desk.reinstate(mo, job.id)
    await published(studio, ada, mo, "a late moon")
    async with studio.db.read() as s:
        assert [one.id for one in await entries(s, found)] == [job.id]
    assert await close_due(studio.db) == [job.id]


@pytest.mark.databases("sqlite", "postgres")
async def test_votes_of_before_it_began_do_not_count(
    studio: Studio, cast: Five, host: Person
) -> None:
    ada, bo, _, mo, _ = cast
    old = await published(studio, ada, mo, "an old moon")
    await studio.desk.vote(bo, old.id, 1)
    theme = await studio.desk.begin_theme(host, "The moon", "moon", 7)
    await studio.change(old.id, published_at=utcnow())  # as when it leaves and comes back
    assert (await over(studio, theme)).winner_job is None
