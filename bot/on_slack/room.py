"""The Slack room: where a job's cards go there, and how they get there, each once.

Slack has no key that makes a message once. Ours carry their key as metadata: when it isn't known
whether one arrived, nothing is sent for longer than a request can be on its way, and then the channel
is looked through. Who sends is written down first, so that of several processes one does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.by_sign import seeds
from bot.card import Card
from bot.on_slack.asking import DEAD, SHUT, code
from bot.on_slack.copies import Copies
from bot.on_slack.files import Files, is_unsure, may_be_done
from bot.on_slack.hosts import Hosts
from bot.on_slack.ids import ROOM, Asked, Channel, Sent
from bot.on_slack.paint import fallback, paint
from bot.on_slack.parts import SlackParts
from bot.on_slack.previews import Previews
from bot.on_slack.signs import NAMES
from bot.on_slack.text import Json
from bot.on_slack.vouching import Vouching
from bot.on_slack.ways import Ways
from bot.room import Away, Unreachable
from db import notes, posts, workspaces
from db.models import Job, Post, utcnow
from db.states import Purpose

PUBLIC = frozenset({Purpose.REVIEW, Purpose.NOTICE, Purpose.SHOWCASE})
"""In channels; all other cards are an artist's own."""
PACE = {Purpose.RECEIPT: 3.0, Purpose.SHOWCASE: 5.0}
"""Seconds between two paintings of one card."""
IN_FLIGHT = timedelta(seconds=30)
"""For so long a request whose answer was lost may still arrive."""
SOON = timedelta(seconds=5)
SENDING = f"{ROOM}:sending:"
"""What the note is called that somebody is just sending this."""
PICTURE_TRIES, PICTURE_SECONDS = 4, 1.0
"""A picture that was just uploaded may not be ready to be shown."""
SEED_TRIES = 5
MEND_SECONDS = 60.0
"""So often it is seen whether a channel that was shut is open again."""
GONE = frozenset({"message_not_found", "thread_not_found"})

log = structlog.get_logger()


