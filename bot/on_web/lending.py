"""What lent workers are told and say, over HTTP; ``db.lending`` is the language, ``db.lent`` what is so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.on_web import lending_files
from bot.on_web.described import described
from bot.on_web.lending_door import (
    DONE,
    IN_SESSION,
    REFUSES,
    Caller,
    No,
    answer,
    caller,
    hears,
    in_hand,
    insist_on_session,
    insist_on_work,
    once_at_a_time,
)
from db import lender_keys, lent, lent_claims, lent_files, workers
from db.lending import (
    BASE,
    Announcement,
    Asking,
    Beat,
    Failure,
    Given,
    Held,
    Made,
    Orders,
    Progress,
    Wanted,
    Welcome,
)
from db.lent import Moved
from db.models import LenderKey, Worker, utcnow

LOOK_SECONDS = 1.0
"""How often a claim that waits looks at the line."""
RENDER = BASE + r"/renders/{job:\d{1,9}}/{attempt:\d{1,9}}"
UNANNOUNCED = "Announce yourself first."

log = structlog.get_logger()


def add_to(router: web.UrlDispatcher) -> None:
    """The addresses."""
    for path, handler in {
        "/announce": hears(Announcement, announce, Welcome, headers={}),
        "/beat": hears(Beat, beat, Orders),
        "/claim": hears(Asking, claim, Given),
        "/gone": gone,
    }.items():
        router.add_post(BASE + path, handler)
    for path, handler in {
        "/hold": hears(Progress, hold, Held),
        "/done": hears(Made, done),
        "/fail": hears(Failure, fail),
        "/put-back": put_back,
    }.items():
        router.add_post(RENDER + path, handler)
    router.add_get(RENDER + "/{which:first|last|film}", lending_files.given, allow_head=False)
    router.add_put(RENDER + "/clips/{number:[1-4]}", lending_files.sent)


# ── the worker ───────────────────────────────────────────────────────────────────────────


async def announce(call: Caller, heard: Announcement) -> Welcome:
    """A lent worker has started."""
    async with call.site.db.begin() as s:
        key = await _key(s, call)
        models, lost = await lent_claims.announce(s, key, heard.session, heard.offers, heard.state)
    await _moved(call, lost)
    insist_on_work(key)
    log.info("lent.announced", worker=call.worker, models=models)
    return Welcome(name=call.worker, models=tuple(models))


async def beat(call: Caller, heard: Beat) -> Orders:
    """It is there still."""
    insist_on_session(call.request, call.key)
    cards: list[workers.Card] = [
        {"number": c.number, "name": c.name, "used": c.used, "total": c.total, "busy": c.busy}
        for c in heard.cards
    ]
    async with call.site.db.begin() as s:
        await lender_keys.seen(s, call.key.name)  # the key first, as whoever revokes it does
        worker = await _worker(s, call)
        kept, loaded = worker.loaded == heard.loaded, bool(heard.loaded)
        await workers.seen(
            s,
            call.worker,
            {
                "state": heard.state,
                "cards": cards,
                "loaded": heard.loaded,
                "loaded_at": worker.loaded_at if kept else utcnow() if loaded else None,
                "loads": worker.loads + (loaded and not kept),
                "busy": worker.busy,
                "measured": {},
            },
        )
    return Orders(drain=worker.draining)


@described({}, headers=IN_SESSION, also=DONE, refuses=REFUSES)
async def gone(request: web.Request) -> web.Response:
    """The worker ends."""
    call = caller(request)
    insist_on_session(request, call.key)
    async with call.site.db.begin() as s:
        await workers.gone(s, call.worker)
    return answer(None)


# ── its renders ──────────────────────────────────────────────────────────────────────────


async def claim(call: Caller, asked: Asking) -> Given:
    """The next job that it may have, as soon as there is one."""
    insist_on_session(call.request, call.key)
    with once_at_a_time(call, "claim"):
        return await _waited_for(call, asked.wait)


async def _waited_for(call: Caller, seconds: int) -> Given:
    until = time.monotonic() + seconds
    may_wait = True
    while True:
        if may_wait:
            given = await _claimed(call)
            if given.drain or given.job is not None:
                return given
        transport = call.request.transport
        if time.monotonic() >= until or transport is None or transport.is_closing():
            return Given()
        await asyncio.sleep(LOOK_SECONDS)
        async with call.site.db.read() as s:
            worker = await _worker(s, call)
            may_wait = worker.draining or await lent_claims.may_wait(s, call.key, worker)


async def _claimed(call: Caller) -> Given:
    async with call.site.db.begin() as s:
        key = await _key(s, call)
        insist_on_session(call.request, key)  # another process may have announced itself meanwhile
        worker = await _worker(s, call)
        if worker.draining:
            return Given(drain=True)
        found = await lent_claims.claim(s, key, worker)
    await _moved(call, found.failed)
    if found.job is None:
        return Given()
    job = found.job
    log.info("lent.given", job=job.id, attempt=job.attempt, worker=call.worker)
    await call.site.desk.broker.spread(job.id)
    return Given(job=Wanted.of(job, found.inputs))


async def hold(call: Caller, heard: Progress) -> Held:
    """The render goes on, and is this far."""
    insist_on_session(call.request, call.key)
    part = heard.done / heard.total
    async with call.site.db.begin() as s:
        wanted = await lent.hold(s, call.key, *call.render, part)
    if wanted:
        await call.site.desk.broker.spread(call.render[0])
    return Held(wanted=wanted)


async def done(call: Caller, heard: Made) -> None:
    """All clips of a render were sent."""
    async with call.site.db.begin() as s:
        found = await in_hand(s, call)
        if missing := lent_files.missing(found):
            raise No(422, f"Not all of it was sent: clip {missing[0]} is missing.")
        await lent.deliver(s, found, heard.seconds, heard.energy_wh)
    job_id, attempt = call.render
    log.info("lent.delivered", job=job_id, worker=call.worker)
    await call.site.desk.broker.ring(job_id, attempt)  # for the one that looks at it


async def fail(call: Caller, heard: Failure) -> None:
    """The render came to nothing."""
    async with call.site.db.begin() as s:
        await _key(s, call)  # first, as whoever revokes it does
        back = await lent.gave_up(s, await in_hand(s, call))
    log.warning("lent.failed", job=call.render[0], worker=call.worker, why=heard.why)
    await _moved(call, back)


@described({}, headers=IN_SESSION, also=DONE, refuses=REFUSES)
async def put_back(request: web.Request) -> web.Response:
    """The worker stops, and somebody else is to make this."""
    call = caller(request)
    async with call.site.db.begin() as s:
        await lent.put_back(s, await in_hand(s, call))
    await _moved(call, [Moved(*call.render)])
    return answer(None)


# ── what they share ──────────────────────────────────────────────────────────────────────


async def _key(s: AsyncSession, call: Caller) -> LenderKey:
    """As it is now, for what mustn't be given to one that was revoked meanwhile. Raises ``No``."""
    key = await lender_keys.get(s, call.key.name, lock=True)
    if key is None:
        raise No(403, UNANNOUNCED)
    insist_on_work(key)
    return key


async def _worker(s: AsyncSession, call: Caller) -> Worker:
    worker = await s.get(Worker, call.worker, populate_existing=True)
    if worker is None:
        raise No(412, UNANNOUNCED)
    return worker


async def _moved(call: Caller, moved: Iterable[Moved]) -> None:
    """These jobs wait again, or failed."""
    for job_id, attempt in moved:
        await call.site.desk.broker.ring(job_id, attempt)
        await call.site.desk.broker.spread(job_id)
