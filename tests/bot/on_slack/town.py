"""A workspace on the double, over real sockets: the room as its own process would run it, and its feed.
The worker's half is played by hand."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from PIL import Image

from bot.feed import Feed
from bot.on_slack.app import slack_room
from bot.on_slack.ids import ROOM
from bot.on_slack.ids import Channel as Place
from bot.on_slack.room import SlackRoom
from db import events, posts, reviews, votes, workspaces
from db.media import Media
from db.models import Job, Review, utcnow
from db.states import Purpose, Status
from tests.bot.on_slack.rooms import address, settings_of
from tests.doubles.on_slack import Act, Channel, Message, Slack, Team, User, View
from tests.support.studio import Studio
from tests.support.whole import until

PATIENCE = 20.0
log = logging.getLogger(__name__)


def picture(kind: str = "png") -> bytes:
    """A small one that is really one."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, kind)
    return file.getvalue()


class Town:
    """One workspace that is set up, its people, and the studio's rows."""

    def __init__(self, slack: Slack, studio: Studio, media: Media, name: str = "Atelier") -> None:
        self.slack, self.studio, self.media, self.db = slack, studio, media, studio.db
        self.team: Team = slack.team(name)
        self.host: User = self.team.owner
        self.ada, self.bo, self.mo, self.lin = map(self.team.user, ("Ada", "Bo", "Mo", "Lin"))
        self.general = self.team.channel("general")
        self.review = self.team.channel("review")
        self.showcase = self.team.channel("showcase")

    async def set_up(self, **more: Any) -> None:
        values: dict[str, Any] = {
            "review": str(Place(self.team.id, self.review.id)),
            "showcase": str(Place(self.team.id, self.showcase.id)),
            "moderators": f"{self.mo.id},{self.lin.id}",
        }
        async with self.db.begin() as s:
            await workspaces.change(s, ROOM, self.team.id, **(values | more))

    # ── what people do ───────────────────────────────────────────────────────────────────

    async def says(
        self, user: User, command: str, text: str, channel: Channel | None = None
    ) -> str:
        """What somebody is told after they typed a command."""
        where = channel or self.general
        before = len(user.ephemerals(where))
        await (await user.slash(where, command, text)).acked()
        await self.slack.until(lambda: len(user.ephemerals(where)) > before, PATIENCE)
        return user.ephemerals(where)[-1].text()

    async def wish(self, by: User | None = None, text: str = "a red circle") -> Job:
        said = await self.says(by or self.ada, "/sora", text)
        assert "is in line" in said, said
        return await self.studio.job(int(said.split()[1]))

    async def told(self, user: User, before: int, channel: Channel | None = None) -> Message:
        """The next thing that only they see."""
        found = await self.slack.until(lambda: user.ephemerals(channel)[before:], PATIENCE)
        return found[-1]

    async def presses(self, user: User, on: Message | View, action: str) -> Act:
        return await (await user.press(on, action)).acked()

    # ── the worker's part ────────────────────────────────────────────────────────────────

    async def claim(self) -> Job:
        async def claimed() -> Job | None:
            return await self.studio.claim(running_cap=100)

        job = await until(claimed, PATIENCE)
        assert job is not None
        await self.studio.desk.broker.spread(job.id)
        return job

    async def render(self) -> Job:
        job = await self.claim()
        self.put_files()
        await self.studio.finish(job)
        await self.studio.desk.broker.spread(job.id)
        return job

    def put_files(self) -> None:
        for number in range(1, 5):
            for kind in ("mp4", "jpg", "webp"):
                self.put(f"{number:064x}.{kind}", picture("jpeg") if kind == "jpg" else b"bytes")

    def put(self, key: str, data: bytes) -> str:
        path = self.media.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return key

    # ── how far it is ────────────────────────────────────────────────────────────────────

    async def in_review(self, by: User | None = None, text: str = "a red circle") -> Message:
        """A job's card before the moderators, with its signs under it."""
        job = await self.wish(by, text)
        await self.render()
        return await self.card(self.review, job.id)

    async def published(self, text: str = "a red circle --variations 2") -> Message:
        card = await self.in_review(text=text)
        await self.mo.react(card, "white_check_mark")
        return await self.card(self.showcase)

    async def card(self, channel: Channel, job: int = 0) -> Message:
        """The newest card there that we know of; of a job, where one is named."""

        async def known() -> Message | None:
            async with self.db.read() as s:
                for message in reversed(channel.messages):
                    name = f"{self.team.id}/{channel.id}/{message.ts}"
                    post = await posts.by_message(s, ROOM, name)
                    if post is not None and (not job or post.job_id == job):
                        return message
            return None

        found = await until(known, 30)
        assert found is not None
        signs = 8 if channel is self.review else 1
        if not found.text().count("Published:") and channel is self.review:
            await self.slack.until(lambda: len(found.reactions) >= signs, PATIENCE)
        return found

    async def is_(self, status: Status, job: int = 1) -> None:
        async def so() -> bool:
            return (await self.studio.job(job)).status is status

        await until(so, PATIENCE)

    async def reviews(self, count: int | None = None, job: int = 1) -> list[Review]:
        """Once there are so many."""

        async def so() -> bool:
            return count is None or len(await self._reviews(job)) == count

        await until(so, PATIENCE)
        return await self._reviews(job)

    async def _reviews(self, job: int) -> list[Review]:
        async with self.db.read() as s:
            return list(await reviews.of(s, job))

    async def votes(self, wanted: dict[int, int], job: int = 1) -> None:
        async def so() -> bool:
            async with self.db.read() as s:
                return await votes.tally(s, job) == wanted

        await until(so, PATIENCE)

    async def settled(self, within: float = 30) -> None:
        """Until everything is told."""

        async def told() -> bool:
            async with self.db.read() as s:
                return not await events.untold(s)

        await until(told, within)

    async def quiet(self) -> None:
        """For what must not happen: long enough that it would have."""
        await asyncio.sleep(0.4)

    async def close_ballot(self, job: int = 1) -> None:
        await self.studio.change(job, ballot_closes_at=utcnow() - timedelta(seconds=1))

    async def place(self, purpose: Purpose, job: int = 1) -> str:
        async with self.db.read() as s:
            return next(p.place for p in await posts.of(s, ROOM, job) if p.purpose is purpose)


@asynccontextmanager
async def running(*towns: Town, **more: Any) -> AsyncIterator[SlackRoom]:
    """A bot process's Slack room and its feed."""
    town = towns[0]
    settings = settings_of(town.slack, several=len(towns) > 1, **more)
    room = slack_room(settings, town.db, town.studio.desk, town.media)
    town.slack.bot_url = address(settings, "events")
    before = len(town.slack.delivery.sockets.all)
    tasks = [
        asyncio.create_task(room.run()),
        asyncio.create_task(Feed(town.db, town.studio.desk.broker, room).run()),
    ]
    try:
        sockets = town.slack.delivery.sockets
        await town.slack.until(
            lambda: (
                not town.slack.socket_mode
                or len(sockets.all) > before
                or any(task.done() for task in tasks)
            ),
            PATIENCE,
        )
        if not town.slack.socket_mode:
            await town.slack.connected()
        for task in tasks:
            if task.done():
                task.result()
        yield room
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
