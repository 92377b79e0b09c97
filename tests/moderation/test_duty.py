"""What moderators take on: so many decisions in an hour, and nothing that they asked to be spared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import duty as limits
from db import reviews
from db.models import Hit, Job, utcnow
from db.states import Reason, Status
from moderation import duty
from moderation.rules import Refused, Rules
from moderation.screening.words import rules
from tests.moderation.opinions import YES, Five, link
from tests.support.studio import Studio

pytestmark = pytest.mark.databases("sqlite")

GORE = "a decapitated body"


async def two(studio: Studio, cast: Five) -> tuple[Job, Job]:
    return await studio.rendered(cast[0]), await studio.rendered(cast[0])


async def some_time_ago(studio: Studio, job: Job, minutes: int) -> None:
    async with studio.db.begin() as s:
        for review in await reviews.of(s, job.id):
            review.at = utcnow() - timedelta(minutes=minutes)


@pytest.mark.databases("sqlite", "postgres")
async def test_one_person_decides_so_many_in_an_hour(studio: Studio, cast: Five) -> None:
    mo, lin = cast[3:]
    studio.desk.rules = Rules(reviews_per_hour=1)
    first, second = await two(studio, cast)
    await studio.desk.review(mo, first.id, YES)
    await some_time_ago(studio, first, 50)
    with pytest.raises(Refused, match=r"about 1 job within an hour.*in 10 minutes you can go on"):
        await studio.desk.review(mo, second.id, YES)
    with pytest.raises(Refused, match="enough for one person"):
        await studio.desk.look(mo, second.id)
    await some_time_ago(studio, first, 61)
    await studio.desk.look(mo, second.id)
    await studio.desk.review(lin, second.id, YES)
    assert (await studio.job(second.id)).status is Status.PUBLISHED


async def test_what_is_said_again_of_one_job_is_one_decision(studio: Studio, cast: Five) -> None:
    mo = cast[3]
    studio.desk.rules = Rules(reviews_per_hour=1, quorum=2)
    job = await studio.rendered(cast[0])
    for only in ({1}, {2}, ()):
        await studio.desk.review(mo, job.id, YES, only=only)


async def test_ones_own_limit_counts_where_it_is_lower(studio: Studio, cast: Five) -> None:
    mo = cast[3]
    studio.desk.rules = Rules(reviews_per_hour=5)
    first, second = await two(studio, cast)
    said = await studio.desk.take_on(mo, "1")
    assert said == "You decide about 1 job an hour at most, and are spared nothing."
    await studio.desk.review(mo, first.id, YES)
    with pytest.raises(Refused, match="about 1 job within an hour"):
        await studio.desk.review(mo, second.id, YES)
    await studio.desk.take_on(mo, "")
    await studio.desk.review(mo, second.id, YES)


async def test_who_asked_to_be_spared_something_decides_other_things(
    studio: Studio, cast: Five
) -> None:
    mo, lin = cast[3:]
    flagged, plain = await studio.rendered(cast[0], GORE), await studio.rendered(cast[0])
    await studio.desk.take_on(mo, "gore; hate")
    with pytest.raises(Refused, match="asked to be spared gore, and the screen found it in job 1"):
        await studio.desk.review(mo, flagged.id, YES)
    await studio.desk.review(mo, plain.id, YES)
    await studio.desk.review(lin, flagged.id, YES)
    await studio.desk.take_on(mo, "")
    await studio.desk.review(mo, flagged.id, YES)


async def test_limits_are_moderators_to_set(studio: Studio, cast: Five) -> None:
    with pytest.raises(Refused, match="only they have limits"):
        await studio.desk.take_on(cast[0], "3")


@pytest.mark.parametrize(
    ("first", "second", "limit", "spared"),
    [
        ("9, hate", "5, gore", 5, ["gore", "hate"]),
        ("3", "gore", 3, ["gore"]),
        ("", "5, gore", 5, ["gore"]),
    ],
)
async def test_whoever_links_keeps_what_limits_them_most(
    studio: Studio, cast: Five, first: str, second: str, limit: int, spared: list[str]
) -> None:
    mo, lin = cast[3:]
    await studio.desk.take_on(mo, first)
    await studio.desk.take_on(lin, second)
    await link(studio, mo, lin)
    async with studio.db.read() as s:
        one = await limits.of(s, mo.id)
    assert (one.per_hour, one.spared) == (limit, spared)


@pytest.mark.parametrize("text", ["0", "1001", "3 4", "kittens", "-1", "spam", "9" * 99])
def test_what_is_no_limit_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match="is neither a number nor one of sexual"):
        duty.read(text)


def test_what_somebody_types_is_read() -> None:
    assert duty.read(" 20, Gore,hate ") == (20, frozenset({Reason.GORE, Reason.HATE}))


def test_every_rule_of_the_screen_says_what_may_be_seen() -> None:
    assert set(rules()) == set(duty.SHOWS)


def test_what_was_overturned_spares_nobody() -> None:
    hit = Hit(job_id=1, rule="gore", clip=0, version=1, overturned_at=utcnow())
    assert duty.shown_by([hit]) == set()
