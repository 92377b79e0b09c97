"""No order of acts shows what needs a statement of who is in it, without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from db import statements
from db.models import Job, Statement
from db.states import Depicts, Flag, Kind, Status, Verdict
from moderation import stating
from moderation.wish import Picture, Wish
from tests.moderation.machine import RULES, DeskMachine, anybody, picks, play
from tests.moderation.test_machine import QUICK, among
from tests.support.databases import Sqlite
from tests.support.studio import request

FACES = tuple(Picture(letter * 64 + ".jpg", 64, 64) for letter in "ab")
NAMED = "Angela Merkel as an astronaut"
PUTS_UP = {Kind.SENT_TO_REVIEW, Kind.APPROVED, Kind.OVERTURNED, Kind.REINSTATED}
ACTS = {"publish", "keep", "approve", "appeal", "take_down", "reinstate", "consent", "render_one"}


class Depicting(DeskMachine):
    """Where clips show somebody, and their artists say so or don't."""

    house = replace(RULES, queued_cap=8)

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
    def the_promises_hold(self) -> None:
        before = self.seen
        super().the_promises_hold()
        if self.seen is not before:
            self._somebody_answers_for_what_is_put_up()

    def _somebody_answers_for_what_is_put_up(self) -> None:
        said = self.run(self._said())
        for job in self.seen.jobs.values():
            if job.status in {Status.IN_REVIEW, Status.PUBLISHED}:
                if {event.kind for event in self.seen.news(self.before, job.id)} & PUTS_UP:
                    self._answered_for(job, said)
                self._not_taken_back(job, said)

    async def _said(self) -> dict[int, Statement]:
        async with self.studio.db.read() as s:
            return await statements.latest_of(s, self.seen.jobs)

    def _answered_for(self, job: Job, said: dict[int, Statement]) -> None:
        line = list(_up(job, self.seen.jobs))
        named = {hit.job_id for hit in self.seen.hits if hit.rule == statements.LIKENESS}
        shows = any(one.first_key or one.id in named for one in line)
        stands = any(one.id in said and said[one.id].depicts is not None for one in line)
        assert not shows or stands, "put up, and nobody answers for who is in it"

    def _not_taken_back(self, job: Job, said: dict[int, Statement]) -> None:
        line = [one for one in _up(job, self.seen.jobs) if one.person_id == job.person_id]
        told = [said[one.id] for one in line if one.id in said]
        stands = [one for one in told if one.depicts is not None]
        assert stands or not told, "public, and its artist has taken back who is in it"


def _up(job: Job, seen: dict[int, Job]) -> Iterator[Job]:
    """The job and all that it was made from."""
    yield job
    for above in {job.parent_id, job.source_id} - {None}:
        if above is not None:
            yield from _up(seen[above], seen)


@pytest.fixture(scope="module")
def machine(_sqlite: Sqlite) -> type[Depicting]:
    Depicting.template = _sqlite.template
    return Depicting


@pytest.mark.timeout(300)
def test_nothing_is_shown_without_its_statement(machine: type[Depicting]) -> None:
    run_state_machine_as_test(among(machine, ACTS), settings=QUICK)


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
