"""The state machine over the desk would notice whatever goes against an artist's word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from db import clips, consents, outside
from db.models import Clip, Job
from db.states import Flag, Reason, Status
from moderation import consent, decisions, rules
from tests.moderation import leave, promises
from tests.moderation.machine import DeskMachine, play
from tests.moderation.test_machine import QUICK, among
from tests.support.databases import Sqlite


async def nothing(*_: Any, **__: Any) -> Any:
    return False


def all_of_them(made: Any) -> frozenset[int]:
    return frozenset(clip.number for clip in made)


def whatever_is_shown(person_id: Any, job: Any, made: Any) -> list[int]:
    return [clip.number for clip in made if job.person_id == person_id or clip.shown]


async def without_a_word(s: Any, those: Any, flag: Any, given: bool, by: int) -> None:
    for clip in those:
        setattr(clip, flag, given)
        clip.shown = clip.shown and clip.showcase


async def shown_again(s: Any, house: Any, person: Any, job: Any) -> bool:
    """What is let into the showcase again is there at once."""
    for clip in await clips.of(s, job.id):
        clip.shown = clip.showcase
    return False


def as_before(person: Any, job: Any, clip: Any) -> bool:
    return bool(person.id == job.person_id or clip.shown or person.moderates)


async def whatever_there_is(s: Any, flags: Any) -> Any:
    rows = await s.execute(select(Job, Clip).join(Clip, col(Clip.job_id) == col(Job.id)))
    return [(job, clip, "") for job, clip in rows.all() if job.status is Status.PUBLISHED]


ADA = ("render_one", "ada")
YES: tuple[Any, ...] = ("approve", "mo", 0, frozenset())
HIDE = {Flag.SHOWCASE: False}
SHOW = {Flag.SHOWCASE: True}
OUT = {Flag.ELSEWHERE: True}


def says(clip: int | None, choices: dict[Flag, bool]) -> tuple[Any, ...]:
    return ("consent", "the artist", 0, clip, choices)


# what is planted: where, what instead, and what people do until it shows
PLANTS: dict[str, tuple[Any, str, Any, list[tuple[Any, ...]]]] = {
    "moderators put up whatever there is": (
        decisions,
        "for_showcase",
        all_of_them,
        [ADA, says(1, HIDE), YES],
    ),
    "what is taken back stays in the showcase": (
        consent,
        "_follow",
        nothing,
        [ADA, YES, says(None, HIDE)],
    ),
    "what is given again is shown without a review": (
        consent,
        "_follow",
        shown_again,
        [ADA, YES, says(1, HIDE), says(1, SHOW)],
    ),
    "moderators see what nobody may": (leave, "may_see", as_before, [ADA, says(1, HIDE)]),
    "whatever is shown is remixed": (
        rules,
        "may_grow_from",
        whatever_is_shown,
        [ADA, YES, says(1, {Flag.REMIX: True}), ("remix", "bo", 0, 2)],
    ),
    "anybody gives anybody's consent": (
        rules,
        "owns",
        lambda *_: None,
        [ADA, ("consent", "bo", 0, None, {Flag.REMIX: True})],
    ),
    "whatever is published is exported": (
        promises,
        "in_showcase",
        whatever_there_is,
        [ADA, says(1, {Flag.DATASET: True}), YES],
    ),
    "whatever is published is in the feed": (
        outside,
        "_may_be_shown",
        lambda: consents.are_shown(()),
        [ADA, YES, ("sign",)],
    ),
    "what was taken down stays in the feed": (
        outside,
        "_may_be_shown",
        lambda: and_(col(Clip.shown), col(Clip.elsewhere), col(Clip.signed)),
        [ADA, says(1, OUT), YES, ("sign",), ("take_down", "lin", 0)],
    ),
    "a file goes out that says what isn't allowed any more": (
        outside,
        "_may_be_shown",
        lambda: consents.are_shown({Flag.ELSEWHERE}),
        [ADA, says(1, OUT), YES, ("sign",), says(1, {Flag.NAMED: True})],
    ),
    "nobody knows how it came about": (
        consents,
        "change",
        without_a_word,
        [ADA, says(1, {Flag.TRAINING: True})],
    ),
    "what is left over of a decision waits for ever": (
        decisions,
        "reconsider",
        nothing,
        [ADA, ("reject", "mo", 0, Reason.SPAM, {1}), says(2, HIDE)],
    ),
}


@pytest.fixture(scope="module")
def machine(_sqlite: Sqlite) -> type[DeskMachine]:
    DeskMachine.template = _sqlite.template
    return DeskMachine


@pytest.mark.parametrize("bug", PLANTS)
def test_it_notices(bug: str, machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    target, name, planted, acts = PLANTS[bug]
    play(machine, acts)  # nothing is wrong with it as it is
    monkeypatch.setattr(target, name, planted)
    with pytest.raises((AssertionError, IntegrityError)):
        play(machine, acts)


@pytest.mark.timeout(300)
def test_no_order_of_acts_goes_against_an_artists_word(machine: type[DeskMachine]) -> None:
    others = {"consent", "consent_by_default", "remix", "take_down", "again", "link", "unlink"}
    others |= {"sign", "reinstate"}
    acts = {"render_one", "publish_one", "approve", "reject", "withdraw", "close_ballot", *others}
    run_state_machine_as_test(among(machine, acts), settings=QUICK)
