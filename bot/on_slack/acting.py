"""Presses and forms: what was pressed becomes a verb at the desk, and its answer is whispered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot import buttons, cards, reactions
from bot.acts import Act, act
from bot.card import Card
from bot.on_slack import forms
from bot.on_slack.ids import ROOM, Asked
from bot.on_slack.paint import button, sentence
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import who
from bot.on_slack.room import SlackRoom
from bot.on_slack.text import Json
from bot.press import Press, Step
from bot.reactions import DECIDES
from bot.signs import LOOKS, NEEDS_SENTENCE, OF_ONE_CLIP, VOTES, Sign
from bot.view import view
from db import people
from db.states import Reason
from moderation.rules import Refused
from moderation.wish import Request

BROKEN = "Something broke here. It was written down for the hosts; please try again."
TOO_SLOW = "That took too long for Slack to show a form; please try once more."
SENT = "It's in your direct messages with the app."
LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
STARTS_A_JOB = OF_ONE_CLIP | {Sign.AGAIN}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Where:
    """Who did something, and where: what is answered goes there and to them alone."""

    team: str
    channel: str
    """Empty where it was done in no channel, as on the app's own page."""
    user: str
    request: str
    """Slack's own id of it, so that it is done once."""
    trigger: str = ""
    """Lets a form be opened within three seconds."""
    name: str = ""
    """What Slack calls them, where it says so."""
    reply: str = ""
    """Slack's address for answers to this, which may be used a few times."""


class Acting:
    """Everything that people do by pressing."""

    def __init__(self, parts: SlackParts, room: SlackRoom) -> None:
        self._parts = parts
        self._room = room

    async def press(self, where: Where, press: Press) -> None:
        """A button of any card, of any age."""
        async with self.answering(where):
            if press.sign in LOOKS:
                await self._look(where, press)
            elif press.sign in OF_ONE_CLIP and not press.clip:
                await self._pick(where, press)
            elif press.sign in NEEDS_SENTENCE:
                await self.open(where, forms.ask(press, where.channel))
            else:
                await self.carry_out(where, press)

    async def said(self, where: Where, form: str, fields: dict[str, str]) -> None:
        """A form that asked for words was sent."""
        async with self.answering(where):
            press = Press.read(form)
            if press is None:
                raise Refused("This form is of another version; press the button again.")
            if picked := fields.get(forms.CLIP):
                press = replace(press, clip=int(picked))
            reason = Reason(fields.get(forms.REASON) or Reason.OTHER)
            await self.carry_out(where, press, fields.get(forms.WORDS, ""), reason)

    @asynccontextmanager
    async def answering(self, where: Where) -> AsyncIterator[None]:
        """Whatever goes wrong within is said to whoever acted, in one sentence."""
        try:
            yield
        except Refused as refused:
            await self.whisper(where, str(refused))
        except Exception:
            log.exception("act.broke")
            await self.whisper(where, BROKEN)

    async def carry_out(
        self, where: Where, press: Press, words: str = "", reason: Reason = Reason.OTHER
    ) -> None:
        """Do what the press means, and say what was done. Raises ``Refused``."""
        person = await who(self._parts, where.team, where.user)
        only = [press.clip] if press.clip and press.sign in STARTS_A_JOB else []
        if press.sign in DECIDES:
            only = await reactions.numbers(self._parts.db, ROOM, press.job_id, where.user)
        deed = Act(person, press.sign, press.job_id, request_of(where), words, only, reason)
        await self.whisper(where, await act(self._parts.desk, deed), await self._undoing(press))

    async def open(self, where: Where, form: Json) -> None:
        try:
            await self._parts.courier.call(
                where.team, "views.open", trigger_id=where.trigger, view=form
            )
        except SlackApiError as error:
            if error.response.get("error") in LATE:
                raise Refused(TOO_SLOW) from error
            raise

    async def whisper(self, where: Where, text: str, buttons_: Sequence[Json] = ()) -> None:
        """Say something that only they see: where they are, else in their direct messages."""
        await self.show(where, sentence(text, *buttons_), text)

    async def show(self, where: Where, blocks: Sequence[Json], text: str) -> None:
        courier = self._parts.courier
        try:
            if where.reply and await courier.reply(where.reply, blocks, text):
                return
            if where.channel:
                try:
                    await courier.whisper(where.team, where.channel, where.user, blocks, text)
                    return
                except SlackApiError:
                    pass  # the app isn't in that channel
            direct = await courier.direct(where.team, where.user)
            await courier.post(where.team, direct, blocks, text)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, LookupError) as error:
            log.info("whisper.lost", error=str(error))

    async def bring(self, where: Where, card: Card) -> None:
        """Show a card with its clips in their direct messages, which have room for files."""
        await self._room.bring(where.team, where.user, card)
        if where.channel not in {"", await self._parts.courier.direct(where.team, where.user)}:
            await self.whisper(where, SENT)

    async def _look(self, where: Where, press: Press) -> None:
        person = await who(self._parts, where.team, where.user)
        async with self._parts.db.read() as s:
            seen = await view(s, press.job_id)
        shown = cards.info if press.sign is Sign.INFO else cards.shown_to
        await self.bring(where, shown(person, press.job_id, seen))

    async def _pick(self, where: Where, press: Press) -> None:
        numbers = await self._clips_for(where, press.job_id)
        if len(numbers) == 1:
            press, numbers = replace(press, clip=numbers[0]), []
        if press.sign in NEEDS_SENTENCE:
            await self.open(where, forms.ask(press, where.channel, numbers))
        elif numbers:
            picks = [button(replace(press, clip=n), f"Clip {n}") for n in numbers]
            await self.whisper(where, "Which clip?", picks)
        else:
            await self.carry_out(where, press)  # with no clip at all the desk says why not

    async def _clips_for(self, where: Where, job_id: int) -> list[int]:
        """The clips that something can go on from: of somebody's own job all, else those shown."""
        async with self._parts.db.read() as s:
            seen = await view(s, job_id, {})
            person = await people.find(s, ROOM, where.team, where.user)
        if seen is None:
            raise Refused(f"There is no job {job_id}.")
        own = seen.job.person_id == person
        return [clip.number for clip in seen.clips if own or clip.shown]

    async def _undoing(self, press: Press) -> list[Json]:
        """What takes back what was just done: a sign can be taken off, a press can't."""
        if press.sign in VOTES:
            undo = buttons.TAKE_BACK_VOTE
        elif press.sign in DECIDES and await reactions.waits(self._parts.db, press.job_id):
            undo = buttons.TAKE_BACK_REVIEW
        else:
            return []
        return [button(Press(undo.sign, press.job_id, step=Step.LIST), undo.label)]


def request_of(where: Where) -> Request:
    """Where a wish comes from."""
    asked = Asked(where.team, where.channel or "-", where.user, where.request)
    return Request(f"{ROOM}:{where.team}:{where.request}", ROOM, str(asked), where.team)
