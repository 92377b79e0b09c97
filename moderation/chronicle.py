"""The chronicle: what belongs into the public record is copied there from the events, each once.

Verbs know nothing of it. An event is marked in the transaction that puts it into the record, and only
one such transaction goes on at a time, so that any number of processes may copy and any of them may
be killed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import events, record
from db.models import Event, Job
from db.record import Draft
from db.session import Db, one_at_a_time
from db.states import Kind
from moderation import transparency

ASKED = frozenset({Kind.SENT_TO_REVIEW, Kind.APPEALED, Kind.KEPT, Kind.REEL_SHOWN})
BATCH = 500
MOST_BATCHES = 20
"""In one round: a studio that was there before its record catches up beside its other work."""


class Part(StrEnum):
    """In which part somebody acts. Only moderators, who hold an office, are told from each other."""

    STUDIO = "studio"
    ARTIST = "artist"
    VIEWER = "viewer"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the record keeps of one kind of event, beside when it was and of which job."""

    by: Part
    details: tuple[str, ...] = ()
    """Of the event's own; never anybody's words."""
    render: bool = False
    """Whether it says of which model the render is, and how long it took."""
    since: Kind | None = None
    """How long it was waited for is counted from the latest of these."""
    reverses: tuple[Kind, ...] = ()
    """It names the number of the latest entry of these kinds."""
    private: bool = False
    """Whether it is kept of jobs that were never meant for the showcase: then without the job, and of
    the day. Of such a job moderators see only the words, should a block be appealed."""


REVIEWED = Kept(Part.MODERATOR, ("verdict", "reason", "quorum"), private=True)
SCREENED = Kept(Part.STUDIO, ("rules",), private=True)
DECIDED = Kept(Part.MODERATOR, ("reasons", "rules"), since=Kind.SENT_TO_REVIEW)
RECORDED: Mapping[Kind, Kept] = {
    Kind.FINISHED: Kept(Part.STUDIO, render=True, private=True),
    Kind.SENT_TO_REVIEW: Kept(Part.ARTIST, ("depicts",)),
    Kind.KEPT: Kept(Part.ARTIST),
    Kind.REVIEWED: REVIEWED,
    Kind.REVIEW_TAKEN_BACK: Kept(Part.MODERATOR, private=True),
    Kind.APPROVED: DECIDED,
    Kind.REJECTED: DECIDED,
    Kind.APPEALED: Kept(Part.ARTIST, private=True),
    Kind.OVERTURNED: Kept(
        Part.MODERATOR, ("rules",), since=Kind.APPEALED, reverses=(Kind.REJECTED, Kind.TAKEN_DOWN)
    ),
    Kind.UPHELD: Kept(Part.MODERATOR, ("reasons", "rules"), since=Kind.APPEALED, private=True),
    Kind.BALLOT_CLOSED: Kept(Part.STUDIO, ("tally",)),
    Kind.THEME_WON: Kept(Part.STUDIO),
    Kind.BEST_OF_WEEK: Kept(Part.STUDIO, ("year", "week", "place", "votes")),
    Kind.REEL_SHOWN: Kept(Part.STUDIO),
    Kind.REEL_GONE: Kept(Part.STUDIO),
    Kind.REPORTED: Kept(Part.VIEWER, ("reason",)),
    Kind.FLAGGED: SCREENED,
    Kind.BLOCKED: SCREENED,
    Kind.UNBLOCKED: Kept(Part.MODERATOR, ("rules",), since=Kind.APPEALED, private=True),
    Kind.FRAMES_REMEMBERED: Kept(Part.MODERATOR),
    Kind.FRAMES_FORGOTTEN: Kept(Part.MODERATOR),
    Kind.SPLIT: Kept(Part.MODERATOR, private=True),
    Kind.REINSTATED: Kept(Part.MODERATOR, reverses=(Kind.TAKEN_DOWN,)),
    Kind.RAISED: Kept(Part.STUDIO, private=True),
    Kind.DISMISSED: Kept(Part.MODERATOR),
    Kind.TAKEN_DOWN: Kept(Part.MODERATOR, ("reasons",)),
    Kind.WITHDRAWN: Kept(Part.ARTIST),
    Kind.STATED: Kept(Part.ARTIST, ("depicts",)),
    Kind.STATEMENT_REVOKED: Kept(Part.ARTIST),
    Kind.CONSENTED: Kept(Part.ARTIST, ("flag", "given", "clips")),
}
LEFT_OUT = frozenset(
    {
        # How a render came about, which is between the artist and the studio.
        Kind.SUBMITTED,
        Kind.HURRIED,
        Kind.CLAIMED,
        Kind.REQUEUED,
        Kind.FAILED,
        Kind.RETRIED,
        Kind.CANCELLED,
        Kind.PART_MOVED,
        # Who looks at what at the moment, and what waits for room.
        Kind.LOOKING,
        Kind.LOOKED,
        Kind.HELD,
        Kind.UNHELD,
        # A ballot is secret; its tally is kept when it is closed.
        Kind.VOTED,
        Kind.VOTE_TAKEN_BACK,
        # Credit has books of its own.
        Kind.TIPPED,
        # Who is who.
        Kind.LINKED,
        Kind.UNLINKED,
    }
)


