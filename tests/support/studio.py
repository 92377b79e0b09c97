"""People, wishes and finished jobs for tests of the desk: real rows, made the way the studio does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from db import jobs, people, renders, workers
from db.broker import Broker
from db.line import Hand
from db.models import Clip, Job, utcnow
from db.offers import Draft, Offer, Range
from db.session import Db
from db.states import RENDERED
from moderation.desk import Desk
from moderation.people import Person, Role
from moderation.rules import Rules
from moderation.wish import Request, Wish

OFFER = Offer(
    name="toy",
    title="Toy",
    about="Draws nothing; for tests.",
    licence="Apache-2.0",
    sizes={"1:1": (64, 64), "16:9": (96, 56)},
    fps=8,
    seconds=Range(low=1, high=4, default=2),
    steps=Range(low=1, high=50, default=4),
    guidance=Range(low=1, high=6, default=2),
    variations=2,
)
ABLE = OFFER.model_copy(update={"tasks": RENDERED, "draft": Draft(steps=2, scale=0.5)})
"""The same model, able to do all that there is, and with drafts."""
MODERATOR = frozenset({Role.MODERATOR})
NO_BROKER = "unix:///nonexistent/valkey.sock"
UNSHOWN = Clip(
    job_id=0, number=1, seed=0, video_key="", poster_key="", preview_key="", bytes=0, showcase=True
)
"""A clip that is in no showcase, though its artist allows it."""
_keys = itertools.count()


def request(key: str | None = None, room: str = "web") -> Request:
    return Request(key or f"test-{next(_keys)}", room)


async def person(db: Db, name: str, *roles: Role) -> Person:
    async with db.begin() as s:
        row = await people.known(s, "test", "", name, name)
    return Person(row.id, name, frozenset(roles))


class Studio:
    """A desk, and the worker's half of the life of a job done by hand."""

    def __init__(self, db: Db, broker: Broker, rules: Rules | None = None) -> None:
        self.db = db
        self.desk = Desk(db, broker, rules or Rules())
        self.backlog: int | None = None

    async def open(self, offers: Sequence[Offer] = (OFFER,)) -> Studio:
        async with self.db.begin() as s:
            await workers.announce(s, "worker", offers, "ready")
        return self

    async def submit(self, who: Person, prompt: str = "a red circle", **wish: Any) -> Job:
        return await self.desk.submit(who, Wish(prompt, **wish), request())

    async def claim(self, worker: str = "worker", running_cap: int = 2) -> Job | None:
        async with self.db.begin() as s:
            return await renders.claim_next(s, worker, Hand({"toy"}), running_cap)

    async def finish(self, job: Job, attempt: int | None = None) -> bool:
        clips = [
            Clip(
                job_id=job.id,
                number=number,
                seed=job.seed + number - 1,
                video_key=f"{number:064x}.mp4",
                poster_key=f"{number:064x}.jpg",
                preview_key=f"{number:064x}.webp",
                bytes=1000,
            )
            for number in range(1, job.variations + 1)
        ]
        async with self.db.begin() as s:
            return await renders.finish(
                s, job.id, attempt or job.attempt, clips, (), backlog=self.backlog
            )

    async def rendered(self, who: Person, prompt: str = "a red circle", **wish: Any) -> Job:
        """A job that has gone through the line and a render."""
        submitted = await self.submit(who, prompt, **wish)
        claimed = await self.claim()
        assert claimed is not None
        assert claimed.id == submitted.id
        assert await self.finish(claimed)
        return await self.job(claimed.id)

    async def sign(self) -> None:
        """What a worker does that has nothing else to do: all files say what they must by now."""
        async with self.db.begin() as s:
            await s.execute(update(Clip).values(signed=True))

    async def job(self, job_id: int) -> Job:
        async with self.db.read() as s:
            found = await jobs.get(s, job_id)
        assert found is not None
        return found

    async def change(self, job_id: int, **values: Any) -> None:
        """Set columns that only time changes, such as a lease."""
        async with self.db.begin() as s:
            job = await s.get_one(Job, job_id)
            for name, value in values.items():
                setattr(job, name, value)

    async def lose(self, job_id: int) -> None:
        """Let a render's lease run out, as if its worker had died."""
        await self.change(job_id, lease_until=utcnow() - timedelta(seconds=1))
