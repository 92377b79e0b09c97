"""All that cards say about one job, read in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from db import (
    chains,
    clips,
    events,
    frames,
    hits,
    in_review,
    jobs,
    parts,
    people,
    reports,
    reviews,
    statements,
    votes,
    weeks,
    workers,
)
from db.line import Forecast
from db.models import Best, Chain, Clip, Hit, Job, Look, Part, Report, Review, Seat, Statement
from db.offers import Offer
from db.states import PUT_TOGETHER, WAITING_FOR_REVIEW, Kind, Status
from moderation import bookkeeping, forecast


@dataclass(frozen=True, slots=True)
class Shown:
    """One clip of a film."""

    part: Part
    job: Job
    artist: str
    offer: Offer | None


@dataclass(frozen=True, slots=True)
class View:
    job: Job
    artist: str
    offer: Offer | None
    """The model's, as a worker has announced it; None when none did for long."""
    clips: tuple[Clip, ...] = ()
    reviews: tuple[tuple[str, Review], ...] = ()
    """(the moderator's name, the review), oldest first."""
    tally: Mapping[int, int] = field(default_factory=dict)
    forecast: Forecast | None = None
    """Only while the job waits in line."""
    remaining: float | None = None
    """Seconds; only while it is being rendered, and when speed is known."""
    quorum: int = 0
    """How many have to agree, as it was at the latest review; only while the job waits for more."""
    appeal: str = ""
    """The artist's own words; only while the appeal is to be decided."""
    reports: tuple[Report, ...] = ()
    """All that were ever made, oldest first."""
    tips: int = 0
    """How much credit it was given by viewers; only while it is in the showcase."""
    kin: Mapping[int, Job] = field(default_factory=dict)
    """By their numbers, the jobs whose clips it goes on from and grew out of."""
    looking: tuple[tuple[str, Look], ...] = ()
    """(the moderator's name, that they have it in hand); only while the job is to be decided."""
    hits: tuple[Hit, ...] = ()
    """What the screen found, the overturned too: in the prompt first, then clip by clip."""
    remembered: bool = False
    """Whether its frames are to be known again."""
    source: Job | None = None
    """Whose clip is extended or redrawn, where that is somebody else's."""
    source_artist: str = ""
    parts: tuple[Shown, ...] = ()
    """Of a film: the clips that it is put together from."""
    statement: Statement | None = None
    """What its artist stated last of who is in it, or that they took it back."""
    owes_statement: bool = False
    """Whether it can't be shown until they state that."""
    unstated: frozenset[int] = frozenset()
    """Of its kin those whose artists took such a statement back."""
    seat: Seat | None = None
    """The place in a chain that it is the clip of, or the glimpse."""
    chain: Chain | None = None
    best: Best | None = None
    """Its place among the best of a week."""
    is_shot: bool = False
    """Whether a film was asked for, of which this is one shot."""

    @property
    def complaints(self) -> tuple[Report, ...]:
        """The reports that wait for a moderator."""
        return tuple(report for report in self.reports if report.settled_at is None)

    @property
    def model_title(self) -> str:
        return self.offer.title if self.offer else self.job.model


async def view(
    s: AsyncSession, job_id: int, line: Mapping[int, Forecast] | None = None
) -> View | None:
    """The job as it stands, or None when there is no such job.

    Whoever looks at many waiting jobs reads the ``line`` once and passes it on.
    """
    return (await views(s, [job_id], line)).get(job_id)


async def views(
    s: AsyncSession, job_ids: Collection[int], line: Mapping[int, Forecast] | None = None
) -> dict[int, View]:
    """Those of these jobs that exist, each as it stands; all of them read together."""
    found = await jobs.named(s, job_ids)
    if not found:
        return {}
    undecided = {job.id for job in found.values() if job.status in WAITING_FOR_REVIEW}
    relatives = {n for job in found.values() for n in (job.source_id, job.parent_id) if n}
    kin = await jobs.named(s, relatives) if relatives else {}
    given = await reviews.of_jobs(s, found)
    looks = await in_review.looks(s, undecided) if undecided else {}
    films = [job.id for job in found.values() if job.task in PUT_TOGETHER]
    made_of = await parts.of_films(s, films) if films else {}
    hidden = [job.id for job in found.values() if job.private]  # as all clips of a chain are
    seats = await chains.seats_of(s, hidden) if hidden else {}
    grown = await chains.named(s, {seat.chain_id for seat in seats.values()}) if seats else {}
    named = {of.person_id for film in made_of.values() for _, of in film}
    named |= {review.person_id for reviewed in given.values() for review in reviewed}
    named |= {look.person_id for looking in looks.values() for look in looking}
    named |= {job.person_id for job in (*found.values(), *kin.values())}
    names = await people.names(s, named)
    offers = {offer.name: offer for offer in await workers.offers(s)}
    if line is None:
        queued = any(job.status is Status.QUEUED for job in found.values())
        line = await forecast.of_line(s) if queued else {}
    public = [job.id for job in found.values() if job.status is Status.PUBLISHED]
    made, reported = await clips.of_jobs(s, found), await reports.of_jobs(s, found)
    tallies, screened = await votes.tallies(s, found), await hits.of_jobs(s, found)
    tips = await bookkeeping.tips(s, public) if public else {}
    remembered, shots = await frames.remembered(s, found), await parts.shots(s, found)
    stated = await statements.latest_of(s, {*found, *kin})
    unstated = statements.revoked(stated)
    owing = {
        job.id
        for job in found.values()
        if job.status is not Status.PUBLISHED
        and statements.may_owe(job, screened[job.id])
        and await statements.is_owed(s, job)
    }
    won = [job.id for job in found.values() if job.winner]
    best = await weeks.of_jobs(s, won) if won else {}
    said = await events.of_kinds(s, undecided, {Kind.REVIEWED, Kind.APPEALED}) if undecided else ()
    latest = {(event.job_id, event.kind): event.detail for event in said}
    seen = {}
    for job in found.values():
        source = kin.get(job.source_id or 0)
        if source is not None and source.person_id == job.person_id:
            source = None
        seat = seats.get(job.id)
        reviewed = latest.get((job.id, Kind.REVIEWED), {}) if given[job.id] else {}
        appealed = latest.get((job.id, Kind.APPEALED), {})
        rendering = job.status is Status.RENDERING
        seen[job.id] = View(
            job=job,
            artist=names[job.person_id],
            offer=offers.get(job.model),
            clips=tuple(made[job.id]),
            reviews=tuple((names[review.person_id], review) for review in given[job.id]),
            tally=tallies[job.id],
            forecast=line.get(job.id),
            remaining=await forecast.remaining(s, job) if rendering else None,
            quorum=int(reviewed.get("quorum", 0)),
            appeal=str(appealed.get("sentence", "")) if job.status is Status.APPEALED else "",
            reports=tuple(reported[job.id]),
            tips=tips.get(job.id, 0),
            kin={n: kin[n] for n in (job.source_id, job.parent_id) if n in kin},
            looking=tuple((names[look.person_id], look) for look in looks.get(job.id, ())),
            hits=tuple(screened[job.id]),
            remembered=job.id in remembered,
            source=source,
            source_artist=names[source.person_id] if source else "",
            statement=stated.get(job.id),
            owes_statement=job.id in owing,
            unstated=unstated & kin.keys(),
            parts=tuple(
                Shown(part, of, names[of.person_id], offers.get(of.model))
                for part, of in made_of.get(job.id, ())
            ),
            seat=seat,
            chain=grown.get(seat.chain_id) if seat is not None else None,
            best=best.get(job.id),
            is_shot=job.id in shots,
        )
    return seen
