"""The worker's door: `python -m gen.worker`. It renders what is in line until SIGTERM or SIGINT.

The broker is only a bell here: while it is away the worker goes on with what the database says.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import structlog
from arq.constants import default_queue_name
from arq.worker import Worker
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from db import broker, logs, traces, workers
from db.broker import Broker
from db.media import media_of
from db.session import Db
from db.settings import BadSettings
from db.workers import Card, Doing
from gen import cards, catalogue, credentials, scratch, signing_key, stock, watched
from gen.catalogue import BadCatalogue
from gen.checking import Checker
from gen.host import Host
from gen.resign import Resigner, sign
from gen.settings import WorkerSettings
from gen.signing_key import BadCertificate, SigningKey
from gen.tasks import Renderer, render

BEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
POLL_SECONDS = 0.1
BELL_SECONDS = 6 * 3600
"""How long one bell may keep arq waiting. It bounds no render: the watchdog in gen/host.py does."""
REFUSALS = (BadSettings, BadCatalogue, BadCertificate, subprocess.SubprocessError)
"""What a host has to mend before a worker can begin."""

log = structlog.get_logger()


async def run(settings: WorkerSettings, models: catalogue.Catalogue, key: SigningKey) -> None:
    """Work until told to stop; then the render is back in line and the child has ended. A worker that
    drains ends by itself, after its render."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with _working(settings, models, key) as renderer:
        ends = [asyncio.create_task(end.wait()) for end in (stopped, renderer.drained)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        log.info("worker.stopping", drained=renderer.drained.is_set())


@asynccontextmanager
async def _working(
    settings: WorkerSettings, models: catalogue.Catalogue, key: SigningKey
) -> AsyncIterator[Renderer]:
    name = settings.worker_name or f"{socket.gethostname()}-{secrets.token_hex(2)}"
    db, bell, media = Db(settings.database), Broker(settings.broker), media_of(settings)
    host = Host(settings.device, settings.device_watts, settings.classifying)
    with scratch.folder(settings.scratch) as folder:
        cap, backlog = settings.running_cap, settings.review_backlog
        share, classifying = settings.lent_share_checked, settings.classifying
        checker = Checker(db, bell, media, host, models, share=share, classifying=classifying)
        renderer = Renderer(db, bell, media, host, models, folder, name, cap, key, backlog, checker)
        resigner = Resigner(db, media, key, models, folder)
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(_show(db, name, settings, models, host, renderer)),
                tasks.create_task(renderer.listen()),
                tasks.create_task(resigner.run()),
                tasks.create_task(media.tend()),
                tasks.create_task(_answer(settings, bell, default_queue_name, render, renderer)),
                tasks.create_task(_answer(settings, bell, broker.SIGNING, sign, resigner)),
            ]
            if settings.worker_metrics_port is not None:
                page = watched.page(name, db, bell, host, partial(_cards, settings))
                port = settings.worker_metrics_host, settings.worker_metrics_port
                running.append(tasks.create_task(watched.serve(page, *port)))
            host.start()
            try:
                yield renderer
            finally:
                await renderer.close()
                await host.close()
                for task in running:
                    task.cancel()
    await bell.close()
    await db.close()


async def _show(
    db: Db,
    name: str,
    settings: WorkerSettings,
    models: catalogue.Catalogue,
    host: Host,
    renderer: Renderer,
) -> None:
    """Announce this worker, have it render, and keep its row as fresh and as true as it can be."""
    offers = [entry.offer for entry in models.values()]
    may = (settings.running_cap, settings.worker_owner)
    announced = False
    try:
        while True:
            host.state_changed.clear()
            now = await _cards(settings)
            try:
                async with db.begin() as s:
                    if not announced:
                        before = await workers.announce(s, name, offers, host.state, *may)
                        host.measures.recall(before)
                    await workers.seen(s, name, _doing(host, now))
                if not announced:
                    log.info("worker.announced", worker=name, models=list(models))
                    renderer.start()  # not before: one of this name may have been draining
                announced = True
            except (DBAPIError, OSError) as error:
                log.warning("database.unreachable", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await host.state_changed.wait()
    finally:
        with suppress(DBAPIError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS), db.begin() as s:
                await workers.gone(s, name)


def _doing(host: Host, now: list[Card]) -> Doing:
    measures, warm = host.measures, host.warm
    return {
        "state": host.state,
        "cards": now,
        "loaded": warm.loaded,
        "loaded_at": warm.since,
        "loads": warm.loads,
        "busy": measures.busy(),
        "measured": measures.of_models(),
    }


async def _cards(settings: WorkerSettings) -> list[Card]:
    return await asyncio.to_thread(cards.look, settings.device, settings.visible_devices)


async def _answer(
    settings: WorkerSettings, bell: Broker, queue: str, task: Any, who: Renderer | Resigner
) -> None:
    """Answer the bells of one queue for ever; a broker that is away is waited for."""
    while True:
        if not await bell.ping():
            await asyncio.sleep(RETRY_SECONDS)
            continue
        worker = Worker(
            functions=[task],
            queue_name=queue,
            redis_settings=broker.redis_settings(settings.broker),
            ctx={"who": who},
            max_jobs=1,
            job_timeout=BELL_SECONDS,
            max_tries=1,
            retry_jobs=False,
            keep_result=0,
            allow_abort_jobs=False,
            poll_delay=POLL_SECONDS,
            handle_signals=False,
            job_serializer=broker.serialize,
            job_deserializer=broker.deserialize,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("broker.unreachable", during="bells", error=type(error).__name__)
        finally:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await worker.close()


def main() -> None:
    try:
        settings = WorkerSettings()
        logs.configure(settings.log_format)
        models = stock.on_offer(settings)
        key = signing_key.hold(settings)
        credentials.prove(key)
    except REFUSALS as error:
        sys.exit(str(error))
    if settings.otlp_endpoint:
        traces.begin("worker")
    asyncio.run(run(settings, models, key))


if __name__ == "__main__":
    main()
