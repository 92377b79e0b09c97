"""Reactions as they come and go."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog
from discord import ui

from bot import reactions, signs
from bot.on_discord.courier import Message
from bot.on_discord.ids import ROOM, Sent
from bot.on_discord.missed import Missed, member
from bot.on_discord.paint import sentence
from bot.on_discord.people import who
from bot.on_discord.press import PressButton
from bot.press import Press, Step
from bot.reactions import Answer, Given, NoCard, Unsettled
from bot.signs import EMOJI, Sign
from db import logs, posts
from db import reactions as known
from db.session import Db
from moderation.desk import Desk
from moderation.people import Person

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

TRIES = 5
TRY_SECONDS = 1.0

log = structlog.get_logger()


class Watching:
    """One per client."""

    def __init__(self, client: StudioClient, db: Db, desk: Desk) -> None:
        self._client = client
        self._db = db
        self._desk = desk
        self._turns: WeakValueDictionary[tuple[Sent, int], asyncio.Lock] = WeakValueDictionary()
        self.missed = Missed(client, db, desk, self)

    async def came(self, event: discord.RawReactionActionEvent) -> None:
        """A reaction was put on some message of a server."""
        guild, user = event.guild_id, event.user_id
        if guild is None or user == self._client.own_id:
            return
        if event.member is not None and event.member.bot:
            return
        if event.message_author_id not in (None, self._client.own_id):
            return
        sent, emoji = Sent(event.channel_id, event.message_id), _named(event.emoji)
        giver = event.member or discord.Object(user)
        await self._insist(sent, user, lambda: self.add(sent, emoji, giver, guild))

    async def went(self, event: discord.RawReactionActionEvent) -> None:
        """A reaction was taken off."""
        guild, user = event.guild_id, event.user_id
        sent, sign = Sent(event.channel_id, event.message_id), signs.read(_named(event.emoji))
        if guild is None or user == self._client.own_id or sign is None:
            return
        await self._insist(sent, user, lambda: self.remove(sent, sign, user, guild))

    async def cleared(
        self, event: discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent
    ) -> None:
        """All reactions were taken off a message, or all of one kind; nobody says whose."""
        sent = Sent(event.channel_id, event.message_id)
        try:
            async with self._db.read() as s:
                ours = await posts.by_message(s, ROOM, str(sent)) is not None
        except Exception:
            log.exception("reaction.failed")
            ours = True
        if ours:
            self.missed.look_at(sent)

    def in_turn(self, sent: Sent, user: int) -> asyncio.Lock:
        """What one person does to one message goes in turn, so that what was taken off stays off."""
        return self._turns.setdefault((sent, user), asyncio.Lock())

    async def add(
        self, sent: Sent, emoji: str, giver: discord.Member | discord.Object, guild: int
    ) -> None:
        """Do what a sign means; ``emoji`` as Discord's API wants it. Raises ``NoCard``."""
        given = Given(ROOM, str(sent), str(giver.id), signs.read(emoji))
        person: list[Person] = []

        async def identified() -> Person:
            person.append(await who(self._db, giver, guild))
            return person[0]

        answer = await reactions.added(self._db, self._desk, given, identified)
        if not answer.keep:
            await self._client.courier.take_off(sent, emoji, giver.id)
            if answer.said and person and person[0].moderates:
                await self._tell(giver.id, answer.said)
            await reactions.refused(self._db, given)
        for sign in answer.drop:
            await self._client.courier.take_off(sent, EMOJI[sign], giver.id)
        if answer.asks_about:
            await self._ask(sent, given, answer, giver.id)
        await self._delete(answer.asked)

    async def remove(self, sent: Sent, sign: Sign, user: int, guild: int) -> None:
        """Undo what a sign meant."""

        async def identified() -> Person:
            server = self._client.get_guild(guild)
            giver = await member(server, user) if server else discord.Object(user)
            return await who(self._db, giver, guild)

        given = Given(ROOM, str(sent), str(user), sign)
        answer = await reactions.removed(self._db, self._desk, given, identified)
        await self._delete(answer.asked)

    async def answered(self, job_id: int, user: int) -> None:
        """A review came by button: what asked for its sentence goes away."""
        await self._delete(await reactions.settled(self._db, ROOM, job_id, str(user)))

    async def _ask(self, sent: Sent, given: Given, answer: Answer, user: int) -> None:
        """A form can only follow a press, so the ❌ is answered with a button that opens one."""
        async with self._db.read() as s:
            row = await known.get(s, ROOM, given.message, given.user_id, Sign.REJECT)
        if row is None or row.asked:
            return
        view: ui.LayoutView = sentence("")
        view.clear_items()
        view.add_item(
            ui.TextDisplay(
                f"<@{user}> Why? Job {answer.asks_about} needs one sentence for its artist."
            )
        )
        press = Press(Sign.REJECT, answer.asks_about, step=Step.WHY)
        view.add_item(ui.ActionRow(PressButton(press, "Say why", danger=True)))
        them = discord.AllowedMentions(users=[discord.Object(user)])
        # Told twice it is one question; taken off and given again it is another.
        giving = f"{sent} {user} {row.at.isoformat()}"
        nonce = f"why-{hashlib.sha256(giving.encode()).hexdigest()[:20]}"
        asked = await self._client.courier.send(sent.channel, Message(view), nonce, them)
        async with self._db.begin() as s:
            await known.note_asked(s, ROOM, given.message, given.user_id, Sign.REJECT, str(asked))

    async def _delete(self, messages: tuple[str, ...]) -> None:
        for message in messages:
            try:
                await self._client.courier.delete(Sent.read(message))
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("question.not_deleted", why=str(error))

    async def _tell(self, user: int, text: str) -> None:
        """Why their sign was taken off again; whoever takes no direct messages isn't told."""
        try:
            direct = await self._client.courier.direct(user)
            await self._client.courier.send(
                direct, Message(sentence(text)), f"no-{hash(text)}"[:25]
            )
        except discord.HTTPException as error:
            log.info("moderator.not_told", why=error.text)

    async def _insist(self, sent: Sent, user: int, act: Callable[[], Awaitable[None]]) -> None:
        """Try again while the database or Discord is away; what is lost all the same is looked at
        again later."""
        with logs.of_request(ROOM):
            await self._try_again(sent, user, act)

    async def _try_again(self, sent: Sent, user: int, act: Callable[[], Awaitable[None]]) -> None:
        async with self.in_turn(sent, user):
            for attempt in range(1, TRIES + 1):
                try:
                    return await act()
                except (NoCard, Unsettled):
                    pass  # its row may be on the way, as people are quick; or another process is at it
                except Exception:
                    log.exception("reaction.failed", attempt=attempt)
                await asyncio.sleep(TRY_SECONDS * attempt)
        self.missed.look_at(sent)


def _named(emoji: discord.PartialEmoji) -> str:
    """As Discord's API wants it: in text a server's own emoji has brackets around it."""
    return f"{emoji.name or '_'}:{emoji.id}" if emoji.id else emoji.name
