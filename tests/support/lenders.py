"""A studio that takes lent workers, over real HTTP; and somebody who lends one, for the test to speak as."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from db import clips, lender_keys, lent
from db.broker import Broker
from db.lending import Announcement, Asking, Given, Held, Made, Progress, Wanted, Welcome
from db.models import Clip, Job, LenderKey, LentRender
from db.offers import Offer
from db.session import Db
from gen import encode, signing_key
from gen.catalogue import Catalogue
from gen.checking import Checker
from gen.engines.base import Brief, Film, Task
from gen.host import Host
from gen.settings import WorkerSettings
from gen.studio import Refused
from gen.studio import Studio as Reached
from gen.tasks import Renderer
from moderation.people import Person
from tests.bot.on_web.served import Served
from tests.support import engines
from tests.support.engines import Toy, entry
from tests.support.studio import person

OWNER = "test::Lender"


class Lending(Served):
    """A studio with one model, its web room, and one worker of its own that is in this process."""

    def __init__(self, db: Db, broker: Broker, folder: Path) -> None:
        super().__init__(db, broker, folder)
        self.diary = folder / "diary"
        toy = entry("toy", Toy, self.diary)
        self.toy = toy.model_copy(update={"tasks": (Task.TEXT, Task.IMAGE)})
        self.ada: Person
        self.tokens: dict[str, str] = {}

    async def begin(self) -> Lending:
        await self.open([self.toy.offer])
        await self.start(feed=False)
        self.ada = await person(self.db, "Ada")
        await person(self.db, "Lender")
        return self

    async def end(self) -> None:
        await self.stop()
        await self.broker.close()
        await self.db.close()

    async def key(self, name: str = "bo", **may: Any) -> str:
        """A new key; what it may is as in ``lender_keys.make``."""
        async with self.db.begin() as s:
            models = may.pop("models", ["toy"])
            token = self.tokens[name] = await lender_keys.make(s, name, OWNER, models, **may)
        return token

    async def known(self, name: str = "bo") -> LenderKey:  # type: ignore[override]
        async with self.db.read() as s:
            found = await lender_keys.get(s, name)
        assert found is not None
        return found

    async def check(
        self, *, compares: float | None = None, renders: bool = True, has: bool = True
    ) -> None:
        """Have one of the studio's own workers look at all that was sent, and, if it may render as well, at
        the line; ``compares``: as the catalogue says of its model; ``has``: whether it has that."""
        async with self.own_worker(compares=compares, renders=renders, has=has) as renderer:
            await renderer.look()

    @asynccontextmanager
    async def own_worker(
        self, *, compares: float | None = None, renders: bool = True, has: bool = True
    ) -> AsyncIterator[Renderer]:
        model = self.toy.model_copy(update={"same_within": compares})
        models: Catalogue = {"toy": model} if has else {}
        host, scratch = Host(), self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        key = signing_key.hold(WorkerSettings(data=self.folder))
        checker = Checker(self.db, self.broker, self.media, host, models, share=0)
        parts = self.db, self.broker, self.media, host, models if renders else {}
        renderer = Renderer(*parts, scratch, "own", 2, key, None, checker)
        if compares is not None:
            host.start()
        renderer.start()
        try:
            yield renderer
        finally:
            await renderer.close()
            await host.close()

    async def made(self, job: Job) -> list[Clip]:
        async with self.db.read() as s:
            return list(await clips.of(s, job.id))

    async def renders(self) -> list[LentRender]:
        async with self.db.read() as s:
            return list(await s.scalars(select(LentRender)))

    async def tidy(self) -> None:
        await lent.clear(self.db, self.media)

    def files(self) -> set[str]:
        """All that is in the store."""
        return {file.name for file in self.media.folder.rglob("*") if file.is_file()}


class Somebody:
    """Speaks as a lent worker does; what it sends is for the test to say."""

    def __init__(self, lending: Lending, token: str) -> None:
        self.lending, self.token = lending, token
        self.studio = Reached(lending.url, token)

    async def __aenter__(self) -> Somebody:
        await self.studio.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.studio.__aexit__(*error)

    async def announce(self, *offers: Offer) -> Welcome:
        said = Announcement(
            session=self.studio.session,
            state="ready",
            offers=offers or (self.lending.toy.offer,),
        )
        return await self.studio.ask("/announce", said, Welcome)

    async def claim(self, wait: int = 0) -> Wanted | None:
        return (await self.studio.ask("/claim", Asking(wait=wait), Given)).job

    async def claimed(self) -> Wanted:
        await self.announce()
        job = await self.claim()
        assert job is not None
        return job

    async def send(self, job: Wanted, number: int, video: bytes) -> str:
        file = self.lending.folder / f"sent-{number}.mp4"
        file.write_bytes(video)
        await self.studio.send(f"{path(job)}/clips/{number}", file)
        return f"{hashlib.sha256(video).hexdigest()}.mp4"

    async def hold(self, job: Wanted) -> bool:
        progress = Progress(done=1, total=2)
        return (await self.studio.ask(f"{path(job)}/hold", progress, Held)).wanted

    async def done(self, job: Wanted, seconds: float = 1000.0) -> None:
        await self.studio.say(f"{path(job)}/done", Made(seconds=seconds, energy_wh=1e9))

    async def fetch(self, job: Wanted, which: str) -> bytes:
        file = self.lending.folder / "fetched"
        await self.studio.fetch(f"{path(job)}/{which}", file)
        return file.read_bytes()

    async def deliver(self, job: Wanted, *videos: bytes, seconds: float = 1000.0) -> None:
        """Send these, or else what the model makes, and say that all is done."""
        for number, video in enumerate(videos or rendered(job), start=1):
            await self.send(job, number, video)
        await self.done(job, seconds)


async def refusal(work: Awaitable[object]) -> tuple[int, str]:
    """The status and the sentence with which this is refused; (0, "") where it isn't."""
    try:
        await work
    except Refused as no:
        return no.code, str(no)
    return 0, ""


def path(job: Wanted) -> str:
    return f"/renders/{job.job}/{job.attempt}"


def rendered(job: Wanted, seeds: int = 0, **instead: Any) -> list[bytes]:
    """What the model makes of a job; ``seeds``: so many seeds off, ``instead``: of its size, frames, rate."""
    shape = {"width": job.width, "height": job.height, "frames": job.frames} | instead
    fps = shape.pop("fps", job.fps)
    return [
        encode.mp4(film(job.seed + number + seeds, **shape), fps)
        for number in range(job.variations)
    ]


def film(seed: int, width: int, height: int, frames: int) -> Film:
    brief = Brief("", (seed,), width, height, frames, fps=8, steps=1, guidance=1)
    return engines.film(brief, seed)
