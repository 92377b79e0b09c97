"""The state machine over the desk would notice whatever goes against an artist's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from db import clips, consents
from db.migrate import upgrade
from db.models import Clip, Job
from db.states import Flag, Reason, Status
from moderation import consent, decisions, rules
from tests.moderation import leave, promises
from tests.moderation.machine import DeskMachine, numbers, picks
from tests.moderation.test_machine import HUNT, among

FEW = settings(HUNT, max_examples=60, stateful_step_count=12)


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


class Willing(DeskMachine):
    """Where artists often say what may be done and what may not, and a moderator decides soon."""

    @precondition(lambda self: len(self.jobs) < 2)
    @rule()
    def another(self) -> None:
        self.render_one("ada")

    @precondition(lambda self: self.jobs)
    @rule(
        which=picks,
        clip=st.none() | numbers,
        flag=st.sampled_from([Flag.SHOWCASE, Flag.REMIX]),
        given=st.booleans(),
    )
    def say(self, which: int, clip: int | None, flag: Flag, given: bool) -> None:
        who, job_id = self.pick_for("the artist", which)
        self.attempt(self.studio.desk.consent(who, job_id, {flag: given}, clip))

    @precondition(lambda self: self.jobs)
    @rule(which=picks, only=st.sets(numbers, max_size=1), yes=st.booleans())
    def decide(self, which: int, only: set[int], yes: bool) -> None:
        if yes:
            self.approve("mo", which, only)
        else:
            self.reject("mo", which, Reason.SPAM, only)


async def whatever_there_is(s: Any, flags: Any) -> Any:
    rows = await s.execute(select(Job, Clip).join(Clip, col(Clip.job_id) == col(Job.id)))
    return [(job, clip, "") for job, clip in rows.all() if job.status is Status.PUBLISHED]


# what is planted: where, what instead, and the acts among which the hunt looks for it
PLANTS: dict[str, tuple[Any, str, Any, set[str]]] = {
    "moderators put up whatever there is": (
        decisions,
        "for_showcase",
        all_of_them,
        set(),
    ),
    "what is taken back stays in the showcase": (
        consent,
        "_follow",
        nothing,
        set(),
    ),
    "what is given again is shown without a review": (
        consent,
        "_follow",
        shown_again,
        set(),
    ),
    "moderators see what nobody may": (leave, "may_see", as_before, set()),
    "whatever is shown is remixed": (
        rules,
        "may_grow_from",
        whatever_is_shown,
        {"remix"},
    ),
    "anybody gives anybody's consent": (rules, "owns", lambda *_: None, {"consent"}),
    "whatever is published is exported": (promises, "in_showcase", whatever_there_is, set()),
    "nobody knows how it came about": (
        consents,
        "change",
        without_a_word,
        set(),
    ),
    "what is left over of a decision waits for ever": (
        decisions,
        "reconsider",
        nothing,
        set(),
    ),
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> type[DeskMachine]:
    template = tmp_path_factory.mktemp("template") / "db"
    upgrade(f"sqlite+aiosqlite:///{template}")
    Willing.template = Path(template)
    return Willing


@pytest.mark.parametrize("bug", PLANTS)
def test_it_notices(bug: str, machine: type[DeskMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    target, name, planted, acts = PLANTS[bug]
    monkeypatch.setattr(target, name, planted)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(among(machine, acts), settings=FEW)
