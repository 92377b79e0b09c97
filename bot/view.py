"""All that cards say about one job, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
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
    workers,
)
from db.line import Forecast
from db.models import Chain, Clip, Hit, Job, Look, Part, Report, Review, Seat, Statement
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
    job = await jobs.get(s, job_id)
    if job is None:
        return None
    given = await reviews.of(s, job_id)
    named = {job.source_id, job.parent_id} - {None}
    kin = {found.id: found for n in named if n and (found := await jobs.get(s, n)) is not None}
    source = kin.get(job.source_id) if job.source_id is not None else None
    if source is not None and source.person_id == job.person_id:
        source = None
    looks = await in_review.looks(s, job_id) if job.status in WAITING_FOR_REVIEW else ()
    ids = {job.person_id, *(review.person_id for review in given)}
    made_of = await parts.of(s, job_id) if job.task in PUT_TOGETHER else []
    seat = await chains.seat_of(s, job_id) if job.private else None  # as all clips of one are
    ids |= {of.person_id for _, of in made_of} | {look.person_id for look in looks}
    names = await people.names(s, ids | ({source.person_id} if source else set()))
    offers = {offer.name: offer for offer in await workers.offers(s)}
    if line is None:
        line = await forecast.of_line(s) if job.status is Status.QUEUED else {}
    return View(
        job=job,
        artist=names[job.person_id],
        offer=offers.get(job.model),
        clips=tuple(await clips.of(s, job_id)),
        reviews=tuple((names[review.person_id], review) for review in given),
        tally=await votes.tally(s, job_id),
        forecast=line.get(job_id),
        remaining=(await forecast.remaining(s, job) if job.status is Status.RENDERING else None),
        reports=tuple(await reports.of(s, job_id)),
        tips=await bookkeeping.tips(s, job_id) if job.status is Status.PUBLISHED else 0,
        kin=kin,
        looking=tuple((names[look.person_id], look) for look in looks),
        hits=tuple(await hits.of(s, job_id)),
        remembered=await frames.are_known(s, job_id),
        source=source,
        source_artist=names[source.person_id] if source else "",
        statement=await statements.latest(s, job_id),
        owes_statement=await statements.is_owed(s, job),
        unstated=await statements.revoked(s, kin),
        seat=seat,
        chain=await chains.get(s, seat.chain_id) if seat is not None else None,
        is_shot=await parts.film_of_shot(s, job_id) is not None,
        parts=tuple(
            Shown(part, of, names[of.person_id], offers.get(of.model)) for part, of in made_of
        ),
        quorum=await _quorum(s, job_id) if given and job.status in WAITING_FOR_REVIEW else 0,
        appeal=await _appeal(s, job_id) if job.status is Status.APPEALED else "",
    )


async def _quorum(s: AsyncSession, job_id: int) -> int:
    for event in reversed(await events.of(s, job_id)):
        if event.kind is Kind.REVIEWED:
            return int(event.detail.get("quorum", 0))
    return 0


async def _appeal(s: AsyncSession, job_id: int) -> str:
    for event in reversed(await events.of(s, job_id)):
        if event.kind is Kind.APPEALED:
            return str(event.detail.get("sentence", ""))
    return ""
