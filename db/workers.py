"""Workers: who renders, what they offer, how fast they have been."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.line import NEVER, Hand
from db.models import Job, LenderKey, LentRender, Worker, utcnow
from db.offers import Offer
from db.speed import Render, Shape
from db.upsert import upsert

READY = "ready"
"""The state of one that has a model and could render with it at once."""
ALIVE = timedelta(seconds=30)
FORGOTTEN = timedelta(days=1)
OWNER = re.compile(r"[^:]+:[^:]*:.+")
"""Who is credited for what a worker renders: platform:workspace:user id."""


class Card(TypedDict):
    """One graphics card: its number in its machine, its memory in bytes, and how busy it is, 0 to 1."""

    number: int
    name: str
    used: int
    total: int
    busy: float


class Measured(TypedDict, total=False):
    """What a model takes on one worker; each only where it was measured."""

    speed: float
    """Pixels times steps a second, the median of its latest renders; the same for any size."""
    load_seconds: float
    """To load it, the last time."""
    memory: int
    """Bytes of the graphics cards that a render of it held at most, lately."""


class Doing(TypedDict):
    """What a worker says of itself with each sign of life; as in its row."""

    state: str
    cards: Sequence[Card]
    loaded: str
    loaded_at: datetime | None
    loads: int
    busy: float
    measured: Mapping[str, Measured]


async def announce(
    s: AsyncSession,
    name: str,
    offers: Sequence[Offer],
    state: str,
    running_cap: int = 2,
    owner: str = "",
    *,
    lent: bool = False,
    inputs: bool = True,
) -> dict[str, Measured]:
    """A worker has started; those that have been gone for a day are forgotten. What was measured on one
    of this name before."""
    now = utcnow()
    await s.execute(delete(Worker).where(col(Worker.seen_at) < now - FORGOTTEN))
    row = {
        "started_at": now,
        "seen_at": now,
        "state": state,
        "running_cap": running_cap,
        "owner": owner,
        "lent": lent,
        "inputs": inputs,
        "draining": False,
        "loaded": "",
        "loaded_at": None,
        "loads": 0,
        "busy": 0.0,
        "offers": [offer.model_dump(mode="json") for offer in offers],
    }
    measured: dict[str, Measured] = await s.scalar(
        upsert(s, Worker)
        .values(name=name, measured={}, **row)
        .on_conflict_do_update(index_elements=["name"], set_=row)
        .returning(col(Worker.measured))
    )
    return measured


async def seen(s: AsyncSession, name: str, doing: Doing) -> None:
    now = update(Worker).where(col(Worker.name) == name).values(seen_at=utcnow(), **doing)
    await s.execute(now)


async def drain(s: AsyncSession, names: Collection[str] = ()) -> set[str]:
    """Ask workers to finish what they render, take no more, and end: these, or all of the studio's own that
    live. The names of those that are there to hear it."""
    living = [worker for worker in await every(s) if alive(worker)]
    asked = {w.name for w in living if (w.name in names if names else not w.lent)}
    await s.execute(update(Worker).where(col(Worker.name).in_(asked)).values(draining=True))
    return asked


async def gone(s: AsyncSession, name: str) -> None:
    """A worker has said good-bye; its offers stay known, so that jobs can wait for its return."""
    await s.execute(
        update(Worker)
        .where(col(Worker.name) == name)
        .values(seen_at=utcnow() - 2 * ALIVE, state="stopped")
    )


async def every(s: AsyncSession) -> Sequence[Worker]:
    """All workers ever announced, most recently seen first."""
    return (await s.scalars(select(Worker).order_by(col(Worker.seen_at).desc()))).all()


async def owner(s: AsyncSession, job_id: int) -> str:
    """Who is credited for what the worker of this job renders for others; empty for nobody. Of a lent one
    its key says it: its row may be forgotten before somebody looks at what it sent."""
    lender = (
        select(col(LenderKey.owner))
        .join(LentRender, col(LentRender.key) == col(LenderKey.name))
        .join(Job, col(Job.id) == col(LentRender.job_id))
        .where(col(Job.id) == job_id, col(LentRender.attempt) == col(Job.attempt))
    )
    own = select(col(Worker.owner)).join(Job, col(Job.worker) == col(Worker.name))
    return await s.scalar(lender) or await s.scalar(own.where(col(Job.id) == job_id)) or ""


def alive(worker: Worker) -> bool:
    return worker.seen_at > utcnow() - ALIVE


async def is_draining(s: AsyncSession, name: str) -> bool:
    return bool(await s.scalar(select(col(Worker.draining)).where(col(Worker.name) == name)))


def takes_jobs(worker: Worker) -> bool:
    return alive(worker) and not worker.draining


def hand(worker: Worker) -> Hand:
    """What it can make, as it last said, and may."""
    return Hand(
        frozenset(offer["name"] for offer in worker.offers),
        worker.loaded,
        worker.loaded_at or NEVER,
        {
            model: measured["load_seconds"]
            for model, measured in worker.measured.items()
            if "load_seconds" in measured
        },
        own=not worker.lent,
        inputs=worker.inputs,
    )


async def taking(s: AsyncSession, but: Collection[str]) -> list[Worker]:
    """Those that take jobs, but for these."""
    return [w for w in await every(s) if takes_jobs(w) and w.name not in but]


async def offers(s: AsyncSession) -> list[Offer]:
    """Every model the studio knows, those of living workers first; the first is the default. What a lent
    worker says of a model counts where none of the studio's own has it."""
    found: dict[str, Offer] = {}
    for worker in sorted(await every(s), key=lambda worker: worker.lent):
        for offer in worker.offers:
            found.setdefault(offer["name"], Offer.model_validate(offer))
    return list(found.values())


async def offer(s: AsyncSession, model: str) -> Offer | None:
    """This one of them."""
    return next((one for one in await offers(s) if one.name == model), None)


async def recent_renders(s: AsyncSession, model: str, limit: int = 50) -> list[Render]:
    """The latest finished renders of a model, none of which was ever lost."""
    rows = await s.execute(
        select(
            *(col(getattr(Job, name)) for name in Shape._fields),
            col(Job.created_at),
            col(Job.started_at),
            col(Job.finished_at),
            col(Job.promised_seconds),
            col(Job.load_seconds),
            col(Job.worker),
        )
        .where(
            col(Job.model) == model,
            col(Job.finished_at).is_not(None),
            col(Job.losses) == 0,
        )
        .order_by(col(Job.finished_at).desc())
        .limit(limit)
    )
    return [
        Render(
            Shape(*shape),
            (finished - started).total_seconds() - load_seconds,
            (finished - created).total_seconds(),
            promised,
            worker,
        )
        for *shape, created, started, finished, promised, load_seconds, worker in rows.all()
    ]
