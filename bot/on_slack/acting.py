"""Presses and forms: what was pressed becomes a verb at the desk, and its answer is whispered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot import buttons, cards_asked, kept, reactions, stating
from bot.acts import Act, act
from bot.card import Card
from bot.consenting import form, ticked
from bot.lists import Listing
from bot.on_slack import forms
from bot.on_slack.asking import code
from bot.on_slack.checking import NEEDS_A_ROLE, may
from bot.on_slack.home import painted
from bot.on_slack.ids import ROOM
from bot.on_slack.paint import button, sentence
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, is_name_known, maker, who
from bot.on_slack.room import SlackRoom
from bot.on_slack.text import Json, escaped, quote
from bot.on_slack.where import Where, request_of
from bot.press import Press, Step
from bot.reactions import DECIDES
from bot.signs import LOOKS, NEEDS_SENTENCE, OF_ONE_CLIP, VOTES, Sign
from bot.view import view
from db import logs, people
from db.media import StoreTrouble
from db.states import Reason
from moderation import rules
from moderation.rules import Refused

BROKEN = "Something broke here. It was written down for the hosts; please try again."
TOO_SLOW = "That took too long for Slack to show a form; please try once more."
SENT = "It's in your direct messages with the app."
LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
STARTS_A_JOB = OF_ONE_CLIP | {Sign.AGAIN, Sign.GO_ON}
MEET_MOST, MEET_SECONDS = 30, 60.0
"""So many people's names are asked for in this time: moderators need their turn."""
TEXT_LIMIT, TYPED_LIMIT, VALUE_LIMIT = 3000, 3000, 2000
CHECK_SECONDS = 1.5
"""So long it is looked up whether something can be done before its form is shown: Slack waits for three."""

Said = tuple[str, list[Json]]
"""What is said of what was done, and what takes it back."""

log = structlog.get_logger()