class SlackRoom:
    """Shows, repaints and removes cards in Slack."""

    name = ROOM

    def __init__(
        self,
        parts: SlackParts,
        run: Callable[[], Awaitable[None]],
        doubt: Callable[[str], Awaitable[None]],
        is_connected: Callable[[], bool],
    ) -> None:
        self._parts = parts
        self._courier = parts.courier
        self._run, self._doubt, self.is_connected = run, doubt, is_connected
        self.hosts = Hosts(parts)
        self.vouching = Vouching(parts)
        self.files = Files(parts)
        self._previews, self._copies, self._ways = Previews(parts), Copies(parts), Ways(parts)
        self.doing: set[asyncio.Future[Any]] = set()
        """All that goes on beside the room's own run, and ends with it."""
        self.at_end: list[Callable[[], None]] = []

    async def run(self) -> None:
        """Serve until cancelled."""
        self._beside(self._mending())
        try:
            await self._run()
        finally:
            for stop in self.at_end:
                stop()
            left = list(self.doing)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _mending(self) -> None:
        while True:
            await asyncio.sleep(MEND_SECONDS)
            try:
                await self.hosts.try_again()
            except Exception:
                log.exception("slack.not_mended")

    async def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        """In every workspace that its hosts have set up; an artist's own cards where they asked."""
        if purpose in PUBLIC:
            async with self._parts.db.read() as s:
                return await workspaces.places(s, ROOM, purpose)
        if job.room != ROOM:
            return ()
        return (f"{job.place}/{job.round}",) if purpose is Purpose.DECISION else (job.place,)

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        # The key alone may come again, once its row is gone.
        return await self._show(place, card, key, since, f"{key}@{since.timestamp()}")

    async def _show(self, place: str, card: Card, key: str, since: datetime, note: str) -> str:
        async with self._reaching(place, card.purpose):
            team, channel = await self._where(place, card.purpose)
            found = await self._claim(team, channel, key, since, note)
            sent = found or await self._send(team, channel, card, key, note)
            await self.files.share(sent, card, again=found is not None)
        if card.purpose in PUBLIC:
            await self.hosts.mended(Channel.read(place))
        self._beside(self.seed(sent, card))
        return str(sent)

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        sent = Sent.read(message)
        async with self._reaching(place, card.purpose):

            async def update(blocks: Sequence[Json]) -> None:
                await self._courier.update(sent, blocks, fallback(card))

            try:
                await self._with_pictures(sent.team, card, update)
            except SlackApiError as error:
                if error.response.get("error") not in GONE:
                    raise
                if card.purpose is not Purpose.REVIEW:
                    return message  # taken away by hand, which is theirs to do
                await self._courier.delete(sent)  # its clips are still in its thread
                again = f"again-{sent.ts}"
                return await self._show(place, card, again, since, again)
            if card.purpose is Purpose.RECEIPT:
                await self._previews.tidy(sent.team, card)
            elif card.purpose in PUBLIC:
                await self.files.take_away_clips(sent, card)
                await self._copies.take_away(sent.team, card.job_id)
        return message

    async def find(self, post: Post, key: str) -> str:
        since = post.created_at
        async with self._reaching(post.place, post.purpose):
            where = await self._where(post.place, post.purpose)
            found = await self._claim(*where, key, since, f"{key}@{since.timestamp()}")
        return str(found) if found else ""

    async def remove(self, place: str, message: str) -> None:
        # What is to be gone is still seen by others, even where the app sees nothing any more.
        async with self._reaching(place, Purpose.SHOWCASE if place.count("/") == 1 else None):
            sent = Sent.read(message)
            await self._courier.delete(sent)
            async with self._parts.db.read() as s:
                post = await posts.by_message(s, ROOM, message)
            if post is not None:
                await self.files.take_away_pictures(sent.team, post)
                await self._copies.take_away(sent.team, post.job_id)

    def pause(self, post: Post) -> float:
        since = (utcnow() - post.painted_at).total_seconds()
        return max(PACE.get(post.purpose, 0.0) - since, 0)

    async def must_move(self, post: Post) -> bool:
        return False

    async def bring(self, team: str, user: str, card: Card) -> None:
        """Show somebody a card in private, as they asked to see it now."""
        channel = await self._courier.direct(team, user)
        sent = await self._post(team, channel, card, "")
        await self._copies.note(sent, user, card.job_id)
        await self.files.share(sent, card)

    async def _where(self, place: str, purpose: Purpose | None) -> tuple[str, str]:
        if purpose in PUBLIC:
            channel = Channel.read(place)
            return channel.team, channel.id
        asked = Asked.read(place)
        return asked.team, await self._courier.direct(asked.team, asked.user)

    async def _claim(
        self, team: str, channel: str, key: str, since: datetime, note: str
    ) -> Sent | None:
        """The card, where an earlier try did arrive; else it is ours to send from now on. Raises
        ``Away`` while another try may still be on its way."""
        async with self._parts.db.begin() as s:
            await notes.forget_older(s, SENDING, IN_FLIGHT)
            if not await notes.claim(s, SENDING + note):
                raise Away("an earlier try may still arrive")
        if utcnow() - since < IN_FLIGHT:
            return None  # so young that a try of which we know nothing would still be noted
        return await self._courier.find(team, channel, key, (since - SOON).timestamp())

    async def _send(self, team: str, channel: str, card: Card, key: str, note: str) -> Sent:
        tries: list[str] = []
        try:
            return await self._post(team, channel, card, key, tries)
        except BaseException:
            if not tries:  # nothing of it can arrive any more: nobody has to wait for that
                async with self._parts.db.begin() as s:
                    await notes.take(s, SENDING + note, IN_FLIGHT)
            raise

    async def _post(
        self, team: str, channel: str, card: Card, key: str, tries: list[str] | None = None
    ) -> Sent:
        """``tries``: filled with what may have arrived."""
        tries, sent = [] if tries is None else tries, []
        call = await self.hosts.called(team, card.calls)

        async def post(blocks: Sequence[Json]) -> None:
            blocks = [*blocks, *call]
            try:
                sent.append(
                    await self._courier.post(
                        team, channel, blocks, fallback(card), key, began=lambda: tries.append(key)
                    )
                )
            except SlackApiError as error:
                if not may_be_done(error):
                    tries.clear()
                raise

        await self._with_pictures(team, card, post)
        return sent[0]

    async def _with_pictures(
        self, team: str, card: Card, send: Callable[[Sequence[Json]], Awaitable[None]]
    ) -> None:
        """Send a card with its pictures; better without them than not at all."""
        card = await self._ways.led(team, card)
        pictures = await self.files.pictures(team, card)
        preview = await self._previews.of(team, card)
        more = {"preview": preview} if preview else {}
        for _ in range(PICTURE_TRIES if pictures or more else 0):
            try:
                return await send(paint(card, {**pictures, **more}))
            except SlackApiError as error:
                if error.response.get("error") != "invalid_blocks":
                    raise
            if more:
                more = {}  # the first to do without
            else:
                await asyncio.sleep(PICTURE_SECONDS)
        if pictures:
            await self.files.forget_pictures(team, card)
        await send(paint(card, {}))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.doing.add(task)
        task.add_done_callback(self.doing.discard)

    async def seed(self, sent: Sent, card: Card) -> None:
        """Put the signs of a card under it, if it has any and Slack lets us."""
        left = list(seeds(card))
        for attempt in range(1, SEED_TRIES + 1):
            try:
                while left:
                    await self._courier.react(sent, NAMES[left[0]])
                    left.pop(0)
                return
            except (SlackApiError, aiohttp.ClientError, TimeoutError, LookupError) as error:
                log.warning("card.not_seeded", job=card.job_id, error=type(error).__name__)
                if isinstance(error, SlackApiError) and not is_unsure(error):
                    return
            await asyncio.sleep(PICTURE_SECONDS * attempt)

    @asynccontextmanager
    async def _reaching(self, place: str, purpose: Purpose | None) -> AsyncIterator[None]:
        """Raises ``Away`` where it's Slack or the way there that failed, ``Unreachable`` where the
        place is shut; of a channel its hosts are told."""
        try:
            yield
        except LookupError as error:
            raise Unreachable(f"not installed: {error}") from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Away(f"{type(error).__name__}: {error}") from error
        except SlackApiError as error:
            why = code(error)
            if why in DEAD:
                await self._doubt(place.split("/")[0])
                raise Away(why) from error
            if why in SHUT:
                if purpose in PUBLIC:
                    await self.hosts.tell(Channel.read(place), why)
                raise Unreachable(why) from error
            if may_be_done(error) or error.response.status_code == 429:
                raise Away(why) from error
            raise
