"""What was missed in Slack: signs that came or went while nobody listened, or while acting on them
failed."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from slack_sdk.errors import SlackApiError

from bot import cards
from bot.by_sign import seeds
from bot.on_slack import signs
from bot.on_slack.asking import code
from bot.on_slack.courier import GONE, Courier
from bot.on_slack.files import is_unsure
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.parts import SlackParts
from bot.reactions import Given, NoCard, Unsent, Unsettled, in_order, is_done, waits
from bot.signs import VOTES, Sign
from bot.view import view
from db import events, posts
from db import reactions as known
from db.models import Post
from db.states import Purpose

if TYPE_CHECKING:
    from bot.on_slack.watching import Watching

PAUSE_SECONDS, LONGEST_SECONDS = 5.0, 60.0
"""Between two looks at what couldn't be read or done: growing from the first to the second."""
UNKNOWN_TRIES = 7
"""So often a message is looked for that isn't known yet to be a card, which most never are."""
AT_ONCE, SLOWLY_SECONDS = 15, 2.5
"""So many cards of a workspace are compared at once, and the others slowly: what people do meanwhile
has its part of Slack's limits too."""
LOOKS = 2
"""A card on which something was done is looked at once more, as signs come and go meanwhile."""

Signs = set[tuple[str, Sign]]
log = structlog.get_logger()


@dataclass
class _Due:
    """A message to look at."""

    asked_at: float = 0.0
    """When it was last asked for, on the monotonic clock; it stays due until it was looked at a whole pause later."""
    tries: int = 0
    """How often it failed."""


