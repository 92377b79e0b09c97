"""An artist's own cards: as the private answer to what they asked, else by direct message, else in a
thread of their own."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import discord
import structlog

from bot.card import Card, Tone
from bot.on_discord.courier import Courier, Message
from bot.on_discord.ids import NOWHERE, ORIGINAL, ROOM, Asked
from bot.on_discord.paint import sentence
from bot.on_discord.posting import Posting
from db import notes, posts, replies
from db.models import Post, Reply
from db.session import Db
from db.states import Purpose

HAND_OVER = timedelta(minutes=1)
"""So long before it ends, a private answer says where it goes on."""
GOES_ON = "This goes on in your direct messages: here I can write for 15 minutes only."
UNREACHED = (
    "I couldn't send you a direct message. Open yours to members of this server, or bring any job "
    "back with /studio show."
)

log = structlog.get_logger()


class Private:
    """One per client."""

    def __init__(self, db: Db, courier: Courier, posting: Posting) -> None:
        self._db = db
        self._courier = courier
        self._posting = posting

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        """Bring a card to its artist; its message."""
        if card.purpose is not Purpose.DECISION and not await self._is_taken(place, card.job_id):
            reply = await self._living(place, HAND_OVER)
            if reply is not None and await self._answer(reply, Asked.read(place), card):
                return ORIGINAL
        return await self._deliver(Asked.read(place), card, key, since)

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        """Repaint a card that isn't a message of the bot's own, or make one of it in time."""
        asked = Asked.read(place)
        if message == NOWHERE:
            # Asking again at every step would only be refused at every step.
            moving = card.tone in {Tone.WAITING, Tone.WORKING}
            return message if moving else await self._deliver(asked, card, key, since)
        if card.purpose is not Purpose.RECEIPT:
            # Once its time is over, what is news comes as a message of its own: the decision.
            if (reply := await self._living(place)) is not None:
                await self._answer(reply, asked, card)
            return message
        if await self._has_result(place, card.job_id):
            return message  # the receipt has become the result
        young = await self._living(place, HAND_OVER)
        if young is not None and await self._answer(young, asked, card):
            return message
        delivered = await self._deliver(asked, card, key, since)
        if await self._has_result(place, card.job_id):
            return delivered  # another process has shown it meanwhile
        if (reply := await self._living(place)) is not None:
            last_words = UNREACHED if delivered == NOWHERE else GOES_ON
            with suppress(discord.HTTPException):
                await self._courier.edit_original(reply.token, Message(sentence(last_words)))
        return delivered

    async def remove(self, place: str) -> None:
        if (reply := await self._living(place)) is not None:
            await self._courier.delete_original(reply.token)

    async def must_move(self, post: Post) -> bool:
        """Whether this private answer can be written to for so short a time that it has to go on
        elsewhere, however it looks."""
        if post.purpose is not Purpose.RECEIPT or post.message != ORIGINAL:
            return False
        if await self._living(post.place, HAND_OVER) is not None:
            return False
        return not await self._has_result(post.place, post.job_id)

    async def _answer(self, reply: Reply, asked: Asked, card: Card) -> bool:
        """Paint the private answer; False when Discord doesn't take its token any more."""

        async def edit(message: Message) -> None:
            await self._courier.edit_original(reply.token, message)

        try:
            await self._posting.fitting(card, asked.guild, edit)
        except discord.HTTPException as error:
            if error.status not in {401, 403, 404}:
                raise
            async with self._db.begin() as s:
                await replies.end(s, ROOM, reply.place)
            return False
        return True

    async def _deliver(self, asked: Asked, card: Card, key: str, since: datetime) -> str:
        """By direct message, else in a private thread where they asked."""
        try:
            direct = await self._courier.direct(asked.user)
            return str(await self._posting.send(direct, 0, card, key, since))
        except discord.Forbidden as error:
            why = error.text  # they take no direct messages
        if asked.guild:
            try:
                return await self._in_thread(asked, card, key, since)
            except discord.HTTPException as error:
                if error.status >= 500 or error.status in {401, 429}:
                    raise
                why = error.text  # forums, voice channels and closed ones have no such threads
        log.warning("artist.unreachable", job=card.job_id, why=why)
        return NOWHERE

    async def _in_thread(self, asked: Asked, card: Card, key: str, since: datetime) -> str:
        """In their thread of that channel, one for all their jobs; a deleted one is made anew."""
        name = f"{ROOM}:thread:{asked.channel}:{asked.user}"
        async with self._db.read() as s:
            known = await notes.get(s, name)
        if known:
            with suppress(discord.NotFound):
                return str(await self._posting.send(int(known), asked.guild, card, key, since))
        thread = await self._courier.private_thread(asked.channel, "Your clips")
        async with self._db.begin() as s:
            await notes.put(s, name, str(thread))
        await self._courier.add_to_thread(thread, asked.user)
        return str(await self._posting.send(thread, asked.guild, card, key, since))

    async def _is_taken(self, place: str, job_id: int) -> bool:
        """Whether the private answer shows another job, as that of a winner whose final this is."""
        async with self._db.read() as s:
            there = await posts.standing(s, ROOM, place)
        return any(post.job_id != job_id and post.message == ORIGINAL for post in there)

    async def _has_result(self, place: str, job_id: int) -> bool:
        """Whether the receipt has become the result, in the same message."""
        async with self._db.read() as s:
            standing = await posts.of(s, ROOM, job_id)
        its = (Purpose.RESULT, place, ORIGINAL)
        return any((post.purpose, post.place, post.message) == its for post in standing)

    async def _living(self, place: str, at_least: timedelta = timedelta(0)) -> Reply | None:
        """The leave to answer there in private, if it lasts for so long."""
        async with self._db.read() as s:
            return await replies.living(s, ROOM, place, at_least)
