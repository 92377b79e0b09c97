"""What was missed: signs that came or went while nobody listened, or while acting on them failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog

from bot import cards, signs
from bot.by_sign import seeds
from bot.on_discord.ids import ROOM, Channel, Sent
from bot.reactions import Unsent, Unsettled, in_order, is_done
from bot.signs import EMOJI, Sign
from bot.view import view
from db import posts
from db import reactions as known
from db.models import Post
from db.session import Db
from db.states import Purpose
from moderation.desk import Desk

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient
    from bot.on_discord.watching import Watching

PAGE = 100
PAUSE_SECONDS, LONGEST_SECONDS = 1.0, 60.0
"""Between two looks at what couldn't be read or done: growing from the first to the second."""
UNKNOWN_TRIES = 7
"""So often a message is looked for that isn't known yet to be a card, which most never are."""

log = structlog.get_logger()


class Missed:
    """One per client."""

    def __init__(self, client: StudioClient, db: Db, desk: Desk, watching: Watching) -> None:
        self._client = client
        self._db = db
        self._desk = desk
        self._watching = watching
        self._due: dict[int | Sent | Unsent, int] = {}
        """Shards and single cards to look at -> how often that failed already."""
        self._work: asyncio.Task[None] | None = None

    def look_at(self, what: int | Sent | Unsent) -> None:
        """All cards of a shard, or one, are to be compared with what is written down of them."""
        self._due.setdefault(what, 0)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._work_off())

    def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def catch_up(self, shard: int) -> None:
        """Compare each card of a shard's servers; those that fail are due again."""
        async with self._db.begin() as s:
            await known.tidy(s, ROOM)
            standing = await posts.with_signs(s, ROOM)
        for post in standing:
            guild = self._guild(post)
            if guild is None or guild.shard_id != shard:
                continue
            if not post.message:
                self.look_at(Unsent(post.id))
            elif not await self._compared(post, guild):
                self.look_at(Sent.read(post.message))

    async def _work_off(self) -> None:
        pause = PAUSE_SECONDS
        while self._due:
            due, self._due = self._due, {}
            for what, tries in due.items():
                if not await self._looked_at(what, tries):
                    self._due[what] = tries + 1
            if self._due:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_SECONDS)

    async def _looked_at(self, what: int | Sent | Unsent, tries: int) -> bool:
        try:
            if isinstance(what, int):
                await self.catch_up(what)
                return True
            async with self._db.read() as s:
                if isinstance(what, Unsent):
                    post = await posts.get(s, what.post_id)
                else:
                    post = await posts.by_message(s, ROOM, str(what))
        except Exception:
            # A database that is away for a while must not end this.
            log.exception("reactions.not_looked_at", tries=tries)
            return False
        if isinstance(what, Unsent) and (post is None or not post.message):
            return what.is_settled(post)
        if post is None:
            return tries >= UNKNOWN_TRIES
        guild = self._guild(post)
        return guild is None or await self._compared(post, guild)

    def _guild(self, post: Post) -> discord.Guild | None:
        if post.purpose not in {Purpose.REVIEW, Purpose.SHOWCASE}:
            return None
        return self._client.get_guild(Channel.read(post.place).guild)

    async def _compared(self, post: Post, guild: discord.Guild) -> bool:
        """Whether there is nothing left to be done there, or nothing that trying again would mend."""
        try:
            await self._compare(post, guild)
        except Exception as error:  # logged there; what is no refusal is tried again
            return _is_final(error, post)
        return True

    async def _compare(self, post: Post, guild: discord.Guild) -> None:
        sent = Sent.read(post.message)
        # Read first: what is written down from here on was acted on by whoever listens.
        async with self._db.read() as s:
            written = {
                (int(row.user_id), Sign(row.sign)): is_done(row)
                for row in await known.on(s, ROOM, post.message)
            }
        try:
            message: Any = await self._client.http.get_message(sent.channel, sent.id)
        except discord.NotFound:
            return await self._missing(post)
        standing: set[tuple[int, Sign]] = set()
        ours: set[Sign] = set()
        for found in message.get("reactions", ()):
            name = found["emoji"]["name"] or ""
            sign = None if found["emoji"].get("id") else signs.read(name)
            if sign is not None:
                standing |= {(user, sign) for user in await self._users(sent, name)}
                ours |= {sign} if found["me"] else set()
        missed = [one for one in standing if not written.get(one)]
        missed += [one for one in written if one not in standing]
        failures: list[Exception] = []
        for user, sign in in_order(missed, standing):
            try:
                await self._act(sent, user, sign, guild)
            except Exception as error:  # logged there; it keeps no other sign from being acted on
                if not _is_final(error, post):
                    failures.append(error)
        await self._seed(post, sent, ours)
        if failures:
            raise failures[0]

    async def _act(self, sent: Sent, user: int, sign: Sign, guild: discord.Guild) -> None:
        """Act on one sign, unless that was done, or changed, since it was read."""
        async with self._watching.in_turn(sent, user):
            page = await self._client.http.get_reaction_users(
                sent.channel, sent.id, EMOJI[sign], 1, user - 1
            )
            stands = any(int(one["id"]) == user for one in page)
            async with self._db.read() as s:
                row = await known.get(s, ROOM, str(sent), str(user), sign)
            if stands and (row is None or not is_done(row)):
                giver = await member(guild, user)
                await self._watching.add(sent, EMOJI[sign], giver, guild.id)
            elif row is not None and not stands:
                await self._watching.remove(sent, sign, user, guild.id)

    async def _seed(self, post: Post, sent: Sent, ours: set[Sign]) -> None:
        """Put the bot's own signs there that are missing."""
        async with self._db.read() as s:
            seen = await view(s, post.job_id, {})
        if seen is not None:
            wanted = seeds(cards.paint_for(post.purpose, seen))
            await self._client.courier.seed(sent, [EMOJI[one] for one in wanted if one not in ours])

    async def _missing(self, post: Post) -> None:
        """Somebody deleted it meanwhile: what waits for a decision is shown again."""
        if post.purpose is Purpose.REVIEW:
            async with self._db.begin() as s:
                await posts.note_removed(s, post.id)
            await self._desk.broker.spread(post.job_id)

    async def _users(self, sent: Sent, emoji: str) -> list[int]:
        users: list[int] = []
        after: int | None = None
        while True:
            page = await self._client.http.get_reaction_users(
                sent.channel, sent.id, emoji, PAGE, after
            )
            users += [int(user["id"]) for user in page if not user.get("bot")]
            if len(page) < PAGE:
                return users
            after = int(page[-1]["id"])


async def member(guild: discord.Guild, user: int) -> discord.Member | discord.Object:
    """Asked for anew each time; whoever has left the server is nobody there."""
    try:
        return await guild.fetch_member(user)
    except discord.NotFound:
        return discord.Object(user)


def _is_final(error: Exception, post: Post) -> bool:
    """Whether trying again would not help, as where Discord doesn't let the bot."""
    if isinstance(error, Unsettled):
        return False
    if isinstance(error, discord.HTTPException):
        log.warning("reactions.refused", job=post.job_id, why=error.text, code=error.code)
        return 400 <= error.status < 500 and error.status != 429
    if isinstance(error, (aiohttp.ClientError, OSError)):
        log.warning("reactions.away", job=post.job_id, why=type(error).__name__)
    else:
        log.error("reactions.failed", job=post.job_id, exc_info=error)
    return False
