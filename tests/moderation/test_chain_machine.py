"""Random people do random things with chains: nobody ever sees more than their last second."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from db import chains
from db.models import Chain, Clip, Job, Part, Seat, utcnow
from db.session import Db
from db.states import Status, Task, Turn, Verdict
from moderation import chaining, rules
from moderation.chaining import MOST
from moderation.people import Role
from moderation.rules import Refused, Rules
from moderation.sweep import sweep
from moderation.wish import Wish
from tests.moderation.machine import Changes, SilentBroker
from tests.support.databases import Sqlite
from tests.support.studio import ABLE, NO_BROKER, UNSHOWN, Studio, person, request

CAST: dict[str, tuple[Role, ...]] = {"ada": (), "bo": (), "cy": (), "mo": (Role.MODERATOR,)}
LONG = settings.get_current_profile_name() == "long"
QUICK = settings(
    max_examples=500 if LONG else 8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
HUNT = settings(QUICK, max_examples=200, phases=[Phase.generate])
names = st.sampled_from(sorted(CAST))
picks = st.integers(0, 7)


class ChainMachine(RuleBasedStateMachine):
    template: Path  # a migrated, empty SQLite, set by the test

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="chains-"))
        shutil.copyfile(self.template, self.folder / "db")
        database = Db(f"sqlite+aiosqlite:///{self.folder / 'db'}")
        self.studio = Studio(database, SilentBroker(NO_BROKER), Rules(queued_cap=4))
        self.run(self.studio.open([ABLE]))
        self.cast = {n: self.run(person(database, n, *roles)) for n, roles in CAST.items()}
        self.jobs: list[Job] = []
        self.chains: list[Chain] = []
        self.changes = Changes(self.folder / "db")

    def run(self, what: Awaitable[Any]) -> Any:
        return self.runner.get_loop().run_until_complete(what)

    def teardown(self) -> None:
        self.changes.close()
        self.run(self.studio.db.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def attempt(self, verb: Awaitable[Any]) -> None:
        with suppress(Refused):
            self.run(verb)

    def pick(self, which: int) -> int:
        return self.jobs[-1 - which % len(self.jobs)].id

    # ── what people, workers and time do ─────────────────────────────────────────────────

    @precondition(lambda self: len(self.chains) < 2)
    @rule(name=names)
    def start(self, name: str) -> None:
        self.attempt(self.studio.desk.start_chain(self.cast[name], Wish("a fox"), request()))
        self.work()

    @precondition(lambda self: self.chains)
    @rule(name=names, which=picks)
    def join(self, name: str, which: int) -> None:
        chain = self.chains[which % len(self.chains)]
        self.attempt(self.studio.desk.join_chain(self.cast[name], chain.id, request()))
        self.work()

    @rule()
    def work(self) -> None:
        """A worker makes what is next in line."""
        claimed = self.run(self.studio.claim(running_cap=9))
        if claimed is not None:
            self.run(self.studio.finish(claimed))

    @rule()
    def sweep(self) -> None:
        self.run(sweep(self.studio.db, self.studio.desk.broker))

    @precondition(lambda self: self.jobs)
    @rule(which=picks, at_once=st.booleans())
    def go_on(self, which: int, at_once: bool) -> None:
        glimpses = [job for job in self.jobs if job.task is Task.GLIMPSE]
        if glimpses:
            glimpse = glimpses[-1 - which % len(glimpses)]
            who = next(p for p in self.cast.values() if p.id == glimpse.person_id)
            self.attempt(self.studio.desk.go_on(who, glimpse.id, Wish("and then"), request()))
            if at_once:
                self.work()
                self.sweep()

    @precondition(lambda self: self.jobs)
    @rule(name=names, which=picks)
    def go_on_from_anything(self, name: str, which: int) -> None:
        who, job_id = self.cast[name], self.pick(which)
        self.attempt(self.studio.desk.go_on(who, job_id, Wish("mine"), request()))

    @precondition(lambda self: self.jobs)
    @rule(
        name=names | st.just("its artist"),
        which=picks,
        verb=st.sampled_from(["cancel", "retry", "publish", "keep", "withdraw"]),
    )
    def act(self, name: str, which: int, verb: str) -> None:
        job = self.jobs[-1 - which % len(self.jobs)]
        artist = next(p for p in self.cast.values() if p.id == job.person_id)
        who = self.cast.get(name, artist)
        self.attempt(getattr(self.studio.desk, verb)(who, job.id))

    @precondition(lambda self: self.jobs)
    @rule(name=names, which=picks, verb=st.sampled_from(["extend", "vary", "finalize"]))
    def grow(self, name: str, which: int, verb: str) -> None:
        desk, job_id = self.studio.desk, self.pick(which)
        self.attempt(getattr(desk, verb)(self.cast[name], job_id, 1, request()))

    @precondition(lambda self: self.jobs)
    @rule(which=picks)
    def approve(self, which: int) -> None:
        desk = self.studio.desk
        self.attempt(desk.review(self.cast["mo"], self.pick(which), Verdict.APPROVE))

    @precondition(lambda self: self.chains)
    @rule(which=picks)
    def time_is_over(self, which: int) -> None:
        chain = self.chains[which % len(self.chains)]

        async def late() -> None:
            async with self.studio.db.begin() as s:
                for seat in await chains.seats(s, chain.id):
                    if seat.turn is Turn.NOW:
                        seat.turn_ends_at = utcnow() - timedelta(seconds=1)

        self.run(late())
        self.sweep()

    @precondition(lambda self: self.chains)
    @rule(name=names, which=picks)
    def close(self, name: str, which: int) -> None:
        chain = self.chains[which % len(self.chains)]
        self.attempt(self.studio.desk.close_chain(self.cast[name], chain.id))

    # ── what is so, whatever they did ────────────────────────────────────────────────────

    @invariant()
    def keeps_its_promises(self) -> None:
        if self.changes.any():
            self.run(self._look())

    async def _look(self) -> None:
        async with self.studio.db.read() as s:
            self.jobs = list((await s.scalars(select(Job).order_by(Job.id))).all())  # type: ignore[arg-type]
            self.chains = list((await s.scalars(select(Chain))).all())
            clips = {(c.job_id, c.number): c for c in (await s.scalars(select(Clip))).all()}
            parts = list((await s.scalars(select(Part))).all())
            seats = list((await s.scalars(select(Seat))).all())
        jobs = {job.id: job for job in self.jobs}
        for chain in self.chains:
            mine = [seat for seat in seats if seat.chain_id == chain.id]
            self._one(chain, mine, jobs, clips, parts)
        for part in parts:
            film, of = jobs[part.film_id], jobs[part.job_id]
            if of.status is Status.WITHDRAWN and film.status is Status.PUBLISHED:
                raise AssertionError("a withdrawn clip is shown in a film")

    def _one(
        self,
        chain: Chain,
        seats: list[Seat],
        jobs: dict[int, Job],
        clips: dict[tuple[int, int], Clip],
        parts: list[Part],
    ) -> None:
        made = sorted((s for s in seats if s.turn is Turn.MADE), key=lambda s: s.position or 0)
        assert len({seat.position for seat in made}) == len(made) <= MOST
        assert sum(seat.turn is Turn.NOW for seat in seats) <= (chain.closed_at is None)
        assert all(jobs[seat.job_id or 0].status is not Status.WITHDRAWN for seat in made) or (
            chain.closed_at is not None
        )
        if chain.closed_at is not None:
            return
        assert chain.film_id is None
        for seat in seats:
            job = jobs.get(seat.job_id or 0)
            for other in self.cast.values():
                if job is not None and other.id != seat.person_id:
                    shown = clips.get((job.id, 1))
                    assert shown is None or not rules.may_see(other, job, shown)
                    seen = [
                        glimpse
                        for glimpse in (jobs[p.film_id] for p in parts if p.job_id == job.id)
                        if rules.may_see(other, glimpse, UNSHOWN)
                    ]
                    assert all(glimpse.task is Task.GLIMPSE for glimpse in seen)
                    assert len({glimpse.id for glimpse in seen}) <= 1, "one second, once"


@pytest.fixture(scope="module")
def machine(_sqlite: Sqlite) -> type[ChainMachine]:
    ChainMachine.template = _sqlite.template
    return ChainMachine


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_chains_keep_their_promises(machine: type[ChainMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)


async def _nothing(*_: Any) -> None:
    """A rule that was forgotten."""


def shown_too_early(studio: ChainMachine) -> None:
    """Asked after each act, as a random run asks."""
    try:
        studio.keeps_its_promises()
        studio.start("ada")
        studio.keeps_its_promises()
        studio.act("its artist", 0, "publish")
        studio.keeps_its_promises()
        studio.approve(0)
        studio.keeps_its_promises()
    finally:
        studio.teardown()


def test_a_planted_fault_is_found(
    machine: type[ChainMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_too_early(machine())  # nothing is wrong with it as it is
    monkeypatch.setattr(chaining, "insist_on_secret", _nothing)
    with pytest.raises(AssertionError):
        shown_too_early(machine())
    if LONG:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(machine, settings=HUNT)
