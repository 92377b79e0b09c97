"""`/studio export` in Discord: zips that only whoever asked can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot import yours
from bot.on_discord.courier import SILENT
from bot.on_discord.files import ELSE_BYTES, REQUEST_BYTES
from bot.on_discord.people import who
from bot.on_discord.text import plain

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction
    from bot.on_discord.client import StudioClient

WORDS_LIMIT = 500


async def export(client: StudioClient, interaction: Interaction, given: Mapping[str, Any]) -> None:
    """Say that it takes a moment, and follow with as many zips as it takes here."""
    await client.acting.defer(interaction)
    person = await who(client.db, interaction.user, interaction.guild_id or 0)
    await client.acting.whisper(interaction, yours.PUTTING_TOGETHER)
    limit = min(interaction.filesize_limit, REQUEST_BYTES - ELSE_BYTES)
    async with client.exporter.of(person, limit) as export:
        for number, part in enumerate(export.parts, start=1):
            view = ui.LayoutView(timeout=None)
            view.add_item(ui.TextDisplay(plain(yours.handed(export, number), WORDS_LIMIT)))
            view.add_item(ui.File(f"attachment://{part.name}"))
            await interaction.followup.send(
                view=view, file=discord.File(part), ephemeral=True, allowed_mentions=SILENT
            )
