"""A Hypothesis state machine over the desk: random people do random things in random order.

It doesn't repeat the rules; after every step it asks the database whether what product and rules
promise still holds, and after every refusal whether really nothing has changed.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from db.broker import Broker
from db.models import Job, utcnow
from db.session import Db
from db.states import Flag, Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots, lost_renders
from moderation.waiting import called
from moderation.wish import Wish
from tests.moderation.promises import Promises, Snapshot, snapshot
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

CAST: Mapping[str, tuple[Role, ...]] = {
    "ada": (),
    "bo": (),
    "mo": (Role.MODERATOR,),
    "lin": (Role.MODERATOR,),
}
RUNNING_CAP = 2
RULES = Rules(queued_cap=3, quorum=1, ballot=timedelta(hours=1))

people_ = st.sampled_from(sorted(CAST))
anybody = st.sampled_from(["the artist", "the artist", *sorted(CAST)])
"""Who acts on a job; its artist more often than the others, or little would ever happen."""
picks = st.integers(0, 3)
numbers = st.integers(1, 2)
choices = st.dictionaries(st.sampled_from(Flag), st.booleans(), min_size=1, max_size=2)
GROWING = {"vary", "extend", "finalize"}
words = st.sampled_from(["a red circle", "a red circle", "nude", " ".join(["nude", "child"])])
"""What the screen lets pass, flags and blocks."""


class SilentBroker(Broker):
    """Nobody listens: what the machine looks at is the database."""

    async def _try(self, what: str, act: Any, **about: int) -> bool:
        return False


class Changes:
    """Whether anybody has committed anything since this was last asked."""

    def __init__(self, path: Path) -> None:
        self._watcher = sqlite3.connect(path)
        self._seen_at = -1

    def any(self) -> bool:
        before = self._seen_at
        (self._seen_at,) = self._watcher.execute("PRAGMA data_version").fetchone()
        return self._seen_at != before

    def close(self) -> None:
        self._watcher.close()


class DeskMachine(RuleBasedStateMachine):
    template: Path  # a migrated, empty SQLite, set by the test
    house = RULES
    names = CAST

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="desk-"))
        shutil.copyfile(self.template, self.folder / "db")
        self.studio = Studio(
            Db(f"sqlite+aiosqlite:///{self.folder / 'db'}"), SilentBroker(NO_BROKER), self.house
        )
        self.run(self.studio.open([ABLE]))
        self.cast: dict[str, Person] = {
            name: self.run(person(self.studio.db, name, *roles))
            for name, roles in self.names.items()
        }
        self.seen = self.before = Snapshot({}, {}, {}, [], [], [])
        self.changes = Changes(self.folder / "db")
        self.renders: list[tuple[int, int]] = []

    def run(self, what: Awaitable[Any]) -> Any:
        # Not the runner's own run: about its signal handler it makes a text of all that is answered.
        return self.runner.get_loop().run_until_complete(what)

    def teardown(self) -> None:
        self.changes.close()
        self.run(self.studio.db.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    # ── what people do ───────────────────────────────────────────────────────────────────

    def attempt(self, verb: Awaitable[Any]) -> Any:
        """Do it; when it is refused, nothing may have changed."""
        try:
            return self.run(verb)
        except Refused:
            if self.changes.any():
                assert self.run(snapshot(self.studio.db)) == self.seen, (
                    "a refusal changed something"
                )
            return None

    @property
    def jobs(self) -> list[int]:
        return sorted(self.seen.jobs)

    def pick(self, which: int) -> int:
        return self.jobs[which % len(self.jobs)]

    def who(self, name: str, job_id: int = 0) -> Person:
        """As they were first seen; when they are linked, somebody still knows them as that."""
        if name != "the artist":
            return self.cast[name]
        return self.artist(self.seen.jobs[job_id])

    def artist(self, job: Job) -> Person:
        return next(p for p in self.cast.values() if self.seen.now(p.id) == job.person_id)

    def pick_for(self, name: str, which: int) -> tuple[Person, int]:
        job_id = self.pick(which)
        return self.who(name, job_id), job_id

    @rule(name=people_, private=st.booleans(), prompt=words)
    def submit(self, name: str, private: bool, prompt: str = "a red circle") -> None:
        self.attempt(self.studio.submit(self.who(name), prompt, private=private))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, prompt=words)
    def reword(self, name: str, which: int, prompt: str) -> None:
        who, job_id = self.pick_for(name, which)
        self.attempt(self.studio.desk.reword(who, job_id, request(), Wish(prompt)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def cancel(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.cancel(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def retry(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.retry(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def publish(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.publish(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def keep(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.keep(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def appeal(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.appeal(*self.pick_for(name, which), "please"))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def withdraw(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.withdraw(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, only=st.sets(numbers, max_size=2))
    def approve(self, name: str, which: int, only: set[int]) -> None:
        desk = self.studio.desk
        self.attempt(desk.review(*self.pick_for(name, which), Verdict.APPROVE, only=only))

    @precondition(lambda self: self.jobs)
    @rule(
        name=anybody,
        which=picks,
        reason=st.none() | st.sampled_from(Reason),
        only=st.sets(numbers, max_size=1),
    )
    def reject(self, name: str, which: int, reason: Reason | None, only: set[int]) -> None:
        desk, about = self.studio.desk, self.pick_for(name, which)
        self.attempt(desk.review(*about, Verdict.REJECT, reason=reason, only=only))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def take_back_review(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.take_back_review(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, clip=numbers)
    def vote(self, name: str, which: int, clip: int) -> None:
        self.attempt(self.studio.desk.vote(*self.pick_for(name, which), clip))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def take_back_vote(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.take_back_vote(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, clip=numbers, verb=st.sampled_from(sorted(GROWING)))
    def grow(self, name: str, which: int, clip: int, verb: str) -> None:
        who, job_id = self.pick_for(name, which)
        self.attempt(getattr(self.studio.desk, verb)(who, job_id, clip, request()))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, clip=numbers)
    def remix(self, name: str, which: int, clip: int) -> None:
        who, job_id = self.pick_for(name, which)
        self.attempt(self.studio.desk.remix(who, job_id, clip, request(), Wish("mine")))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def again(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.again(*self.pick_for(name, which), request()))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, clip=st.none() | numbers, choices=choices)
    def consent(
        self, name: str, which: int, clip: int | None, choices: Mapping[Flag, bool]
    ) -> None:
        self.attempt(self.studio.desk.consent(*self.pick_for(name, which), choices, clip))

    @rule(name=people_, choices=choices)
    def consent_by_default(self, name: str, choices: Mapping[Flag, bool]) -> None:
        self.attempt(self.studio.desk.consent_by_default(self.who(name), choices))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks, reason=st.sampled_from(Reason))
    def report(self, name: str, which: int, reason: Reason) -> None:
        self.attempt(self.studio.desk.report(*self.pick_for(name, which), reason))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def take_down(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.take_down(*self.pick_for(name, which), "not here"))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def reinstate(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.reinstate(*self.pick_for(name, which)))

    @precondition(lambda self: self.jobs)
    @rule(name=anybody, which=picks)
    def dismiss(self, name: str, which: int) -> None:
        self.attempt(self.studio.desk.dismiss(*self.pick_for(name, which)))

    @rule(name=people_)
    def block_one(self, name: str) -> None:
        """What is blocked is appealed at once, so that moderators decide about words often."""
        before = set(self.jobs)
        self.submit(name, private=False, prompt=" ".join(["nude", "child"]))
        self.the_promises_hold()
        for job_id in set(self.jobs) - before:
            if self.seen.jobs[job_id].status is Status.BLOCKED:
                self.attempt(self.studio.desk.appeal(self.who(name), job_id))

    @rule(name=people_, other=people_)
    def link(self, name: str, other: str) -> None:
        code = self.attempt(self.studio.desk.link_code(self.who(name)))
        if code is not None:
            self.attempt(self.studio.desk.link(self.who(other), code))

    @rule(name=people_)
    def unlink(self, name: str) -> None:
        self.attempt(self.studio.desk.unlink(self.who(name)))

    # ── what workers and time do ─────────────────────────────────────────────────────────

    @rule(name=people_)
    def render_one(self, name: str) -> None:
        """The usual way, in one go, so that reviews and ballots come often."""
        self.submit(name, private=False)
        self.claim()
        if self.renders:
            self.finish(len(self.renders) - 1)

    @precondition(lambda self: len(self.jobs) < 3)  # there is more to do with those that are there
    @rule(name=people_, remix=st.booleans())
    def publish_one(self, name: str, remix: bool) -> None:
        """The same, and a moderator approves it at once."""
        self.render_one(name)
        desk, job = self.studio.desk, None
        if self.renders:
            job = self.run(self.studio.job(self.renders[-1][0]))
        if job is None or job.status is not Status.IN_REVIEW:
            return
        others = [
            p for p in self.cast.values() if p.moderates and self.seen.now(p.id) != job.person_id
        ]
        for other in others:
            if self.run(self.studio.job(job.id)).status is Status.IN_REVIEW:
                self.run(desk.review(other, job.id, Verdict.APPROVE))
        if remix:
            self.run(desk.consent(self.artist(job), job.id, {Flag.REMIX: True}))

    @rule()
    def claim(self) -> None:
        job = self.run(self.studio.claim(running_cap=RUNNING_CAP))
        if job is not None:
            self.renders.append((job.id, job.attempt))

    @precondition(lambda self: self.renders)
    @rule(which=picks)
    def finish(self, which: int) -> None:
        """Any render ever begun may come in, the lost and the cancelled ones too."""
        job_id, attempt = self.renders[which % len(self.renders)]
        job = self.run(self.studio.job(job_id))
        self.run(self.studio.finish(job, attempt))

    @precondition(lambda self: self.jobs)
    @rule()
    def sign(self) -> None:
        """Every file says again what it must."""
        self.run(self.studio.sign())

    @precondition(lambda self: self.renders)
    @rule(which=picks)
    def lose(self, which: int) -> None:
        job_id, _ = self.renders[which % len(self.renders)]
        if self.seen.jobs[job_id].status is Status.RENDERING:
            self.run(self.studio.lose(job_id))
            self.run(lost_renders(self.studio.db))

    @precondition(lambda self: self.jobs)
    @rule(which=picks)
    def close_ballot(self, which: int) -> None:
        job_id = self.pick(which)
        if self.seen.jobs[job_id].status is Status.PUBLISHED:
            past = utcnow() - timedelta(hours=1)
            self.run(self.studio.change(job_id, ballot_closes_at=past))
            self.run(closed_ballots(self.studio.db))

    @precondition(lambda self: self.jobs)
    @rule(which=picks)
    def half_a_day_passes(self, which: int) -> None:
        past = utcnow() - timedelta(hours=13)
        self.run(self.studio.change(self.pick(which), status_since=past))
        self.run(called(self.studio.db))

    # ── what must always hold ────────────────────────────────────────────────────────────

    @invariant()
    def the_promises_hold(self) -> None:
        if not self.changes.any():
            return
        self.before, self.seen = self.seen, self.run(snapshot(self.studio.db))
        cast = self.cast.values()
        Promises(self.seen, cast, self.house, RUNNING_CAP, self.before).hold()


def play(machine: type[DeskMachine], acts: list[tuple[Any, ...]]) -> None:
    """Let people do this, and ask after each act whether all promises hold."""
    studio = machine()
    try:
        studio.the_promises_hold()
        for name, *arguments in acts:
            getattr(studio, name)(*arguments)
            studio.the_promises_hold()
    finally:
        studio.teardown()
