"""Renders jobs: claim, make, store, finish. The bell says when to look; the database says at what."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bound_contextvars

from db import jobs, lender_keys, lent, renders, traces, workers
from db.broker import Broker
from db.lent import InHand
from db.line import NEVER, Hand
from db.media import Media
from db.models import Job
from db.session import Db, is_away
from db.states import PUT_TOGETHER, Status
from gen.answers import BROKE
from gen.briefs import brief_of, inputs_of
from gen.catalogue import Catalogue
from gen.checking import Checker
from gen.claims import bring_parents, claims_of
from gen.credentials import Claim, Signing
from gen.engines.base import CannotMake, Inputs, Stopped
from gen.films import order_of, seen_in
from gen.host import Host
from gen.keeping import Keeper
from gen.lease import Lease
from gen.order import Order
from gen.rendered import Rendered
from gen.signing_key import SigningKey
from gen.stitcher import Stitcher
from gen.trouble import DISK_FULL, RenderFailed, is_full

GLANCE_SECONDS = 5.0
"""An idle worker looks at the line this often even if no bell rings."""

Signed = tuple[Rendered, tuple[Claim, ...]]
"""What was made, and what was said of its clips as they were signed; nothing where they weren't yet."""

log = structlog.get_logger()


async def render(ctx: dict[str, Any], job_id: int) -> None:
    """The task behind the bell. It lasts as long as the worker is busy, so that a busy worker leaves
    the bells to idle ones; which job is rendered is for the line to say."""
    renderer: Renderer = ctx["who"]
    await renderer.look()


