"""Reactions in Slack: as they come, and those that came while the bot was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot import cards, reactions
from bot.by_sign import seeds
from bot.on_slack import signs
from bot.on_slack.courier import GONE
from bot.on_slack.files import is_unsure
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.paint import button, sentence
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, who
from bot.press import Press, Step
from bot.reactions import Answer, Given, NoCard
from bot.signs import Sign
from bot.view import view
from db import events, posts
from db import reactions as known
from db.models import Post
from db.states import Purpose
from moderation.people import Person

TRIES, TRY_SECONDS = 5, 1.0
PAUSE_SECONDS, LONGEST_SECONDS = 5.0, 60.0
"""Between two looks at what couldn't be read or done: growing from the first to the second."""
MEANS_NOTHING = "That sign means nothing here; take one of those under the card."

log = structlog.get_logger()


class Watching:
    """One per process."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._again: asyncio.Task[None] | None = None

    async def came(self, team: str, event: dict[str, Any], bot: str) -> None:
        """A reaction was put on some message; ``bot``: our own user there."""
        if _concerns(event, bot) and not await self._insist(_given(team, event), came=True):
            self._look_again()

    async def went(self, team: str, event: dict[str, Any], bot: str) -> None:
        """A reaction was taken off."""
        if _concerns(event, bot) and not await self._insist(_given(team, event), came=False):
            self._look_again()

    async def catch_up(self) -> None:
        """Act on what was put on and taken off the cards meanwhile, once; again while it fails."""
        pause = PAUSE_SECONDS
        while not await self._caught_up():
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_SECONDS)

    def stop(self) -> None:
        if self._again is not None:
            self._again.cancel()

    def _look_again(self) -> None:
        """Every try failed; what stands on the cards is looked at later."""
        if self._again is None or self._again.done():
            self._again = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        await self.catch_up()

    async def _caught_up(self) -> bool:
        """Whether there is nothing left to be done, or nothing that trying again would mend."""
        try:
            async with self._parts.db.read() as s:
                standing = await posts.with_signs(s, ROOM)
        except Exception:
            log.exception("reactions.not_looked_at")
            return False
        return all([await self._compared(post) for post in standing])

    async def _compared(self, post: Post) -> bool:
        try:
            return await self._compare(post)
        except LookupError:
            return True  # we are no longer in that workspace
        except SlackApiError as error:
            if error.response.get("error") in GONE:
                return await self._missing(post)
            log.warning("reactions.not_read", job=post.job_id, why=error.response.get("error"))
            return not is_unsure(error)
        except Exception:
            log.exception("reactions.not_read", job=post.job_id)
            return False

    async def _missing(self, post: Post) -> bool:
        """Somebody deleted it meanwhile: what waits for a decision is shown again."""
        if post.purpose is Purpose.REVIEW:
            async with self._parts.db.begin() as s:
                await posts.note_removed(s, post.id)
                await events.tell_again(s, ROOM, [post.job_id])
            await self._parts.desk.broker.spread(post.job_id)
        return True

    async def _compare(self, post: Post) -> bool:
        sent = Sent.read(post.message)
        async with self._parts.db.read() as s:
            written = {(r.user_id, r.sign) for r in await known.on(s, ROOM, post.message)}
        ours, there = await self._standing(sent)
        done = [
            await self._insist(
                Given(ROOM, post.message, user, Sign(sign)), came=(user, sign) in there
            )
            for user, sign in sorted(there ^ written)
        ]
        await self._seed(post, sent, ours)
        return all(done)

    async def _standing(self, sent: Sent) -> tuple[set[str], set[tuple[str, str]]]:
        """The signs of our own on a message, and those of others with who gave them."""
        answer = await self._parts.courier.call(
            sent.team, "reactions.get", channel=sent.channel, timestamp=sent.ts, full=True
        )
        bot = answer["message"].get("user")
        all_ = {
            (user, str(sign))
            for reaction in answer["message"].get("reactions", ())
            for user in reaction["users"]
            if (sign := signs.read(reaction["name"])) is not None
        }
        return {sign for user, sign in all_ if user == bot}, {o for o in all_ if o[0] != bot}

    async def _seed(self, post: Post, sent: Sent, ours: set[str]) -> None:
        """Put the bot's own signs there that are missing."""
        async with self._parts.db.read() as s:
            seen = await view(s, post.job_id, {})
        for sign in seeds(cards.paint_for(post.purpose, seen)) if seen is not None else ():
            if sign not in ours:
                await self._parts.courier.react(sent, signs.NAMES[sign])

    async def _insist(self, given: Given, *, came: bool) -> bool:
        """Try again while the database or Slack is away; whether nothing is left to be done."""
        # What one person does to one message goes in turn, so that what was taken off stays off.
        key = given.message, given.user_id
        done = False
        async with self._turns.setdefault(key, asyncio.Lock()):
            for attempt in range(1, TRIES + 1):
                try:
                    await (self._add(given) if came else self._remove(given))
                    return True
                except NoCard:
                    done = True  # its row may still be on the way: people are quick
                except Exception:
                    log.exception("reaction.failed", attempt=attempt)
                    done = False
                await asyncio.sleep(TRY_SECONDS * attempt)
        return done

    async def _add(self, given: Given) -> None:
        team = Sent.read(given.message).team

        async def giver() -> Person:
            asked = who if await self._is_review(given) else anybody
            return await asked(self._parts, team, given.user_id)

        answer = await reactions.added(self._parts.db, self._parts.desk, given, giver)
        if not answer.keep:
            # A bot can't take somebody's sign off in Slack: it says once that it doesn't count.
            await reactions.refused(self._parts.db, given)
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._whisper(given, answer.said or MEANS_NOTHING)
        elif answer.asks_about:
            await self._ask(given, answer)

    async def _remove(self, given: Given) -> None:
        sent = Sent.read(given.message)

        async def giver() -> Person:
            asked = who if await self._is_review(given) else anybody
            return await asked(self._parts, sent.team, given.user_id)

        if given.sign is not None and signs.has_aliases(given.sign):
            async with self._parts.db.read() as s:
                counts = await known.get(s, ROOM, given.message, given.user_id, given.sign)
            if counts and (given.user_id, str(given.sign)) in (await self._standing(sent))[1]:
                return  # another emoji of theirs says the same
        await reactions.removed(self._parts.db, self._parts.desk, given, giver)

    async def _is_review(self, given: Given) -> bool:
        """Whether it matters who they are in their workspace; everybody may vote."""
        async with self._parts.db.read() as s:
            post = await posts.by_message(s, ROOM, given.message)
        return post is not None and post.purpose is Purpose.REVIEW

    async def _ask(self, given: Given, answer: Answer) -> None:
        """A form can only follow a press, so the ❌ is answered with a button that opens one."""
        why = button(Press(Sign.REJECT, answer.asks_about, step=Step.WHY), "Say why", danger=True)
        text = f"Why? Job {answer.asks_about} needs one sentence for its artist."
        await self._whisper(given, text, why)

    async def _whisper(self, given: Given, text: str, *buttons: dict[str, Any]) -> None:
        sent = Sent.read(given.message)
        blocks = sentence(text, *buttons)
        try:
            await self._parts.courier.whisper(sent.team, sent.channel, given.user_id, blocks, text)
        except SlackApiError as error:
            if is_unsure(error):
                raise
            log.info("whisper.lost", why=error.response.get("error"))


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
