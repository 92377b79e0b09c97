"""No order of acts shows what needs a statement of who is in it, without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlmodel import col

from db import statements
from db.migrate import upgrade
from db.models import Hit, Job
from db.states import Depicts, Flag, Kind, Status, Verdict
from moderation import stating
from moderation.wish import Picture, Wish
from tests.moderation.machine import RULES, DeskMachine, anybody, picks
from tests.moderation.test_machine import QUICK, among
from tests.support.studio import request

FACES = tuple(Picture(letter * 64 + ".jpg", 64, 64) for letter in "ab")
NAMED = "Angela Merkel as an astronaut"
PUTS_UP = {Kind.SENT_TO_REVIEW, Kind.APPROVED, Kind.OVERTURNED, Kind.REINSTATED}
ACTS = {"publish", "keep", "approve", "appeal", "take_down", "reinstate", "consent", "render_one"}


class Depicting(DeskMachine):
    """Where clips show somebody, and their artists say so or don't."""

    house = replace(RULES, queued_cap=8)

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    @precondition(lambda self: len(self.jobs) < 4)
    @rule(name=st.sampled_from(["ada", "bo"]), face=st.sampled_from([None, *FACES]))
    def render_somebody(self, name: str, face: Picture | None) -> None:
        prompt = "a red circle" if face else NAMED
        self.attempt(self.studio.submit(self.who(name), prompt, image=face))
        self._render()

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, verb=st.sampled_from(["vary", "extend", "remix"]))
    def make_more(self, name: str, which: int, verb: str) -> None:
        who, job_id = self.pick_for(name, which)
        words = (Wish(NAMED),) if verb == "remix" else ()
        self.attempt(getattr(self.studio.desk, verb)(who, job_id, 1, request(), *words))
        self._render()

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, depicts=st.sampled_from(Depicts))
    def state(self, name: str, which: int, depicts: Depicts) -> None:
        self.attempt(self.studio.desk.state(*self.pick_for(name, which), depicts, "She said yes."))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def revoke(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.revoke_statement(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(which=picks)
    def show(self, which: int) -> None:
        """The usual way, so that there is something public to take back."""
        job_id = self.pick(which)
        artist, desk = self.artist(self.seen.jobs[job_id]), self.studio.desk
        if self.run(self.studio.job(job_id)).status is not Status.READY:
            return
        self.attempt(desk.state(artist, job_id, Depicts.MYSELF))
        self.the_promises_hold()
        self.attempt(desk.consent(artist, job_id, {Flag.REMIX: True}))
        for name in ("mo", "lin"):
            self.the_promises_hold()
            self.attempt(desk.review(self.cast[name], job_id, Verdict.APPROVE))

    def _render(self) -> None:
        self.the_promises_hold()
        self.claim()
        if self.renders:
            self.finish(len(self.renders) - 1)

    @invariant()
    def somebody_answers_for_what_is_put_up(self) -> None:
        seen = self.run(self._rows())
        for job in seen.values():
            events = self.seen.events.get(job.id, [])
            news = [event for event in events if event.id > self.told]
            if {event.kind for event in news} & PUTS_UP and job.status in {
                Status.IN_REVIEW,
                Status.PUBLISHED,
            }:
                self.run(self._answered_for(job, seen))
            if job.status in {Status.IN_REVIEW, Status.PUBLISHED}:
                self.run(self._not_taken_back(job, seen))
        self.told = max((e.id for of in self.seen.events.values() for e in of), default=0)

    async def _rows(self) -> dict[int, Job]:
        async with self.studio.db.read() as s:
            return {job.id: job for job in (await s.scalars(select(Job))).all()}

    async def _answered_for(self, job: Job, seen: dict[int, Job]) -> None:
        line = list(_up(job, seen))
        async with self.studio.db.read() as s:
            named = set(await s.scalars(select(col(Hit.job_id)).where(col(Hit.rule) == "likeness")))
            shows = any(one.first_key or one.id in named for one in line)
            said = [one.id for one in line if await _depicts(s, one.id) is not None]
        assert not shows or said, "put up, and nobody answers for who is in it"

    async def _not_taken_back(self, job: Job, seen: dict[int, Job]) -> None:
        line = [one for one in _up(job, seen) if one.person_id == job.person_id]
        async with self.studio.db.read() as s:
            said = [await statements.latest(s, one.id) for one in line]
        told = [one for one in said if one is not None]
        stands = [one for one in told if one.depicts is not None]
        assert stands or not told, "public, and its artist has taken back who is in it"


def _up(job: Job, seen: dict[int, Job]) -> Iterator[Job]:
    """The job and all that it was made from."""
    yield job
    for above in {job.parent_id, job.source_id} - {None}:
        if above is not None:
            yield from _up(seen[above], seen)


async def _depicts(s: Any, job_id: int) -> Depicts | None:
    latest = await statements.latest(s, job_id)
    return None if latest is None else latest.depicts


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> type[Depicting]:
    template = tmp_path_factory.mktemp("template") / "db"
    upgrade(f"sqlite+aiosqlite:///{template}")
    Depicting.template = Path(template)
    return Depicting


@pytest.mark.timeout(300)
def test_nothing_is_shown_without_its_statement(machine: type[Depicting]) -> None:
    run_state_machine_as_test(among(machine, ACTS), settings=settings(QUICK, max_examples=15))


async def never(*_: Any) -> bool:
    return False


async def none(*_: Any) -> list[int]:
    return []


PLANTS: dict[str, tuple[Any, str, Any, list[tuple[Any, ...]]]] = {
    "nobody is asked": (
        statements,
        "is_owed",
        never,
        [("render_somebody", "ada", FACES[0])],
    ),
    "what its artist made from it stays": (
        statements,
        "resting_on",
        none,
        [
            ("render_somebody", "ada", FACES[0]),
            ("show", 0),
            ("make_more", "ada", 0, "extend"),
            ("revoke", "the artist", 0),
        ],
    ),
    "what is taken back stays where it is": (
        stating,
        "_leave",
        never,
        [("render_somebody", "ada", FACES[0]), ("show", 0), ("revoke", "the artist", 0)],
    ),
}


@pytest.mark.parametrize("bug", PLANTS)
def test_it_notices(bug: str, machine: type[Depicting], monkeypatch: pytest.MonkeyPatch) -> None:
    target, name, planted, acts = PLANTS[bug]
    play(machine, acts)
    monkeypatch.setattr(target, name, planted)
    with pytest.raises(AssertionError):
        play(machine, acts)


def play(machine: type[Depicting], acts: list[tuple[Any, ...]]) -> None:
    studio = machine()
    try:
        for name, *arguments in acts:
            getattr(studio, name)(*arguments)
            studio.the_promises_hold()
            studio.somebody_answers_for_what_is_put_up()
    finally:
        studio.teardown()