class Renderer:
    """Takes jobs from the line, one at a time, from ``start`` until ``close``."""

    def __init__(
        self,
        db: Db,
        broker: Broker,
        media: Media,
        host: Host,
        catalogue: Catalogue,
        scratch: Path,
        worker: str,
        running_cap: int,
        key: SigningKey,
        backlog: int | None = None,
        checker: Checker | None = None,
    ) -> None:
        """``checker``: looks at what lent workers send; without one it does that by itself."""
        self._db = db
        self._backlog = backlog
        self._broker = broker
        self._media = media
        self._keeper = Keeper(db, broker, media)
        self._host = host
        self._stitcher = Stitcher()
        self._checker = checker or Checker(db, broker, media, host, catalogue)
        self._catalogue = catalogue
        self._scratch = scratch
        self._worker = worker
        self._running_cap = running_cap
        self._key = key
        self._job: Job | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.drained = asyncio.Event()
        """Set once it has heard that it is to take no more, which is between two renders."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; a job that is being rendered goes back into the line."""
        if self._task is not None:
            async with self._claiming:  # so that no job is claimed and then forgotten
                self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> None:
        """Look at the line now, and return when there is nothing left to render."""
        if self.drained.is_set():
            return
        self._idle.clear()
        self._wake.set()
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            self._idle.clear()
            self._wake.clear()
            try:
                async with self._claiming, self._db.begin() as s:
                    if await workers.is_draining(s, self._worker):
                        self.drained.set()
                        self._idle.set()
                        return
                    sent = await lent.take(s, self._worker, self._checker.models)
                    hand, cap = self._hand(), self._running_cap
                    job = sent.job if sent else await renders.claim_next(s, self._worker, hand, cap)
                if job is not None:
                    if sent is None:
                        traces.past(job.id, "wait", job.queued_at, model=job.model)
                    span = traces.span(job.id, "check" if sent else "render")
                    busy = self._host.measures.rendering()
                    with busy, bound_contextvars(job=job.id), span:
                        await self._attend(job, sent)
                    continue
                async with self._db.read() as s:
                    self._prepare(await renders.most_wanted(s, self._worker, hand))
            except Exception:  # e.g. the database is away: the lease brings the job back
                log.exception("line.failed")
            if not self._wake.is_set():
                self._idle.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GLANCE_SECONDS):
                        await self._wake.wait()

    def _hand(self) -> Hand:
        host, since = self._host, self._host.warm.since or NEVER
        return Hand(self._catalogue.keys(), host.model, since, host.measures.load_seconds())

    def _prepare(self, model: str) -> None:
        """Have a model ready before it is asked for: this one, or at first the default."""
        if not model and not self._host.warm.kept:
            model = next(iter(self._catalogue))
        if model:
            self._host.load(self._catalogue[model])

    async def listen(self) -> None:
        """Stop a render as soon as the news says that it is no longer wanted."""
        async with aclosing(self._broker.news()) as news:
            await self._heed(news)

    async def _heed(self, news: AsyncIterator[int]) -> None:
        async for job_id in news:
            mine = self._job
            if mine is None:
                self._wake.set()  # perhaps it is in line; the bell itself may be a moment later
                continue
            if mine.id != job_id:
                continue
            try:
                async with self._db.read() as s:
                    job = await jobs.get(s, job_id)
            except DBAPIError as error:
                log.warning("database.unreachable", job=job_id, error=type(error).__name__)
                continue
            if not _is_ours(job, mine) and self._job is mine:
                with bound_contextvars(job=job_id):
                    self._maker(mine).stop()

    def _maker(self, job: Job) -> Host | Stitcher:
        return self._stitcher if job.task in PUT_TOGETHER else self._host

    async def _attend(self, job: Job, sent: InHand | None = None) -> None:
        """See a claimed job to one of its ends; ``sent``: what a lent worker has made of it."""
        what = "check.started" if sent else "render.started"
        log.info(what, attempt=job.attempt, model=job.model)
        self._job = job
        lease = Lease(job, self._db, self._broker, self._media, self._maker(job).stop)
        stored: list[str] = []
        finished = False
        try:
            await self._broker.spread(job.id)
            finished = await self._make(job, lease, stored, sent)
            log.info("render.finished" if finished else "render.unwanted")
        except Stopped:
            log.info("render.stopped")
        except (CannotMake, RenderFailed) as failure:
            log.warning("render.failed", kind=type(failure).__name__)
            await self._fail(job, str(failure))
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(job, sent))
            raise
        except Exception as error:  # it is logged, and said on the card if it is the render's fault
            await self._broke(job, error, sent)
        finally:
            self._job = None
            keys = [lease.preview_key] if finished else [lease.preview_key, *stored]
            await asyncio.shield(self._keeper.discard(job, keys))
        await self._broker.spread(job.id)

    async def _make(self, job: Job, lease: Lease, stored: list[str], sent: InHand | None) -> bool:
        """Render, store and finish; whether it still counted. Names in ``stored`` what it stored."""
        make = self._put_together if job.task in PUT_TOGETHER else self._render
        if sent is not None:
            make = partial(self._check, sent)
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as name:
                async with lease:
                    rendered, claims = await make(job, Path(name), lease)
                    made = await self._keeper.store(job, rendered, stored)
                    log.info("render.stored", clips=len(made))
            async with self._db.begin() as s:
                if sent is not None:  # before the job, as whoever revokes the key does
                    await lender_keys.get(s, sent.render.key, lock=True)
                if claims and await self._claims(s, job) != claims:
                    for clip in made:  # what it was made from has changed meanwhile, say
                        clip.signed = False
                said = {"backlog": self._backlog, **rendered.used}
                finished = await renders.finish(
                    s, job.id, job.attempt, made, rendered.notes, **said
                )
                if finished and sent is not None:
                    await lender_keys.accepted(s, sent.render.key)
                return finished
        except OSError as error:
            if not is_full(error):
                raise
            raise RenderFailed(DISK_FULL) from error

    async def _render(self, job: Job, folder: Path, lease: Lease) -> Signed:
        entry = self._catalogue[job.model]
        brief = brief_of(job, entry)
        inputs, claims = await self._keeper.patiently(job, lambda: self._given(job))
        signing = Signing(self._key, claims)
        rendered = await self._host.render(entry, brief, folder, lease.on_step, inputs, signing)
        return replace(rendered, approximations=entry.approximations), claims

    async def _check(self, sent: InHand, job: Job, folder: Path, lease: Lease) -> Signed:
        inputs, claims = await self._keeper.patiently(job, lambda: self._given(job))
        signing = Signing(self._key, claims)
        return await self._checker.check(sent, inputs, signing, folder), claims

    async def _given(self, job: Job) -> tuple[Inputs, tuple[Claim, ...]]:
        async with self._db.read() as s:
            inputs = await inputs_of(s, self._media, job)
            claims = await self._claims(s, job)
        await bring_parents(self._media, claims)
        return inputs, claims

    async def _claims(self, s: AsyncSession, job: Job) -> tuple[Claim, ...]:
        return await claims_of(s, self._media, job, self._catalogue.get(job.model))

    async def _put_together(self, job: Job, folder: Path, lease: Lease) -> Signed:
        order = await self._keeper.patiently(job, lambda: self._order(job))
        async with self._db.read() as s:
            hashes, marks = await seen_in(s, job)
        rendered = await self._stitcher.stitch(order, folder, lease.on_step)
        made = tuple(replace(clip, hashes=hashes, marks=marks) for clip in rendered.clips)
        return replace(rendered, clips=made), ()

    async def _order(self, job: Job) -> Order:
        async with self._db.read() as s:
            return await order_of(s, self._media, job)

    # ── its other ends ───────────────────────────────────────────────────────────────────

    async def _broke(self, job: Job, error: Exception, sent: InHand | None) -> None:
        """A database that went away is no fault of the render: it goes back into the line."""
        if is_away(error):
            log.warning("database.unreachable", error=type(error).__name__)
            await self._put_back(job, sent)
            return
        log.exception("render.broke")
        await self._fail(job, BROKE)

    async def _fail(self, job: Job, sentence: str) -> None:
        async with self._db.begin() as s:
            await renders.fail(s, job.id, job.attempt, sentence)

    async def _put_back(self, job: Job, sent: InHand | None) -> None:
        await (self._checker.let_go(sent) if sent else self._keeper.put_back(job))


def _is_ours(now: Job | None, claimed: Job) -> bool:
    return now is not None and now.status is Status.RENDERING and now.attempt == claimed.attempt
