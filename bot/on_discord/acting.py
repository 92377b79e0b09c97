"""Presses and forms: what was pressed becomes a verb at the desk, and its answer is whispered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog

from bot import buttons, cards_asked, kept, reactions, stating
from bot.acts import Act, act
from bot.card import Card
from bot.consenting import ticked
from bot.on_discord import consenting, forms
from bot.on_discord.courier import SILENT, Message
from bot.on_discord.ids import ROOM, Asked
from bot.on_discord.paint import sentence
from bot.on_discord.people import who
from bot.on_discord.press import PressButton, mending
from bot.press import OF_ANOTHER_VERSION, Press, Step
from bot.reactions import DECIDES
from bot.signs import LOOKS, NEEDS_SENTENCE, OF_ONE_CLIP, VOTES, Sign
from bot.view import view
from db import logs, people, replies
from db.media import StoreTrouble
from db.session import Db
from db.states import Reason
from moderation import rules
from moderation.desk import Desk
from moderation.rules import Refused
from moderation.wish import Request

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

Interaction = discord.Interaction["StudioClient"]
TOKEN_LASTS = timedelta(minutes=14, seconds=30)
"""Discord's 15 minutes, less what a slow network may take of them."""
ALREADY_ANSWERED = 40060
OVER = {10062, 50027, ALREADY_ANSWERED}
"""Discord knows the interaction or its token no more, or it was told twice and answered once."""
THINKING = "thinking"
"""What an interaction was answered with at first: with a message to come (True), or with none."""
BROKEN = "Something broke here. It was written down for the hosts; please try again."
STARTS_A_JOB = OF_ONE_CLIP | {Sign.AGAIN, Sign.GO_ON}

Form = Callable[[Interaction, str, Mapping[str, str]], Awaitable[None]]
"""Takes a form that was sent: its id, and what its fields hold by their ids."""

log = structlog.get_logger()