async def chronicle(db: Db) -> None:
    """Bring the record up to what has happened; several processes may do it at the same time."""
    for _ in range(MOST_BATCHES):
        async with db.read() as s:
            if not await record.is_behind(s):
                return
        async with db.begin() as s:
            await _copy(s)


async def _copy(s: AsyncSession) -> None:
    await one_at_a_time(s, "record")
    waiting = await record.waiting(s, BATCH)
    wanted = [event for event in waiting if event.kind in RECORDED]
    added = await record.append(s, await _drafts(s, wanted))
    await record.count(s, transparency.counted(added))
    await record.mark(s, [event.id for event in waiting])


async def _drafts(s: AsyncSession, wanted: Sequence[Event]) -> list[Draft]:
    """What the record will say of these events; nothing of those that are too private."""
    ids = {event.job_id for event in wanted}
    asked: dict[int, list[Event]] = defaultdict(list)
    for event in await events.of_kinds(s, ids, ASKED):
        asked[event.job_id].append(event)
    rendered = await _renders(s, {e.job_id for e in wanted if RECORDED[e.kind].render})
    moderators = {e.person_id for e in wanted if RECORDED[e.kind].by is Part.MODERATOR}
    names = await record.actors(s, {one for one in moderators if one is not None})
    reversible = {kind for kept in RECORDED.values() for kind in kept.reverses}
    latest = await record.latest_of(s, ids, reversible)
    seq = (await record.head(s)).seq
    drafts: list[Draft] = []
    for event in wanted:
        kept, job = RECORDED[event.kind], event.job_id
        shown = _is_shown(event, asked[job])
        if not (shown or kept.private):
            continue
        details = _details(event, kept, asked[job], rendered.get(job, {}))
        if kept.reverses and job in latest:
            details["reverses"] = latest[job]
        named = kept.by is Part.MODERATOR and event.person_id is not None
        drafts.append(
            Draft(
                at=_when(event.at, exactly=shown),
                kind=event.kind,
                by=kept.by,
                job=job if shown else None,
                actor=names[event.person_id or 0] if named else None,
                details=details,
            )
        )
        if event.kind in reversible:
            latest[job] = seq + len(drafts)
    return drafts


def _details(
    event: Event, kept: Kept, asked: Sequence[Event], rendered: Mapping[str, Any]
) -> dict[str, Any]:
    found = {name: event.detail[name] for name in kept.details if event.detail.get(name)}
    if kept.render:
        found |= rendered
    if kept.since:
        found |= _waited(event, kept.since, asked)
    return found


async def _renders(s: AsyncSession, job_ids: set[int]) -> dict[int, dict[str, Any]]:
    """Whole numbers only: not every language writes the others alike, and these are hashed."""
    found = await s.execute(
        select(col(Job.id), col(Job.model), col(Job.compute_seconds)).where(
            col(Job.id).in_(job_ids)
        )
    )
    return {
        job_id: {"model": model, "milliseconds": round((seconds or 0) * 1000)}
        for job_id, model, seconds in found.all()
    }


def _is_shown(event: Event, asked: Sequence[Event]) -> bool:
    """Whether its artist sent the job to review, and hadn't taken it back when this happened; a reel is
    shown without a review."""
    before = [earlier.kind for earlier in asked if earlier.id < event.id]
    taken_back = before[-1:] == [Kind.KEPT] and event.kind is not Kind.SENT_TO_REVIEW
    sent = any(earlier.kind in {Kind.SENT_TO_REVIEW, Kind.REEL_SHOWN} for earlier in asked)
    return sent and not taken_back


def _waited(event: Event, kind: Kind, asked: Sequence[Event]) -> dict[str, int]:
    """For how many seconds, where it is known from when on."""
    since = [earlier.at for earlier in asked if earlier.kind is kind and earlier.id < event.id]
    return {"waited": max(round((event.at - since[-1]).total_seconds()), 0)} if since else {}


def _when(at: datetime, *, exactly: bool) -> str:
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}" if exactly else f"{utc:%Y-%m-%dT00:00:00Z}"
