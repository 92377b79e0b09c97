"""A Hypothesis state machine over the desk: random people do random things in random order.

It doesn't repeat the rules; after every step it asks the database whether what product and rules
promise still holds, and after every refusal whether really nothing has changed.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select
from sqlmodel import col

from db.broker import Broker
from db.models import Clip, Event, Job, Review, Vote, utcnow
from db.session import Db
from db.states import MOVES, Descent, Kind, Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots, lost_renders
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

CAST = {
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
GROWING = {"vary", "extend", "finalize"}


class SilentBroker(Broker):
    """Nobody listens: what the machine looks at is the database."""

    async def _try(self, what: str, act: Any) -> bool:
        return False


class DeskMachine(RuleBasedStateMachine):
    template: Path  # a migrated, empty SQLite, set by the test

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="desk-"))
        shutil.copyfile(self.template, self.folder / "db")
        self.studio = Studio(
            Db(f"sqlite+aiosqlite:///{self.folder / 'db'}"), SilentBroker(NO_BROKER), RULES
        )
        self.run(self.studio.open([ABLE]))
        self.cast: dict[str, Person] = {
            name: self.run(person(self.studio.db, name, *roles)) for name, roles in CAST.items()
        }
        self.seen = Snapshot({}, {}, {}, [], [])
        self.renders: list[tuple[int, int]] = []

    def run(self, what: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await what

        return self.runner.run(wait())

    def teardown(self) -> None:
        self.run(self.studio.db.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    # ── what people do ───────────────────────────────────────────────────────────────────

    def attempt(self, verb: Awaitable[Any]) -> Any:
        """Do it; when it is refused, nothing may have changed."""
        try:
            return self.run(verb)
        except Refused:
            assert self.run(snapshot(self.studio.db)) == self.seen, "a refusal changed something"
            return None

    @property
    def jobs(self) -> list[int]:
        return sorted(self.seen.jobs)

    def pick(self, which: int) -> int:
        return self.jobs[which % len(self.jobs)]

    def who(self, name: str, job_id: int = 0) -> Person:
        if name != "the artist":
            return self.cast[name]
        artist = self.seen.jobs[job_id].person_id
        return next(p for p in self.cast.values() if p.id == artist)

    def pick_for(self, name: str, which: int) -> tuple[Person, int]:
        job_id = self.pick(which)
        return self.who(name, job_id), job_id

    @rule(name=people_, private=st.booleans())
    def submit(self, name: str, private: bool) -> None:
        self.attempt(self.studio.submit(self.who(name), private=private))

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
    @rule(name=anybody, which=picks, reason=st.none() | st.sampled_from(Reason))
    def reject(self, name: str, which: int, reason: Reason | None) -> None:
        desk = self.studio.desk
        self.attempt(desk.review(*self.pick_for(name, which), Verdict.REJECT, reason=reason))

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

    # ── what workers and time do ─────────────────────────────────────────────────────────

    @rule(name=people_)
    def render_one(self, name: str) -> None:
        """The usual way, in one go, so that reviews and ballots come often."""
        self.submit(name, private=False)
        self.claim()
        if self.renders:
            self.finish(len(self.renders) - 1)

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

    # ── what must always hold ────────────────────────────────────────────────────────────

    @invariant()
    def the_promises_hold(self) -> None:
        self.seen = self.run(snapshot(self.studio.db))
        for job_id in self.seen.jobs:
            self.the_events_tell_how_it_came_to_be_where_it_is(job_id)
            self.moderators_who_did_not_make_it_decided(job_id)
            self.clips_exist_exactly_where_one_render_was_finished(job_id)
            self.a_closed_ballot_keeps_its_result(job_id)
            self.what_grew_has_a_clip_of_the_same_artist_behind_it(job_id)
        self.votes_are_for_clips_shown_and_never_the_artists()
        self.no_clip_has_two_finals()
        self.nobody_has_more_than_allowed()

    def the_events_tell_how_it_came_to_be_where_it_is(self, job_id: int) -> None:
        status = Status.QUEUED
        for event in self.seen.events[job_id]:
            if event.kind in MOVES:
                assert status in MOVES[event.kind].origins, (status, event.kind)
                status = MOVES[event.kind].to
        assert self.seen.jobs[job_id].status is status
        claims = sum(event.kind is Kind.CLAIMED for event in self.seen.events[job_id])
        assert self.seen.jobs[job_id].attempt == claims

    def moderators_who_did_not_make_it_decided(self, job_id: int) -> None:
        artist = self.seen.jobs[job_id].person_id
        moderators = {p.id for p in self.cast.values() if p.moderates} - {artist}
        events = self.seen.events[job_id]
        for event in events:
            if event.kind in {Kind.APPROVED, Kind.OVERTURNED, Kind.REJECTED, Kind.UPHELD}:
                assert event.person_id in moderators, event.kind
            if event.kind in {Kind.OVERTURNED, Kind.UPHELD}:
                first = next(e for e in events if e.kind is Kind.REJECTED)
                assert event.person_id != first.person_id, "decided twice by one person"

    def clips_exist_exactly_where_one_render_was_finished(self, job_id: int) -> None:
        events = self.seen.events[job_id]
        claimed: list[Kind] = []
        for event in events:
            if event.kind in {Kind.CLAIMED, Kind.CANCELLED, Kind.WITHDRAWN, Kind.REQUEUED}:
                claimed.append(event.kind)
            if event.kind is Kind.FINISHED:
                assert claimed[-1] is Kind.CLAIMED, "a render came in that nobody wanted any more"
        finished = sum(event.kind is Kind.FINISHED for event in events)
        assert finished <= 1
        wanted = self.seen.jobs[job_id].variations
        assert len(self.seen.clips[job_id]) == (wanted if finished else 0)

    def a_closed_ballot_keeps_its_result(self, job_id: int) -> None:
        kinds = [event.kind for event in self.seen.events[job_id]]
        if Kind.BALLOT_CLOSED in kinds:
            after = kinds[kinds.index(Kind.BALLOT_CLOSED) + 1 :]
            assert set(after) <= {Kind.WITHDRAWN}, after
            winner = self.seen.jobs[job_id].winner
            if winner and self.seen.jobs[job_id].draft:
                assert self.finals[job_id, winner], "a draft has won and its final is nowhere"

    def what_grew_has_a_clip_of_the_same_artist_behind_it(self, job_id: int) -> None:
        job = self.seen.jobs[job_id]
        if job.parent_id is not None:
            numbers = [clip.number for clip in self.seen.clips[job.parent_id]]
            assert job.parent_clip in numbers, "grown out of a clip that isn't there"
            assert job.person_id == self.seen.jobs[job.parent_id].person_id, "of somebody else's"

    @property
    def finals(self) -> Counter[tuple[int | None, int | None]]:
        return Counter(
            (job.parent_id, job.parent_clip)
            for job in self.seen.jobs.values()
            if job.descent is Descent.FINAL
        )

    def no_clip_has_two_finals(self) -> None:
        given_up = {Status.CANCELLED, Status.WITHDRAWN}
        if not any(job.status in given_up for job in self.seen.jobs.values()):
            assert all(count == 1 for count in self.finals.values()), "a clip has two finals"

    def votes_are_for_clips_shown_and_never_the_artists(self) -> None:
        for vote in self.seen.votes:
            shown = [c.number for c in self.seen.clips[vote.job_id] if c.shown]
            assert vote.person_id != self.seen.jobs[vote.job_id].person_id, "the artist voted"
            assert vote.clip in shown, "a vote for a clip that is not on the ballot"

    def nobody_has_more_than_allowed(self) -> None:
        have = Counter((job.person_id, job.status) for job in self.seen.jobs.values())
        for who in self.cast.values():
            assert have[who.id, Status.RENDERING] <= RUNNING_CAP
            # A render that was lost comes back into the line on top of the cap, and so does the
            # final that a ballot gives.
            given = sum(
                job.person_id == who.id and job.request_key.startswith("final:")
                for job in self.seen.jobs.values()
            )
            most = RULES.queued_cap + RUNNING_CAP + given
            assert have[who.id, Status.QUEUED] <= most


@dataclass
class Snapshot:
    """Every row that verbs may change."""

    jobs: dict[int, Job]
    clips: dict[int, list[Clip]]
    events: dict[int, list[Event]]
    votes: list[Vote]
    reviews: list[Review]


async def snapshot(db: Db) -> Snapshot:
    async with db.read() as s:
        jobs = {job.id: job for job in (await s.scalars(select(Job))).all()}
        clips: dict[int, list[Clip]] = {job_id: [] for job_id in jobs}
        for clip in (await s.scalars(select(Clip))).all():
            clips[clip.job_id].append(clip)
        events: dict[int, list[Event]] = {job_id: [] for job_id in jobs}
        for event in (await s.scalars(select(Event).order_by(col(Event.id)))).all():
            events[event.job_id].append(event)
        votes = list((await s.scalars(select(Vote))).all())
        return Snapshot(jobs, clips, events, votes, list((await s.scalars(select(Review))).all()))
