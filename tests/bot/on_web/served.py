"""The web room as people meet it: served on this machine, with real rows and real clips."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
from PIL import Image

from bot.feed import Feed
from bot.health import Health
from bot.metrics import Metrics
from bot.on_web.live import cursor_at
from bot.on_web.members import Login
from bot.on_web.room import WebRoom
from db import events, people, renders
from db.broker import Broker
from db.credentials import KNOWN
from db.media import Media
from db.models import Clip, Job, utcnow
from db.session import Db
from db.states import Reason, Verdict
from moderation.people import Person, Role
from moderation.rules import Rules
from tests.support.studio import Studio

ROLES = {
    "ada": (),
    "bo": (),
    **dict.fromkeys(("mo", "lin", "kim", "nan"), (Role.MODERATOR,)),
    "hal": (Role.HOST,),
}
Draw = Callable[[int], np.ndarray]
PATIENCE_SECONDS = 20


def moving_square(hue: int, width: int, height: int) -> Draw:
    """Frames of a bright square that crosses a darker ground."""

    def frame(number: int) -> np.ndarray:
        picture = np.full((height, width, 3), (40, 20 + hue % 80, 70), np.uint8)
        left = (number * 4) % (width - 16)
        picture[height // 3 : height // 3 + 16, left : left + 16] = (240, hue % 256, 60)
        return picture

    return frame


def film(path: Path, draw: Draw, frames: int, fps: int) -> None:
    """A real MP4 that a browser plays."""
    with av.open(path, "w") as container:
        first = draw(0)
        stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "20"})
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(draw(number), format="rgb24")))
        container.mux(stream.encode())


def still(path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(path)


class Served(Studio):
    """A studio whose renders leave real files, and whose web room can be stopped and started."""

    def __init__(self, db: Db, broker: Broker, folder: Path, rules: Rules | None = None) -> None:
        super().__init__(db, broker, rules)
        self.broker = broker
        self.media = Media(folder / "media")
        self.folder = folder
        self.port = free_port()
        self.chats: dict[str, Callable[[], bool]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(
        self, *, feed: bool = True, feed_url: str = "", login: Login | None = None
    ) -> None:
        known = self.folder / "credentials" / KNOWN
        health = Health(self.db, self.broker, self.chats)
        metrics = Metrics(self.db, self.broker, health)
        room = WebRoom(
            self.db,
            self.desk,
            self.media,
            "127.0.0.1",
            self.port,
            known,
            feed_url,
            health,
            metrics,
            login,
        )
        self._tasks = [asyncio.create_task(room.run())]
        if feed:
            self._tasks.append(asyncio.create_task(Feed(self.db, self.broker, room).run()))
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}/healthz"):
                        return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def told(self) -> None:
        """Wait until every event has reached the room: its posts stand as they will."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.db.read() as s:
                    if not await events.untold(s):
                        return
                await asyncio.sleep(0.02)

    async def in_review(self, key: str = "ada", **wish: Any) -> Job:
        """A rendered job of this person that moderators see."""
        job = await self.rendered(await self.known(key), **wish)
        await self.told()
        return job

    async def published(self, key: str = "ada", only: tuple[int, ...] = (), **wish: Any) -> Job:
        job = await self.in_review(key, **wish)
        await self.desk.review(await self.known("mo"), job.id, Verdict.APPROVE, only=only)
        await self.told()
        return job

    async def rejected(self, key: str = "ada", **wish: Any) -> Job:
        job = await self.in_review(key, **wish)
        mo = await self.known("mo")
        await self.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
        await self.told()
        return job

    async def known(self, key: str) -> Person:
        """The person behind a demo identity."""
        async with self.db.begin() as s:
            row = await people.known(s, "web", "demo", key, key.capitalize())
        return Person(row.id, row.name, frozenset(ROLES[key]))

    async def preview(self, job: Job, step: int) -> None:
        """A render that has come this far and shows a picture of it."""
        path = self.folder / f"preview-{job.id}.jpg"
        still(path, moving_square(job.id * 40, job.width, job.height)(step))
        key = await self.media.put(path)
        async with self.db.begin() as s:
            assert await renders.hold(s, job.id, job.attempt, step=step, preview_key=key)
        await self.broker.spread(job.id)

    async def finish(self, job: Job, attempt: int | None = None, draw: Draw | None = None) -> bool:
        clips = [await self._clip(job, n, draw) for n in range(1, job.variations + 1)]
        async with self.db.begin() as s:
            done = await renders.finish(s, job.id, attempt or job.attempt, clips, ())
        await self.broker.spread(job.id)
        return done

    async def _clip(self, job: Job, number: int, draw: Draw | None) -> Clip:
        draw = draw or moving_square(job.id * 40 + number * 50, job.width, job.height)
        files = [self.folder / f"{job.id}-{number}.{kind}" for kind in ("mp4", "jpg", "webp")]
        film(files[0], draw, job.frames, job.fps)
        still(files[1], draw(0))
        still(files[2], draw(1))
        video, poster, preview = [await self.media.put(file) for file in files]
        size = files[0].stat().st_size
        return Clip(
            job_id=job.id,
            number=number,
            seed=job.seed + number - 1,
            video_key=video,
            poster_key=poster,
            preview_key=preview,
            bytes=size,
        )


