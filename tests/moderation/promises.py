"""What must hold in any studio, whatever people did in it: asked of the rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from db import outside
from db.consents import in_showcase
from db.models import (
    Clip,
    Consent,
    Event,
    Hit,
    Identity,
    Job,
    Link,
    Preference,
    Report,
    Review,
    Vote,
)
from db.session import Db
from db.states import MOVES, WAITING_FOR_REVIEW, Called, Descent, Flag, Kind, Status, Verdict
from moderation import quorum
from moderation.decisions import WORDS_ALONE
from moderation.people import Person
from moderation.rules import Rules, may_see
from tests.moderation.leave import Leave

BY_QUORUM = {Kind.APPROVED, Kind.OVERTURNED, Kind.REJECTED, Kind.UPHELD, Kind.UNBLOCKED}
OF_APPEAL = {Kind.OVERTURNED, Kind.UPHELD, Kind.UNBLOCKED}
DECIDING = BY_QUORUM | {Kind.TAKEN_DOWN, Kind.REINSTATED}
CAME_BACK = {Kind.APPROVED, Kind.OVERTURNED, Kind.REINSTATED}


@dataclass
class Snapshot:
    """Every row that verbs may change."""

    jobs: dict[int, Job]
    clips: dict[int, list[Clip]]
    events: dict[int, list[Event]]
    votes: list[Vote]
    reviews: list[Review]
    reports: list[Report]
    identities: list[Identity] = field(default_factory=list)
    links: dict[int, int] = field(default_factory=dict)
    """Second person -> first."""
    hits: list[Hit] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    dataset: list[tuple[int, int]] = field(default_factory=list)
    """The clips that an export would take."""
    outside: list[tuple[int, int]] = field(default_factory=list)
    """Those that are in the feed, the newest first."""
    handed_out: set[tuple[int, int]] = field(default_factory=set)
    """Those whose files everybody gets."""

    def now(self, person_id: int | None) -> int | None:
        """Who somebody is now."""
        return None if person_id is None else self.links.get(person_id, person_id)

    def news(self, before: Snapshot, job_id: int) -> list[Event]:
        """What has happened to a job since."""
        return self.events[job_id][len(before.events.get(job_id, [])) :]


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
        reviews = list((await s.scalars(select(Review).order_by(col(Review.id)))).all())
        reports = list((await s.scalars(select(Report))).all())
        identities = list((await s.scalars(select(Identity).order_by(Identity.user_id))).all())
        links = {link.second_id: link.person_id for link in (await s.scalars(select(Link))).all()}
        hits = list((await s.scalars(select(Hit))).all())
        consents = list((await s.scalars(select(Consent).order_by(col(Consent.id)))).all())
        preferences = list((await s.scalars(select(Preference))).all())
        taken = await in_showcase(s, {Flag.DATASET})
        dataset = [(clip.job_id, clip.number) for _, clip, _ in taken]
        feed = [(one.job.id, one.clip.number) for one in await outside.newest(s, 10_000)]
        files = await outside.among(s, [(job_id, n) for job_id in jobs for n in range(1, 5)])
        said, agreed = (votes, reviews, reports), (consents, preferences, dataset)
        return Snapshot(jobs, clips, events, *said, identities, links, hits, *agreed, feed, files)


class Promises:
    """Checks what product and rules promise, of one snapshot and of what is new since another.

    What somebody may do depends on who they are at that moment: later they may be linked, or not be
    any more. So whether they might is asked of what is new.
    """

    def __init__(
        self,
        seen: Snapshot,
        cast: Collection[Person],
        rules: Rules,
        running_cap: int,
        before: Snapshot,
    ) -> None:
        self.seen = seen
        self.before = before
        self.cast = [replace(person, id=seen.links.get(person.id, person.id)) for person in cast]
        self.rules = rules
        self.running_cap = running_cap

    def hold(self) -> None:
        for job_id in self.seen.jobs:
            self.the_events_tell_how_it_came_to_be_where_it_is(job_id)
            self.moderators_who_did_not_make_it_decided(job_id)
            self.clips_exist_exactly_where_one_render_was_finished(job_id)
            self.a_closed_ballot_keeps_its_result(job_id)
            self.what_grew_has_a_clip_behind_it(job_id)
            self.what_is_not_ones_own_was_allowed(job_id)
            self.nobody_has_a_say_about_their_own_or_twice(job_id)
            self.a_quorum_is_of_people(job_id)
            self.what_was_taken_down_is_shown_to_nobody(job_id)
            self.what_is_blocked_is_not_rendered_unless_moderators_let_it(job_id)
        self.votes_are_for_clips_shown_and_never_the_artists()
        self.no_clip_has_two_finals()
        self.nobody_has_more_than_allowed()
        self.reports_wait_for_what_is_shown_and_nothing_else()
        self.who_is_somebody_else_has_nothing()
        Leave(self.seen, self.before, self.cast).hold()

    def news(self, job_id: int) -> list[Event]:
        return self.seen.news(self.before, job_id)

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
        moderators = {p.id for p in self.cast if p.moderates} - {artist}
        events = self.seen.events[job_id]
        for event in self.news(job_id):
            if event.kind in DECIDING:
                assert event.person_id in moderators, event.kind
            if event.kind in {Kind.OVERTURNED, Kind.UPHELD} and self.seen.clips[job_id]:
                noes = {Kind.REJECTED, Kind.TAKEN_DOWN}
                appealed = [e for e in events if e.kind in noes and e.id < event.id][-1]
                no_by = self.seen.now(appealed.person_id)
                assert event.person_id != no_by, "decided twice by one person"
                assert event.person_id not in self.reviewed_before(job_id), "reviewed it before"

    def reviewed_before(self, job_id: int) -> set[int]:
        """In rounds that are over."""
        round_ = self.seen.jobs[job_id].round
        of_job = [review for review in self.seen.reviews if review.job_id == job_id]
        return {review.person_id for review in of_job if review.round < round_}

    def nobody_has_a_say_about_their_own_or_twice(self, job_id: int) -> None:
        job = self.seen.jobs[job_id]
        saying = {Kind.REVIEWED, Kind.VOTED, Kind.REPORTED}
        for event in self.news(job_id):
            assert event.kind not in saying or event.person_id != job.person_id, event.kind
        if job.status in WAITING_FOR_REVIEW:
            of_job = [review for review in self.seen.reviews if review.job_id == job_id]
            said = {review.person_id for review in of_job if review.round == job.round}
            earlier = self.reviewed_before(job_id)
            assert job.person_id not in said, "reviewed by its artist"
            assert job.status is Status.IN_REVIEW or not said & earlier, "decides twice"

    def a_quorum_is_of_people(self, job_id: int) -> None:
        job = self.seen.jobs[job_id]
        given = [r for r in self.seen.reviews if (r.job_id, r.round) == (job_id, job.round)]
        made = self.seen.clips[job_id]
        numbers = frozenset(clip.number for clip in made if clip.showcase) if made else WORDS_ALONE
        with_hosts = job.split or job.raised >= Called.HOSTS
        assert with_hosts or not any(r.alone for r in given), "decided alone what isn't with hosts"
        if job.status in WAITING_FOR_REVIEW and not self.rules.newcomer_publications:
            hits = [hit for hit in self.seen.hits if hit.job_id == job_id]
            flagged = any(hit.overturned_at is None for hit in hits)
            needed = None if job.split else quorum.needed(self.rules, job, 0, flagged=flagged)
            waits = quorum.decide(given, numbers, needed)
            assert waits is None, "a decision that nobody has carried out"
        for event in self.news(job_id):
            if event.kind in BY_QUORUM:
                yes = event.kind in {Kind.APPROVED, Kind.OVERTURNED, Kind.UNBLOCKED}
                if event.kind is Kind.UNBLOCKED:  # what came of it is a round of its own
                    asked = (job_id, job.round - 1)
                    given = [r for r in self.seen.reviews if (r.job_id, r.round) == asked]
                verdict = Verdict.APPROVE if yes else Verdict.REJECT
                agreed = [r for r in given if r.verdict is verdict]
                if any(r.alone for r in agreed) or job.split:
                    kinds = {earlier.kind for earlier in self.seen.events[job_id]}
                    third = event.kind in OF_APPEAL and {Kind.SPLIT, Kind.RAISED} <= kinds
                    alone = third or event.person_id in self.hosts
                    assert alone, "somebody decided alone who is no host"
                    continue
                people = {r.person_id for r in agreed}
                assert len(people) >= self.least(event.kind), "decided by too few people"

    @property
    def hosts(self) -> set[int]:
        return {person.id for person in self.cast if person.hosts}

    def least(self, kind: Kind) -> int:
        """How few may decide."""
        if kind in {Kind.OVERTURNED, Kind.UPHELD}:
            return max(self.rules.quorum, self.rules.appeal_quorum)
        careful = 2 if kind is Kind.REJECTED and self.rules.second_opinion else 1
        return max(self.rules.quorum, careful)

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
            # What comes back after it was out may be opened anew: where its winner isn't shown.
            closed = len(kinds) - kinds[::-1].index(Kind.BALLOT_CLOSED)
            back = [n for n, kind in enumerate(kinds) if n >= closed and kind in CAME_BACK]
            opened = back[0] if back else None
            voting = {Kind.VOTED, Kind.VOTE_TAKEN_BACK}
            assert not voting & set(kinds[closed:opened]), "voted after the ballot was closed"
            winner = self.seen.jobs[job_id].winner
            shown = {clip.number for clip in self.seen.clips[job_id] if clip.shown}
            public = self.seen.jobs[job_id].status is Status.PUBLISHED
            assert not winner or not public or winner in shown, "a clip has won that isn't shown"
            if winner and self.seen.jobs[job_id].draft:
                assert self.finals[job_id, winner], "a draft has won and its final is nowhere"

    def what_grew_has_a_clip_behind_it(self, job_id: int) -> None:
        job = self.seen.jobs[job_id]
        if job.parent_id is not None and job_id not in self.before.jobs:
            numbers = [clip.number for clip in self.seen.clips[job.parent_id]]
            assert job.parent_clip in numbers, "grown out of a clip that isn't there"
            own = job.person_id == self.seen.jobs[job.parent_id].person_id
            assert own or job.descent in {Descent.EXTEND, Descent.REMIX}, "of somebody else's"
            assert own or job.parent_id == job.source_id

    def what_is_not_ones_own_was_allowed(self, job_id: int) -> None:
        """Whenever a job entered the line; a final only finishes what was allowed before."""
        job = self.seen.jobs[job_id]
        if job.source_id is None or job.descent is Descent.FINAL:
            return
        if self.seen.jobs[job.source_id].person_id == job.person_id:
            return
        for event in self.news(job_id):
            if event.kind in {Kind.SUBMITTED, Kind.RETRIED}:
                source = self.before.jobs[job.source_id]
                made = {clip.number: clip for clip in self.before.clips[job.source_id]}
                assert made[job.source_clip or 0].remix, "remixed without its artist's leave"
                assert made[job.source_clip or 0].shown, "remixed outside the showcase"
                assert source.status is Status.PUBLISHED, "remixed outside the showcase"

    def what_was_taken_down_is_shown_to_nobody(self, job_id: int) -> None:
        job = self.seen.jobs[job_id]
        moves = [event for event in self.seen.events[job_id] if event.kind in MOVES]
        for event in moves:
            if event.kind is Kind.REINSTATED:
                down = [e for e in moves if e.kind is Kind.TAKEN_DOWN and e.id < event.id][-1]
                by = self.seen.now(down.person_id)
                assert event.person_id != by or event not in self.news(job_id), "put back alone"
            if event.kind is Kind.TAKEN_DOWN:
                noes = [r for r in self.seen.reviews if r.job_id == job_id and not r.of_appeal]
                said = {r.person_id for r in noes if r.verdict == Verdict.REJECT}
                assert self.seen.now(event.person_id) in said
        if moves and moves[-1].kind is Kind.TAKEN_DOWN:
            others = [person for person in self.cast if person.id != job.person_id]
            assert not any(
                may_see(person, job, clip) for person in others for clip in self.seen.clips[job_id]
            )

    def what_is_blocked_is_not_rendered_unless_moderators_let_it(self, job_id: int) -> None:
        job, kinds = self.seen.jobs[job_id], [event.kind for event in self.seen.events[job_id]]
        counting = [h for h in self.seen.hits if h.job_id == job_id and h.overturned_at is None]
        if any(hit.hard for hit in counting):
            assert Kind.BLOCKED in kinds, "a hard rule has found it and it went on"
            assert Kind.CLAIMED not in kinds, "rendered though it is blocked"
            assert not self.seen.clips[job_id]
        if job.status is Status.BLOCKED:
            assert any(hit.hard for hit in counting), "blocked for nothing"
        assert (Kind.FLAGGED in kinds) == any(
            not hit.hard for hit in self.seen.hits if hit.job_id == job_id
        )

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
            left = {Kind.TAKEN_DOWN, Kind.CONSENTED}
            came_back = any(e.kind in left for e in self.seen.events[vote.job_id])
            assert vote.clip in shown or came_back, "a vote for a clip that is not on the ballot"

    def nobody_has_more_than_allowed(self) -> None:
        """Of what comes into the line, or out of it, at somebody's wish: a lost render, a final that a
        ballot gives and a link come on top."""
        have = Counter((job.person_id, job.status) for job in self.seen.jobs.values())
        for job_id, job in self.seen.jobs.items():
            kinds = {event.kind for event in self.news(job_id)}
            entered = kinds & {Kind.SUBMITTED, Kind.RETRIED}
            if entered and not job.request_key.startswith("final:"):
                assert have[job.person_id, Status.QUEUED] <= self.rules.queued_cap
            if Kind.CLAIMED in kinds:
                assert have[job.person_id, Status.RENDERING] <= self.running_cap

    def reports_wait_for_what_is_shown_and_nothing_else(self) -> None:
        for report in self.seen.reports:
            job = self.seen.jobs[report.job_id]
            assert report.person_id != job.person_id, "reported by its artist"
            waits = report.settled_at is None
            assert not waits or job.status is Status.PUBLISHED, "a report waits for nothing"
        earlier = {(report.job_id, report.person_id) for report in self.before.reports}
        kept = {(report.job_id, report.person_id) for report in self.seen.reports}
        for job_id in self.seen.jobs:
            told = [event for event in self.news(job_id) if event.kind is Kind.REPORTED]
            for event in told:
                assert (job_id, event.person_id) not in earlier, "reported twice by one person"
                assert (job_id, event.person_id) in kept
            assert len(told) <= 1

    def who_is_somebody_else_has_nothing(self) -> None:
        """So one person has one vote on a ballot, and one report of a job."""
        rows: list[Any] = [*self.seen.jobs.values(), *self.seen.identities, *self.seen.reports]
        for row in [*rows, *self.seen.votes, *self.seen.reviews]:
            assert row.person_id not in self.seen.links, row
