"""Reactions in Slack, as they come and go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot import reactions
from bot.on_slack import signs
from bot.on_slack.asking import code
from bot.on_slack.files import is_unsure
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.missed import PAUSE_SECONDS, Missed, Signs, standing
from bot.on_slack.paint import button, sentence
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, who
from bot.press import Press, Step
from bot.reactions import DECIDES, Answer, Given, NoCard, Unsettled
from bot.room import Away
from bot.signs import VOTES, Sign
from db import posts
from db import reactions as known
from db.states import Purpose
from moderation.people import Person
from moderation.rules import Refused

TRIES, TRY_SECONDS = 5, 1.0
LATE_SECONDS = PAUSE_SECONDS
"""What is done within that time of a sign is looked at again after each sign that was taken off, as Slack
tells each thing to another process. What is done later, as Slack tells again after minutes what nobody
acknowledged, is looked at by itself."""
MEANS_NOTHING = "That sign means nothing here; take one of those under the card."
WHISPERED = "whispered"
"""In place of the message that asks for a sentence: what only one person sees is no message."""

log = structlog.get_logger()


class Watching:
    """One per process."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self.missed = Missed(parts, self)

    async def came(self, team: str, event: dict[str, Any], bot: str) -> None:
        """A reaction was put on some message; ``bot``: our own user there."""
        if _concerns(event, bot):
            given = _given(team, event)
            done = await self._insist(given, lambda: self.add(given))
            if not done or time.time() > float(event["event_ts"]) + LATE_SECONDS:
                self.missed.look_at(given.message)  # it may be off again already

    async def went(self, team: str, event: dict[str, Any], bot: str) -> None:
        """A reaction was taken off."""
        if _concerns(event, bot):
            given = _given(team, event)
            await self._insist(given, lambda: self.remove(given))
            if given.sign is not None:
                self.missed.look_at(given.message)  # another process may only now hear that it came

    async def catch_up(self) -> None:
        """Act on what was put on and taken off the cards meanwhile, once."""
        await self.missed.catch_up()

    def stop(self) -> None:
        self.missed.stop()

    def in_turn(self, given: Given) -> asyncio.Lock:
        """What one person does to one message goes in turn, so that what was taken off stays off."""
        return self._turns.setdefault((given.message, given.user_id), asyncio.Lock())

    async def add(self, given: Given, there: Signs | None = None) -> None:
        """Do what a sign means; ``there``: what stands on the message, where that was just read.
        Raises ``NoCard``."""
        refusals: list[Refused] = []
        giver = self._giver(given, refusals)
        if given.sign in DECIDES and await self._is_review(given):
            await self._add_numbers(given, giver, there)
        answer = await reactions.added(self._parts.db, self._parts.desk, given, giver)
        if not answer.keep:
            # A bot can't take somebody's sign off in Slack: it says once that it doesn't count.
            await reactions.refused(self._parts.db, given)
            if not refusals:
                with suppress(aiohttp.ClientError, TimeoutError, Away):
                    await self._whisper(given, answer.said or MEANS_NOTHING)
        elif answer.asks_about:
            await self._ask(given, answer)

    async def remove(self, given: Given) -> None:
        """Undo what a sign meant."""
        if given.sign is not None and signs.has_aliases(given.sign):
            async with self._parts.db.read() as s:
                counts = await known.get(s, ROOM, given.message, given.user_id, given.sign)
            if counts:
                _, there = await standing(self._parts.courier, Sent.read(given.message))
                if (given.user_id, given.sign) in there:
                    return  # another emoji of theirs says the same
        giver = self._giver(given, [])
        await reactions.removed(self._parts.db, self._parts.desk, given, giver)

    async def _insist(self, given: Given, act: Callable[[], Awaitable[None]]) -> bool:
        """Try again while the database or Slack is away; whether it was done."""
        async with self.in_turn(given):
            for attempt in range(1, TRIES + 1):
                try:
                    await act()
                except (NoCard, Unsettled):
                    pass  # its row may be on the way, as people are quick; or another process is at it
                except Exception:
                    log.exception("reaction.failed", attempt=attempt)
                else:
                    return True
                await asyncio.sleep(TRY_SECONDS * attempt)
        return False

    async def _add_numbers(
        self, given: Given, giver: Callable[[], Awaitable[Person]], there: Signs | None
    ) -> None:
        """What they decide is limited by the numbers that stand at that moment, heard of or not."""
        if there is None:
            _, there = await standing(self._parts.courier, Sent.read(given.message))
        async with self._parts.db.read() as s:
            rows = await known.on(s, ROOM, given.message)
        written = {(row.user_id, row.sign) for row in rows}
        for number in VOTES:
            if (given.user_id, number) in there - written:
                missed = replace(given, sign=number)
                await reactions.added(self._parts.db, self._parts.desk, missed, giver)

    def _giver(self, given: Given, refusals: list[Refused]) -> Callable[[], Awaitable[Person]]:
        """Who gave it; ``refusals``: filled where they are nobody whose signs could count."""

        async def giver() -> Person:
            asked = who if await self._is_review(given) else anybody
            try:
                return await asked(self._parts, Sent.read(given.message).team, given.user_id)
            except Refused as refused:
                refusals.append(refused)
                raise

        return giver

    async def _is_review(self, given: Given) -> bool:
        """Whether it matters who they are in their workspace; everybody may vote."""
        async with self._parts.db.read() as s:
            post = await posts.by_message(s, ROOM, given.message)
        return post is not None and post.purpose is Purpose.REVIEW

    async def _ask(self, given: Given, answer: Answer) -> None:
        """A form can only follow a press, so the ❌ is answered with a button that opens one."""
        async with self._parts.db.read() as s:
            row = await known.get(s, ROOM, given.message, given.user_id, Sign.REJECT)
        if row is None or row.asked:
            return
        why = button(Press(Sign.REJECT, answer.asks_about, step=Step.WHY), "Say why", danger=True)
        text = f"Why? Job {answer.asks_about} needs one sentence for its artist."
        asked = WHISPERED
        if not await self._whisper(given, text, why):
            asked = await self._write(given, text, why)
        async with self._parts.db.begin() as s:
            await known.note_asked(s, ROOM, given.message, given.user_id, Sign.REJECT, asked)

    async def _write(self, given: Given, text: str, *buttons: dict[str, Any]) -> str:
        """Say it in a direct message; empty where Slack doesn't let us."""
        courier, team = self._parts.courier, Sent.read(given.message).team
        try:
            direct = await courier.direct(team, given.user_id)
            return str(await courier.post(team, direct, sentence(text, *buttons), text))
        except SlackApiError as error:
            if is_unsure(error):
                raise
            log.info("question.lost", why=code(error))
            return ""

    async def _whisper(self, given: Given, text: str, *buttons: dict[str, Any]) -> bool:
        """Say it where they are; whether Slack let us."""
        sent = Sent.read(given.message)
        blocks = sentence(text, *buttons)
        try:
            await self._parts.courier.whisper(sent.team, sent.channel, given.user_id, blocks, text)
        except SlackApiError as error:
            if is_unsure(error):
                raise
            log.info("whisper.lost", why=code(error))
            return False
        return True


def _concerns(event: dict[str, Any], bot: str) -> bool:
    """Whether it is about a message of ours, and by somebody else."""
    item = event.get("item") or {}
    return (
        item.get("type") == "message"
        and event.get("user") != bot
        and event.get("item_user") in (None, bot)
    )


def _given(team: str, event: dict[str, Any]) -> Given:
    item = event["item"]
    message = str(Sent(team, item["channel"], item["ts"]))
    return Given(ROOM, message, event["user"], signs.read(event["reaction"]))
