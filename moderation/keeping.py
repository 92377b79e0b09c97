"""How long clips are kept that nobody else sees, where a host has said so; and how many there may be.

Whoever made them reads on the card until when, days before. The rows of a job stay when its clips go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db import clips, jobs, notes
from db.media import LOW_DISK_BYTES, Media
from db.models import Clip, Job, Part, Seat, utcnow
from db.session import Db
from db.states import Status
from moderation.rules import APPEAL_TIME, Refused, Rules
from moderation.unsaying import tell_again

NOTICE = timedelta(days=3)
"""So long before they go it stands on the card, at least."""
AT_ONCE = 100
NEARLY = 0.8
"""Of the room that there is for media: from here on hosts are warned."""
FULL = "media:full"
"""The note that says whether there is none left."""
NO_ROOM = "The studio has no room for more clips; a host has to make some first."
UNDONE = (Status.CANCELLED, Status.FAILED, Status.BLOCKED)

log = structlog.get_logger()


# ── how long ─────────────────────────────────────────────────────────────────────────────


async def let_go(db: Db, media: Media, rules: Rules) -> None:
    """Say of clips that they will go, take that back where something has changed, and remove those whose
    time is over; some of each at a time."""
    now = utcnow()
    await _promise(db, rules, now)
    due = col(Job.kept_until) <= now
    async with db.read() as s:
        ended = await _found(s, due, _goes(rules, now))
    for job_id in ended:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is None or not await _found(s, due, _goes(rules, now), col(Job.id) == job_id):
                continue
            made = await clips.of(s, job_id)
            job.let_go_at = now
            await s.flush()
            keys = {key for c in made for key in (c.video_key, c.poster_key, c.preview_key)}
            await clips.discard_unused(s, media, keys)
            await tell_again(s, [job_id])
        log.info("clips.let_go", job=job_id)


async def _promise(db: Db, rules: Rules, now: datetime) -> None:
    soon = now + NOTICE
    async with db.begin() as s:
        coming = await _found(s, col(Job.kept_until).is_(None), _goes(rules, soon))
        stays = col(Job.id).not_in(select(col(Job.id)).where(_goes(rules, soon)))
        stay = await _found(s, col(Job.kept_until).is_not(None), stays)
        for job_id in (*coming, *stay):
            job = await s.get_one(Job, job_id)
            job.kept_until = soon if job_id in coming else None
        await tell_again(s, [*coming, *stay])


async def _found(s: AsyncSession, *which: ColumnElement[bool]) -> Sequence[int]:
    made = select(col(Clip.number)).where(col(Clip.job_id) == col(Job.id)).exists()
    query = select(col(Job.id)).where(col(Job.let_go_at).is_(None), made, *which)
    return (await s.scalars(query.order_by(col(Job.id)).limit(AT_ONCE))).all()


def _goes(rules: Rules, at: datetime) -> ColumnElement[bool]:
    """What will have been kept for long enough by then, is in no film or chain, and nothing grew out of."""
    child = aliased(Job)
    grown = select(col(child.id)).where(
        (col(child.parent_id) == col(Job.id)) | (col(child.source_id) == col(Job.id)),
        col(child.status).not_in(UNDONE),
    )
    shown = select(col(Part.film_id)).where(col(Part.job_id) == col(Job.id))
    seated = select(col(Seat.id)).where(col(Seat.job_id) == col(Job.id))
    old = or_(_draft(rules, at), _rejected(rules, at))
    return and_(old, ~grown.exists(), ~shown.exists(), ~seated.exists())


def _draft(rules: Rules, at: datetime) -> ColumnElement[bool]:
    if rules.keep_drafts is None:
        return false()
    done = (Status.READY, Status.WITHDRAWN, Status.REJECTED_FINALLY)
    old = col(Job.finished_at) <= at - rules.keep_drafts
    over = col(Job.status).in_(done) | _past_appeal(at)
    return col(Job.draft) & ~col(Job.held) & over & old


def _rejected(rules: Rules, at: datetime) -> ColumnElement[bool]:
    if rules.keep_rejected is None:
        return false()
    finally_ = (col(Job.status) == Status.REJECTED_FINALLY) | _past_appeal(at)
    return finally_ & (col(Job.status_since) <= at - rules.keep_rejected)


def _past_appeal(at: datetime) -> ColumnElement[bool]:
    """What was taken down may be put back, and isn't meant."""
    over = col(Job.status_since) <= at - APPEAL_TIME
    return (col(Job.status) == Status.REJECTED) & col(Job.published_at).is_(None) & over


# ── how much ─────────────────────────────────────────────────────────────────────────────


async def measure(db: Db, media: Media, room: int | None) -> None:
    """Note whether there is room for more; ``room``: bytes that all media may take, None for any."""
    taken = await media.taken() if room is not None else 0
    full = room is not None and taken >= room
    async with db.begin() as s:
        if full != bool(await notes.get(s, FULL)):
            await notes.put(s, FULL, "yes" if full else "")
    if room is not None and taken >= NEARLY * room:
        log.warning("media.full" if full else "media.nearly_full", taken=taken, room=room)
    if (free := await media.free()) < LOW_DISK_BYTES:
        log.warning("disk.nearly_full", free=free)


async def insist_on_room(s: AsyncSession) -> None:
    """Raises ``Refused`` while there is none."""
    if await notes.get(s, FULL):
        raise Refused(NO_ROOM)