class Caller:
    """One person's browser without scripts: it keeps cookies and knows the form's token."""

    def __init__(self, served: Served, session: aiohttp.ClientSession, who: str) -> None:
        self.base = f"{served.url}/as/{who}"
        self.session = session
        self.csrf = ""

    async def page(self, path: str = "/", status: int = 200) -> str:
        async with self.session.get(self.base + path) as answer:
            text = await answer.text()
            assert answer.status == status, text
        if found := re.search(r'name="csrf" value="(\w+)"', text):
            self.csrf = found[1]
        return text

    async def status(self, path: str, **headers: str) -> int:
        async with self.session.get(self.base + path, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, object]]:
        """Send a form as our script does."""
        if not self.csrf:
            await self.page()
        asked = {"Accept": "application/json", **(headers or {})}
        form = {"csrf": self.csrf, **fields}
        async with self.session.post(self.base + path, data=form, headers=asked) as answer:
            return answer.status, await answer.json()

    async def send(self, path: str, fields: Sequence[tuple[str, str]]) -> str:
        """Send a form as a browser without scripts does; the page that it leads to."""
        form = [("csrf", self.csrf), *fields]
        async with self.session.post(self.base + path, data=form) as answer:
            return await answer.text()

    async def act(self, job: Job, sign: str, **fields: str) -> tuple[int, dict[str, object]]:
        """``sentence``: what is typed into the field of that button."""
        if "sentence" in fields:
            fields[f"sentence-{sign}"] = fields.pop("sentence")
        return await self.post("/act", {"job": str(job.id), "sign": sign, **fields})


Be = Callable[[str], Caller]


class Listener:
    """What one open window is told."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id = ""

    async def hear(self) -> tuple[str, dict[str, str]]:
        """The next event and its data; heartbeats are passed over."""
        name, data = "", {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._answer.content:
                word, _, value = line.decode().rstrip("\n").partition(": ")
                match word:
                    case "id":
                        self.last_id = value
                    case "event":
                        name = value
                    case "data":
                        data = json.loads(value)
                    case "" if name:
                        return name, data
        raise EOFError("the stream ended")

    async def hear_of(self, slot: str, words: str = "") -> str:
        """Wait until this slot is told with these words in it; its HTML."""
        while True:
            _, data = await self.hear()
            if data.get("slot") == slot and words in data["html"]:
                return data["html"]


@asynccontextmanager
async def listening(
    who: Caller, query: str, last_id: str = "", since: str = ""
) -> AsyncIterator[Listener]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    start = since or cursor_at(utcnow())
    url = f"{who.base}/live?{query}&since={start}"
    async with who.session.get(url, headers=headers) as answer:
        assert answer.status == 200
        yield Listener(answer)


@asynccontextmanager
async def caller(served: Served, who: str) -> AsyncIterator[Caller]:
    jar = aiohttp.CookieJar(unsafe=True)  # unsafe: cookies from an address, not a name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Caller(served, session, who)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