class Missed:
    """One per process."""

    def __init__(self, parts: SlackParts, watching: Watching) -> None:
        self._parts = parts
        self._watching = watching
        self._due: dict[str | Unsent, _Due] = {}
        """By message, where that is known."""
        self._work: asyncio.Task[None] | None = None

    def look_at(self, what: str | Unsent) -> None:
        """Compare a message a while later: something on it failed, may have been done out of turn, or it
        isn't known to be a card."""
        self._due.setdefault(what, _Due()).asked_at = time.monotonic()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._work_off())

    def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def catch_up(self) -> None:
        """Compare each card with what is written down of it; those that fail are due again."""
        pause = PAUSE_SECONDS
        while True:
            try:
                async with self._parts.db.read() as s:
                    standing = await posts.with_signs(s, ROOM)
                break
            except Exception:
                # A database that is away for a while must not end this.
                log.exception("reactions.not_looked_at")
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_SECONDS)
        teams: dict[str, list[Post]] = defaultdict(list)
        for post in standing:
            if post.message:
                teams[Sent.read(post.message).team].append(post)
            else:
                self.look_at(Unsent(post.id))
        await asyncio.gather(*map(self._sweep, teams.values()))

    async def _sweep(self, standing: Sequence[Post]) -> None:
        for number, post in enumerate(standing):
            if number >= AT_ONCE:
                await asyncio.sleep(SLOWLY_SECONDS)
            if not await self._compared(post):
                self.look_at(post.message)

    async def _work_off(self) -> None:
        pause = PAUSE_SECONDS
        while self._due:
            await asyncio.sleep(pause)
            is_new = any(not due.tries for due in self._due.values())
            pause = PAUSE_SECONDS if is_new else min(2 * pause, LONGEST_SECONDS)
            for what, due in list(self._due.items()):
                late_enough = time.monotonic() - PAUSE_SECONDS
                if not await self._looked_at(what, due.tries):
                    due.tries += 1
                elif due.asked_at <= late_enough:
                    del self._due[what]

    async def _looked_at(self, what: str | Unsent, tries: int) -> bool:
        try:
            async with self._parts.db.read() as s:
                if isinstance(what, Unsent):
                    post = await posts.get(s, what.post_id)
                else:
                    post = await posts.by_message(s, ROOM, what)
        except Exception:
            log.exception("reactions.not_looked_at", tries=tries)
            return False
        if isinstance(what, Unsent) and (post is None or not post.message):
            return what.is_settled(post)
        if post is None:
            return tries >= UNKNOWN_TRIES
        return await self._compared(post)

    async def _compared(self, post: Post) -> bool:
        """Whether there is nothing left to be done there, or nothing that trying again would mend."""
        if post.purpose not in {Purpose.REVIEW, Purpose.SHOWCASE}:
            return True
        try:
            return await self._compare(post)
        except SlackApiError as error:
            if code(error) in GONE:
                return await self._missing(post)
            return _is_final(error, post)
        except Exception as error:  # logged there; what is no refusal is tried again
            return _is_final(error, post)

    async def _compare(self, post: Post) -> bool:
        sent = Sent.read(post.message)
        failed, ours = False, set[Sign]()
        for _ in range(LOOKS):
            # Read first: what is written down from here on was acted on by whoever listens.
            async with self._parts.db.read() as s:
                rows = await known.on(s, ROOM, post.message)
            written = {(row.user_id, Sign(row.sign)): is_done(row) for row in rows}
            ours, there = await standing(self._parts.courier, sent)
            missed = {one for one in there if not written.get(one)}
            missed |= {one for one in written if one not in there}
            if post.purpose is Purpose.SHOWCASE:
                missed = {one for one in missed if one[1] in VOTES}
            failed = False
            for user, sign in in_order(missed, there):
                given = Given(ROOM, post.message, user, sign)
                try:
                    await self._act(post, given, there)
                except (
                    Exception
                ) as error:  # logged there; it keeps no other sign from being acted on
                    failed |= not _is_final(error, post)
            if failed or not missed:
                break
        await self._seed(post, sent, ours)
        return not failed

    async def _act(self, post: Post, given: Given, there: Signs) -> None:
        """Act on one sign, unless that was done, or changed, since it was read."""
        async with self._watching.in_turn(given):
            if post.purpose is Purpose.REVIEW:  # where one sign too many can't be mended
                _, there = await standing(self._parts.courier, Sent.read(given.message))
            stands = (given.user_id, given.sign) in there
            async with self._parts.db.read() as s:
                row = await known.get(s, ROOM, given.message, given.user_id, str(given.sign))
            if stands and (row is None or not is_done(row)):
                await self._watching.add(given, there)
            elif row is not None and not stands:
                await self._watching.remove(given)

    async def _missing(self, post: Post) -> bool:
        """Somebody deleted it meanwhile: what waits for a decision is shown again."""
        try:
            if post.purpose is Purpose.REVIEW and await waits(self._parts.db, post.job_id):
                async with self._parts.db.begin() as s:
                    if await posts.by_message(s, ROOM, post.message) is None:
                        return True  # it is shown again already
                # Its clips are still in its thread.
                await self._parts.courier.delete(Sent.read(post.message))
                async with self._parts.db.begin() as s:
                    await posts.note_removed(s, post.id)
                    await events.tell_again(s, ROOM, [post.job_id])
                await self._parts.desk.broker.spread(post.job_id)
        except Exception as error:  # logged there
            return _is_final(error, post)
        return True

    async def _seed(self, post: Post, sent: Sent, ours: set[Sign]) -> None:
        """Put the bot's own signs there that are missing."""
        async with self._parts.db.read() as s:
            seen = await view(s, post.job_id, {})
        for sign in seeds(cards.paint_for(post.purpose, seen)) if seen is not None else ():
            if sign not in ours:
                await self._parts.courier.react(sent, signs.NAMES[sign])


async def standing(courier: Courier, sent: Sent) -> tuple[set[Sign], Signs]:
    """The signs of our own on a message, and those of others with who gave them."""
    answer = await courier.call(
        sent.team, "reactions.get", channel=sent.channel, timestamp=sent.ts, full=True
    )
    bot = answer["message"].get("user")
    found = {
        (str(user), sign)
        for reaction in answer["message"].get("reactions", ())
        for user in reaction["users"]
        if (sign := signs.read(reaction["name"])) is not None
    }
    return {sign for user, sign in found if user == bot}, {one for one in found if one[0] != bot}


def _is_final(error: Exception, post: Post) -> bool:
    """Whether trying again would not help soon."""
    if isinstance(error, Unsettled):
        return False
    if isinstance(error, (LookupError, NoCard)):
        return True  # we are no longer in that workspace, or it is no card any more
    if isinstance(error, SlackApiError):
        log.warning("reactions.not_read", job=post.job_id, why=code(error))
        return not is_unsure(error)
    log.error("reactions.failed", job=post.job_id, exc_info=error)
    return False
