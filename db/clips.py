"""Clips: the finished variations of a job."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import notes
from db.grouped import by_job
from db.media import Media
from db.models import Clip, Job, LentRender, Note, Part, utcnow
from db.session import Db
from db.states import Status

DISCARDED = "media:discarded:"
"""What the note begins with of a key that is to go from the bucket."""


async def of(s: AsyncSession, job_id: int) -> Sequence[Clip]:
    return (await of_jobs(s, [job_id]))[job_id]


async def of_jobs(s: AsyncSession, job_ids: Collection[int]) -> dict[int, list[Clip]]:
    """The clips of each of these jobs, by their numbers."""
    query = select(Clip).where(col(Clip.job_id).in_(job_ids)).order_by(col(Clip.number))
    return by_job(await s.scalars(query), job_ids)


async def get(s: AsyncSession, job_id: int, number: int) -> Clip | None:
    return await s.get(Clip, (job_id, number))


async def unused(s: AsyncSession, keys: Collection[str]) -> set[str]:
    """Those of these media keys that no clip and no job needs, no running render shows, and nobody who lends
    a worker has sent."""
    found: set[str] = set()
    for key in (Clip.video_key, Clip.poster_key, Clip.preview_key):
        kept = select(col(key)).join(Job, col(Job.id) == col(Clip.job_id))
        kept = kept.where(col(key).in_(keys), col(Job.let_go_at).is_(None))
        found.update(await s.scalars(kept))
    for key in (Job.first_key, Job.last_key):
        found.update(await s.scalars(select(col(key)).where(col(key).in_(keys))))
    shown = select(col(Job.preview_key)).where(
        col(Job.status) == Status.RENDERING, col(Job.preview_key).in_(keys)
    )
    found.update(await s.scalars(shown))
    for sent in await s.scalars(select(col(LentRender.files))):
        found.update(sent.values())
    return set(keys) - found


async def discard_unused(s: AsyncSession, media: Media, keys: Collection[str]) -> None:
    """Remove the files that nothing needs, while the transaction keeps others from needing them.

    No transaction waits for a bucket: what is to go from there is noted, for ``remove_noted``.
    """
    for key in await unused(s, set(keys) - {""}):
        if media.bucket is None:
            await media.discard(key)
        else:
            await notes.put(s, f"{DISCARDED}{key}", "")


async def keep(db: Db, media: Media, key: str) -> None:
    """Before what was discarded is put again: what is noted of it doesn't count any more."""
    if media.bucket is not None:
        async with db.begin() as s:
            await s.execute(delete(Note).where(col(Note.name) == f"{DISCARDED}{key}"))


async def remove_noted(db: Db, media: Media) -> None:
    """Remove from a bucket what was discarded. Raises ``StoreTrouble``; what is left is noted still."""
    if media.bucket is None:
        return
    async with db.read() as s:
        noted = await notes.beginning(s, DISCARDED)
    for name in noted:
        key = name.removeprefix(DISCARDED)
        async with db.read() as s:
            goes = await s.get(Note, name) and await unused(s, [key])
        if goes:
            await media.discard(key)
        async with db.begin() as s:
            await s.execute(delete(Note).where(col(Note.name) == name))


async def show(s: AsyncSession, job_id: int, numbers: Collection[int]) -> None:
    """Put these clips of a job into the showcase, and no others."""
    await s.execute(
        update(Clip)
        .where(col(Clip.job_id) == job_id)
        .values(shown=col(Clip.number).in_(numbers), shown_since=utcnow())
        .execution_options(synchronize_session=False)
    )


# ── credentials ──────────────────────────────────────────────────────────────────────────


async def unsigned(
    s: AsyncSession, after: tuple[int, int] = (0, 0), limit: int = 50
) -> list[tuple[int, int]]:
    """(job, number) of clips whose file doesn't say what it must; ``after`` is where to go on."""
    rows = await s.execute(
        select(col(Clip.job_id), col(Clip.number))
        .join(Job, col(Job.id) == col(Clip.job_id))
        .where(
            ~col(Clip.signed),
            col(Job.status) != Status.WITHDRAWN,
            col(Job.let_go_at).is_(None),
            tuple_(col(Clip.job_id), col(Clip.number)) > after,
        )
        .order_by(col(Clip.job_id), col(Clip.number))
        .limit(limit)
    )
    return [(job_id, number) for job_id, number in rows.all()]


async def unsign(s: AsyncSession, job_id: int, number: int | None = None) -> None:
    """Have a clip signed anew, or all of a job: what its file must say has changed."""
    which = col(Clip.job_id) == job_id
    await _unsign(s, which if number is None else which & (col(Clip.number) == number))


async def unsign_children(s: AsyncSession, job_id: int, number: int | None = None) -> None:
    """Have what was made from a clip, or from any of a job, signed anew: it quotes that clip."""
    grown = (col(Job.parent_id) == job_id, col(Job.parent_clip))
    made = (col(Job.source_id) == job_id, col(Job.source_clip))
    shown = (col(Part.job_id) == job_id, col(Part.clip))
    which = [of if number is None else of & (clip == number) for of, clip in (grown, made, shown)]
    begot = select(col(Job.id)).where(which[0] | which[1])
    films = select(col(Part.film_id)).where(which[2])
    await _unsign(s, col(Clip.job_id).in_(begot) | col(Clip.job_id).in_(films))


async def unsign_named(s: AsyncSession, job_ids: Collection[int]) -> None:
    """Have those clips of these jobs signed anew that name their artist: that is somebody else now."""
    await _unsign(s, col(Clip.job_id).in_(job_ids) & col(Clip.named))


async def _unsign(s: AsyncSession, which: ColumnElement[bool]) -> None:
    await s.execute(
        update(Clip).where(which).values(signed=False).execution_options(synchronize_session=False)
    )


async def being_read(s: AsyncSession, job_id: int, number: int) -> bool:
    """Whether a render reads this clip's file just now: it goes on from it, or from a glimpse of it, or
    puts it into a film."""
    films = select(col(Part.film_id)).where(col(Part.job_id) == job_id, col(Part.clip) == number)
    source = (col(Job.source_id) == job_id) & (col(Job.source_clip) == number)
    found = select(col(Job.id)).where(
        col(Job.status) == Status.RENDERING,
        source | col(Job.source_id).in_(films) | col(Job.id).in_(films),
    )
    return await s.scalar(found.limit(1)) is not None


async def replace_video(s: AsyncSession, clip: Clip, key: str, size: int) -> bool:
    """Put the signed file in the place of the one that the clip had when it was read.

    False, and nothing changed, when it has another by now.
    """
    made = await s.execute(
        update(Clip)
        .where(
            col(Clip.job_id) == clip.job_id,
            col(Clip.number) == clip.number,
            col(Clip.video_key) == clip.video_key,
        )
        .values(video_key=key, bytes=size, signed=True)
        .returning(col(Clip.number))
        .execution_options(synchronize_session=False)
    )
    return made.first() is not None
