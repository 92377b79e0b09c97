"""How many jobs a second go all the way when the model takes no time: submitted, claimed, made,
encoded, stored, and their review cards shown.

``python -m bench.lifecycles`` puts jobs of several people into the line of a whole studio with one
worker, and next to it lets one arq worker with the same settings drain jobs that do nothing from the
same Valkey.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from arq.connections import create_pool
from arq.worker import Worker
from sqlalchemy import func, select
from sqlmodel import col

from bench import studio
from bench.engines import NOTHING, catalogue_file
from bench.figures import published
from bench.report import Figure, main, say
from bench.studio import POLL_SECONDS, Studio
from db import broker
from db.broker import Broker
from db.models import Job, Post, utcnow
from db.states import Purpose
from gen import worker
from moderation.desk import Desk
from moderation.rules import Rules
from moderation.wish import Request, Wish

JOBS, QUICK_JOBS = 100, 20
NO_OPS, QUICK_NO_OPS = 2000, 500
ARTISTS = 10
QUEUE = "bench:no-op"
LIMIT_SECONDS = 300.0


async def measure(quick: bool) -> list[Figure]:
    count, no_ops = (QUICK_JOBS, QUICK_NO_OPS) if quick else (JOBS, NO_OPS)
    with studio.folder() as where:
        models = catalogue_file(where / "models.toml", NOTHING)
        async with studio.up(where, SORA_MODELS=str(models)) as running:
            await running.answers()
            await running.worker_ready()
            say("lifecycles: the first one warms up")
            await _lifecycles(running, 1)
            one_by_one = [await _lifecycles(running, 1) for _ in range(count // 10)]
            say(f"lifecycles: {count} at once")
            all_at_once = await _lifecycles(running, count)
            say("lifecycles: arq alone")
            alike = await _no_ops(running, no_ops // 20, 1)
            fastest = await _no_ops(running, no_ops, no_ops)
    rate = count / all_at_once
    return [
        published("lifecycles: all at once", rate, f"{count} jobs"),
        published(
            "lifecycles: beside arq's rate, set up alike",
            rate / alike * 100,
            f"{alike:,.0f} a second: it starts one each time it looks",
        ),
        Figure(
            "lifecycles: beside arq's rate, all at once",
            rate / fastest * 100,
            "%",
            f"{fastest:,.0f} a second",
        ),
        Figure("lifecycles: one alone", median(one_by_one) * 1000, "ms"),
    ]


async def _lifecycles(running: Studio, count: int) -> float:
    """Seconds from the first submission until the last review card stands."""
    bell = Broker(running.settings.broker)
    desk = Desk(running.db, bell, Rules(queued_cap=count))
    artists = [await studio.known(running.db, f"artist {number}") for number in range(ARTISTS)]
    began, key = time.monotonic(), utcnow().isoformat()
    last = 0
    for number in range(count):
        wish, request = Wish("nothing at all"), Request(f"bench-{key}-{number}", "web", "bench")
        last = (await desk.submit(artists[number % ARTISTS], wish, request)).id
    shown = (
        select(func.count())
        .select_from(Post)
        .join(Job, col(Job.id) == col(Post.job_id))
        .where(
            col(Post.purpose) == Purpose.REVIEW, col(Post.message) != "", col(Job.id) > last - count
        )
    )
    found: int | None = 0
    while found != count:
        await asyncio.sleep(POLL_SECONDS)
        async with running.db.read() as s:
            found = await s.scalar(shown)
    took = time.monotonic() - began
    await bell.close()
    return took


async def no_op(ctx: dict[str, Any], number: int) -> None:
    """What arq is asked to do."""


async def _no_ops(running: Studio, count: int, at_once: int) -> float:
    """Jobs a second that one arq worker drains, set up as ours is but for how many at once."""
    settings = broker.redis_settings(running.settings.broker)
    pool = await create_pool(
        settings,
        default_queue_name=QUEUE,
        job_serializer=broker.serialize,
        job_deserializer=broker.deserialize,
    )
    for number in range(count):
        await pool.enqueue_job(no_op.__name__, number)
    await pool.aclose()
    draining = Worker(
        functions=[no_op],
        redis_settings=settings,
        queue_name=QUEUE,
        burst=True,
        max_jobs=at_once,
        job_timeout=worker.BELL_SECONDS,
        max_tries=1,
        retry_jobs=False,
        keep_result=0,
        allow_abort_jobs=False,
        poll_delay=worker.POLL_SECONDS,
        handle_signals=False,
        job_serializer=broker.serialize,
        job_deserializer=broker.deserialize,
    )
    began = time.monotonic()
    await draining.async_run()
    rate = count / (time.monotonic() - began)
    await draining.close()
    assert draining.jobs_complete == count
    return rate


if __name__ == "__main__":
    main("lifecycles", __doc__, measure, LIMIT_SECONDS)
