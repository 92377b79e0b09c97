"""The form of consent in Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.consenting import QUESTION, form
from bot.on_discord import forms
from bot.on_discord.people import who
from bot.press import Press, Step
from bot.said import WORDS
from bot.signs import Sign

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction


async def ask(interaction: Interaction, job_id: int) -> None:
    """Open the form of a job. Raises ``Refused`` for whoever isn't its artist."""
    client = interaction.client

    async def read() -> Any:
        person = await who(client.db, interaction.user, interaction.guild_id or 0)
        return await form(client.db, person, job_id)

    asked = await forms.in_time(interaction, read())
    options = [
        discord.SelectOption(
            label=words.title,
            value=words.typed,
            description=words.about,
            default=flag in asked.ticked,
        )
        for flag, words in WORDS.items()
    ]
    picked: ui.Select[Any] = ui.Select(
        custom_id=asked.field,
        options=options,
        required=False,
        min_values=0,
        max_values=len(options),
    )
    said = str(Press(Sign.CONSENT, job_id, step=Step.SAY))
    field: ui.Label[Any] = ui.Label(text=QUESTION, component=picked)
    await forms.send(interaction, said, f"Consent: job {job_id}", field)