class Acting:
    """Everything that people do by pressing."""

    def __init__(self, client: StudioClient, db: Db, desk: Desk) -> None:
        self._client = client
        self._db = db
        self._desk = desk
        self.forms: dict[str, Form] = {Step.SAY: self._said}
        """Who takes which form, by what its id begins with."""

    async def press(self, interaction: Interaction, press: Press) -> None:
        """A button of any card, of any age."""
        async with self.answering(interaction, press.job_id):
            if press.sign is Sign.CONSENT:
                await consenting.ask(interaction, press.job_id)
            elif press.sign in LOOKS:
                await self._look(interaction, press)
            elif press.sign in OF_ONE_CLIP and not press.clip:
                await self._pick(interaction, press)
            elif press.sign in NEEDS_SENTENCE:
                await forms.ask(interaction, press)
            elif press.sign is Sign.WITHDRAW and press.step is not Step.SURE:
                await self._make_sure(interaction, press)
            else:
                await self.carry_out(interaction, press)

    async def submitted(self, interaction: Interaction) -> None:
        """A form was sent."""
        data: Any = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        take = self.forms.get(custom_id.partition(":")[0])
        async with self.answering(interaction):
            if take is None:
                raise Refused(OF_ANOTHER_VERSION)
            await take(interaction, custom_id, forms.read(data))

    @asynccontextmanager
    async def answering(
        self, interaction: Interaction, job: int | None = None
    ) -> AsyncIterator[None]:
        """Whatever goes wrong within is said to whoever acted, in one sentence."""
        with logs.of_request(ROOM, job):
            try:
                yield
            except Refused as refused:
                await self.whisper(interaction, str(refused), *mending(refused))
            except StoreTrouble as trouble:
                log.warning("store.away", why=str(trouble))
                await self.whisper(interaction, kept.AWAY)
            except discord.HTTPException as error:
                log.warning("interaction.lost", error=error.text, code=error.code)
                if error.code not in OVER:
                    await self.whisper(interaction, BROKEN)
            except Exception:
                log.exception("interaction.broke")
                await self.whisper(interaction, BROKEN)

    async def defer(self, interaction: Interaction, *, thinking: bool = True) -> None:
        """Answer at once, so that nothing that is slow here breaks Discord's three seconds.

        Of an answer, or of a try of it, only Discord's yes may be lost, and an interaction may be told
        twice: it goes on in every case, because what follows does nothing twice.
        """
        if THINKING in interaction.extras:
            return
        interaction.extras[THINKING] = thinking
        try:
            await interaction.response.defer(ephemeral=True, thinking=thinking)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
        except (aiohttp.ClientError, OSError) as error:
            log.info("interaction.answer_unsure", error=type(error).__name__)

    async def whisper(self, interaction: Interaction, text: str, *buttons: PressButton) -> None:
        """Say something that only they see, whatever was said to this interaction before."""
        said = sentence(text, *buttons)
        try:
            if THINKING not in interaction.extras and not interaction.response.is_done():
                await interaction.response.send_message(
                    view=said, ephemeral=True, allowed_mentions=SILENT
                )
            else:
                # Of an answer to come this is it; one that has become a card meanwhile stays one.
                await interaction.followup.send(view=said, ephemeral=True, allowed_mentions=SILENT)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("whisper.lost", error=str(error))

    async def show(self, interaction: Interaction, card: Card) -> None:
        """Show a card to them alone, with buttons that work; ``interaction`` is deferred."""

        async def edit(message: Message) -> None:
            await self._client.courier.edit_original(interaction.token, message)

        guild, limit = interaction.guild_id or 0, interaction.filesize_limit
        await self._client.room.posting.fitting(card, guild, edit, limit)

    async def request(self, interaction: Interaction) -> Request:
        """Where a wish comes from; for a while its receipt may be the answer to this interaction."""
        asked = Asked(
            interaction.guild_id or 0,
            _channel(interaction),
            interaction.user.id,
            interaction.id,
        )
        if asked.guild:
            await self.keep(interaction, str(asked))
        workspace = str(asked.guild) if asked.guild else ""
        return Request(f"{ROOM}:{interaction.id}", ROOM, str(asked), workspace)

    async def keep(self, interaction: Interaction, place: str) -> None:
        """Remember that cards of this place can be painted as the answer to this interaction."""
        async with self._db.begin() as s:
            await replies.keep(s, ROOM, place, interaction.token, TOKEN_LASTS)

    async def carry_out(
        self,
        interaction: Interaction,
        press: Press,
        words: str = "",
        reason: Reason = Reason.OTHER,
    ) -> None:
        """Do what the press means, and say what was done. Raises ``Refused``."""
        starts = press.sign in STARTS_A_JOB
        # A card that only they see can be repainted for as long as the newest press on it is young.
        await self.defer(interaction, thinking=starts or not _on_private_card(interaction, press))
        person = await who(self._db, interaction.user, interaction.guild_id or 0)
        if starts:
            request = await self.request(interaction)
        else:
            request = Request(f"{ROOM}:{interaction.id}", ROOM)
            if _on_private_card(interaction, press):
                await self._keep_card(interaction, press.job_id)
        only = [press.clip] if press.clip and starts else []
        if press.sign in DECIDES:
            only = await reactions.numbers(self._db, ROOM, press.job_id, str(interaction.user.id))
        deed = Act(person, press.sign, press.job_id, request, words, only, reason)
        said = await act(self._desk, deed)
        if not starts:
            await self.whisper(interaction, said, *await self._undoing(press))
            if press.sign in DECIDES:
                await self._client.watching.answered(press.job_id, interaction.user.id)
        elif not interaction.guild_id:
            await self.whisper(interaction, said)  # the receipt is a message of its own here

    async def _undoing(self, press: Press) -> list[PressButton]:
        """What takes back what was just done: a sign can be taken off, a press can't."""
        if press.sign in VOTES:
            undo = buttons.TAKE_BACK_VOTE
        elif press.sign is Sign.TIP:
            undo = buttons.TAKE_BACK_TIP
        elif press.sign in DECIDES and await reactions.waits(self._db, press.job_id):
            undo = buttons.TAKE_BACK_REVIEW
        else:
            return []
        return [PressButton(Press(undo.sign, press.job_id, step=Step.LIST), undo.label)]

    async def _said(
        self, interaction: Interaction, custom_id: str, fields: Mapping[str, str]
    ) -> None:
        picked = (fields.get(forms.CLIP, ""), fields.get(forms.REASON, ""))
        press, reason = Press.sent(custom_id, *picked)
        words = fields.get(forms.WORDS, "")
        words = ticked(fields) or stating.ticked(fields, words) or words
        await self.carry_out(interaction, press, words, reason)

    async def _keep_card(self, interaction: Interaction, job_id: int) -> None:
        async with self._db.read() as s:
            seen = await view(s, job_id, {})
        if seen is not None and seen.job.room == ROOM:
            asked = Asked.read(seen.job.place)
            if asked.user == interaction.user.id:
                await self.keep(interaction, seen.job.place)

    async def _look(self, interaction: Interaction, press: Press) -> None:
        await self.defer(interaction)
        person = await who(self._db, interaction.user, interaction.guild_id or 0)
        async with self._db.read() as s:
            seen = await view(s, press.job_id)
        if press.sign is Sign.INFO:
            await self.show(interaction, cards_asked.info(person, press.job_id, seen))
        else:
            await self.show(interaction, cards_asked.shown_to(person, press.job_id, seen))

    async def _pick(self, interaction: Interaction, press: Press) -> None:
        found = self._clips_for(interaction.user.id, press.job_id)
        if press.sign in NEEDS_SENTENCE:
            numbers = await forms.in_time(interaction, found)
        else:
            await self.defer(interaction)
            numbers = await found
        if len(numbers) == 1:
            press, numbers = replace(press, clip=numbers[0]), []
        if press.sign in NEEDS_SENTENCE:
            await forms.ask(interaction, press, numbers)
        elif numbers:
            picks = [replace(press, clip=number) for number in numbers]
            buttons = [PressButton(pick, f"Clip {pick.clip}") for pick in picks]
            await self.whisper(interaction, "Which clip?", *buttons)
        else:
            await self.carry_out(interaction, press)  # with no clip at all the desk says why not

    async def _clips_for(self, user: int, job_id: int) -> list[int]:
        """The clips that something can go on from, for this person."""
        async with self._db.read() as s:
            seen = await view(s, job_id, {})
            person = await people.find(s, ROOM, "", str(user))
        if seen is None:
            raise Refused(f"There is no job {job_id}.")
        return rules.may_grow_from(person, seen.job, seen.clips)

    async def _make_sure(self, interaction: Interaction, press: Press) -> None:
        sure = Press(press.sign, press.job_id, press.clip, Step.SURE)
        await self.whisper(
            interaction,
            buttons.QUESTIONS[press.sign],
            PressButton(sure, "Yes, withdraw", danger=True),
        )


def _channel(interaction: Interaction) -> int:
    """Where they asked; of a thread its channel, because threads have none of their own."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return interaction.channel_id or 0


def _on_private_card(interaction: Interaction, press: Press) -> bool:
    """Whether they pressed something on a job's card that only they see; a list or a question is none."""
    message = interaction.message
    return bool(
        press.step in {Step.PRESS, Step.SAY}
        and interaction.guild_id
        and message
        and message.flags.ephemeral
    )