class Acting:
    """Everything that people do by pressing."""

    def __init__(self, parts: SlackParts, room: SlackRoom) -> None:
        self._parts = parts
        self._room = room
        self._unmet: dict[tuple[str, str], None] = {}
        self._met: deque[float] = deque()
        self._meeting: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if self._meeting is not None:
            self._meeting.cancel()

    def meet(self, where: Where) -> None:
        """Learn by and by what somebody is called whose name will be shown."""
        if is_name_known(self._parts, where.team, where.user):
            return
        self._unmet[where.team, where.user] = None
        if self._meeting is None or self._meeting.done():
            self._meeting = asyncio.create_task(self._meet())

    async def _meet(self) -> None:
        while self._unmet:
            now = time.monotonic()
            if len(self._met) >= MEET_MOST:
                await asyncio.sleep(max(self._met.popleft() + MEET_SECONDS - now, 0))
            self._met.append(time.monotonic())
            one = next(iter(self._unmet))
            del self._unmet[one]
            with suppress(SlackApiError, aiohttp.ClientError, TimeoutError, LookupError, Refused):
                await who(self._parts, *one)

    async def press(self, where: Where, press: Press) -> None:
        """A button of any card, of any age."""
        async with self.answering(where, press.job_id):
            if press.sign is Sign.CONSENT:
                person = await anybody(self._parts, where.team, where.user, where.name)
                asked = await form(self._parts.db, person, press.job_id)
                await self.open(where, forms.consent(asked, press.job_id, where.channel))
            elif press.sign in LOOKS:
                await self._look(where, press)
            elif press.sign in OF_ONE_CLIP and not press.clip:
                await self.pick(where, press)
            elif press.sign in NEEDS_SENTENCE:
                await self._check(where, press)
                await self.open(where, forms.ask(press, where.channel))
            elif press.sign is Sign.WITHDRAW and press.step is Step.LIST:
                await self.make_sure(where, press)
            else:
                await self.carry_out(where, press)

    async def make_sure(self, where: Where, press: Press) -> None:
        """Ask before what can't be undone. The button of a card asks by itself."""
        await self._check(where, press)
        sure = button(replace(press, step=Step.SURE), "Yes, withdraw", danger=True)
        await self.whisper(where, buttons.QUESTIONS[press.sign], [sure])

    async def said(self, where: Where, of_form: str, fields: dict[str, str]) -> Said:
        """A form that asked for words was sent. Raises ``Refused``."""
        press, reason = Press.sent(
            of_form, fields.get(forms.CLIP, ""), fields.get(forms.REASON, "")
        )
        words = fields.get(forms.WORDS, "")
        words = ticked(fields) or stating.ticked(fields, words) or words
        return await self._do(where, press, words, reason)

    @asynccontextmanager
    async def answering(self, where: Where, job: int | None = None) -> AsyncIterator[None]:
        """Whatever goes wrong within is said to whoever acted, in one sentence."""
        with logs.of_request(ROOM, job):
            try:
                yield
            except Refused as refused:
                found = stating.offered(refused)
                give = [button(Press(found[1].sign, found[0]), found[1].label)] if found else []
                await self.whisper(where, str(refused), give)
            except StoreTrouble as trouble:
                log.warning("store.away", why=str(trouble))
                await self.whisper(where, kept.AWAY)
            except Exception:
                log.exception("act.broke")
                await self.whisper(where, BROKEN)

    async def carry_out(
        self, where: Where, press: Press, words: str = "", reason: Reason = Reason.OTHER
    ) -> None:
        """Do what the press means, and say what was done. Raises ``Refused``."""
        await self.whisper(where, *await self._do(where, press, words, reason))

    async def _do(self, where: Where, press: Press, words: str, reason: Reason) -> Said:
        if press.sign in NEEDS_A_ROLE:
            person = await who(self._parts, where.team, where.user)
        else:
            person = await maker(self._parts, where.team, where.user, where.name)
        only = [press.clip] if press.clip and press.sign in STARTS_A_JOB else []
        if press.sign in DECIDES:
            only = await reactions.numbers(
                self._parts.db, ROOM, press.job_id, where.user, where.team
            )
        deed = Act(person, press.sign, press.job_id, request_of(where), words, only, reason)
        said = await act(self._parts.desk, deed)
        if press.sign in STARTS_A_JOB:
            self.meet(where)
        return said, await self._undoing(press)

    async def open(self, where: Where, form: Json) -> None:
        await open_form(self._parts, where.team, where.trigger, form)

    async def return_wish(
        self, where: Where, text: str, typed: str, picture: str = "", change: str = forms.OPEN_AGAIN
    ) -> None:
        """Say why a wish came to nothing, and give back what was typed; ``change``: what the button
        says that opens the form with it."""
        kept = f"{picture or forms.NO_PICTURE} {typed}"
        again = [forms.reopening(kept, change)] if len(kept) <= VALUE_LIMIT else []
        await self.return_words(where, text, typed, again)

    async def return_words(
        self, where: Where, text: str, typed: str, buttons_: Sequence[Json] = ()
    ) -> None:
        """Say why something was refused, and give back what was typed."""
        blocks = [*sentence(text), *([quote(typed, TYPED_LIMIT)] if typed else [])]
        if buttons_:
            blocks.append({"type": "actions", "elements": list(buttons_)})
        await self.show(where, blocks, text)

    async def whisper(self, where: Where, text: str, buttons_: Sequence[Json] = ()) -> None:
        """Say something that only they see: where they are, else in their direct messages."""
        await self.show(where, sentence(text, *buttons_), text)

    async def answer(self, where: Where, said: Listing | str) -> None:
        """What a command has to say: a list, or one sentence."""
        if isinstance(said, Listing):
            await self.show(where, painted(said), said.title)
        else:
            await self.whisper(where, said)

    async def show(self, where: Where, blocks: Sequence[Json], text: str) -> None:
        """``text``: what notifications say, as it is; Slack would read it as markup."""
        courier, text = self._parts.courier, escaped(text, TEXT_LIMIT)
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
        person = await anybody(self._parts, where.team, where.user, where.name)
        async with self._parts.db.read() as s:
            seen = await view(s, press.job_id)
        shown = cards_asked.info if press.sign is Sign.INFO else cards_asked.shown_to
        if seen is not None and cards_asked.needs_moderators(seen):
            person = await who(self._parts, where.team, where.user)  # whose role it takes
        card = shown(person, press.job_id, seen)
        await self.bring(where, card)

    async def pick(self, where: Where, press: Press, words: str = "") -> None:
        """Ask for the clip, where there are several, and for the words that go with it; ``words``:
        those that were typed already. Raises ``Refused``."""
        await self._check(where, press)
        numbers = await self._clips_for(where, press.job_id)
        if len(numbers) == 1:
            press, numbers = replace(press, clip=numbers[0]), []
        if words and not numbers:
            await self.carry_out(where, press, words)
        elif press.sign in NEEDS_SENTENCE:
            await self.open(where, forms.ask(press, where.channel, numbers, words))
        elif numbers:
            picks = [button(replace(press, clip=n), f"Clip {n}") for n in numbers]
            await self.whisper(where, "Which clip?", picks)
        else:
            await self.carry_out(where, press)  # with no clip at all the desk says why not

    async def _check(self, where: Where, press: Press) -> None:
        """Raises ``Refused`` for what can't be done, before anything is asked about it. Where that takes
        too long, the answer comes afterwards."""
        with suppress(SlackApiError, aiohttp.ClientError, TimeoutError, LookupError):
            async with asyncio.timeout(CHECK_SECONDS):
                await may(self._parts, where, press)

    async def _clips_for(self, where: Where, job_id: int) -> list[int]:
        """The clips that something can go on from, for this person."""
        async with self._parts.db.read() as s:
            seen = await view(s, job_id, {})
            person = await people.find(s, ROOM, where.team, where.user)
        if seen is None:
            raise Refused(f"There is no job {job_id}.")
        return rules.may_grow_from(person, seen.job, seen.clips)

    async def _undoing(self, press: Press) -> list[Json]:
        """What takes back what was just done: a sign can be taken off, a press can't."""
        if press.sign in VOTES:
            undo = buttons.TAKE_BACK_VOTE
        elif press.sign is Sign.TIP:
            undo = buttons.TAKE_BACK_TIP
        elif press.sign in DECIDES and await reactions.waits(self._parts.db, press.job_id):
            undo = buttons.TAKE_BACK_REVIEW
        else:
            return []
        return [button(Press(undo.sign, press.job_id, step=Step.LIST), undo.label)]


async def open_form(parts: SlackParts, team: str, trigger: str, form: Json) -> None:
    """Raises ``Refused`` when it was asked for too long ago."""
    try:
        await parts.courier.call(team, "views.open", trigger_id=trigger, view=form)
    except SlackApiError as error:
        if code(error) in LATE:
            raise Refused(TOO_SLOW) from error
        raise
