"""The commands as Discord brings them, which may be those of an earlier version: it gives out new ones by and
by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog
from discord import app_commands

from bot.press import OF_ANOTHER_VERSION
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

log = structlog.get_logger()


class Tree(app_commands.CommandTree["StudioClient"]):
    """What fits no command is said in a sentence."""

    async def _call(self, interaction: discord.Interaction[StudioClient]) -> None:
        try:
            await super()._call(interaction)
        except Exception as error:  # what a command itself raises comes as a CommandInvokeError
            await self.on_error(interaction, error)

    async def on_error(
        self, interaction: discord.Interaction[StudioClient], error: Exception
    ) -> None:
        if not isinstance(error, app_commands.CommandInvokeError):
            log.warning("command.not_readable", why=repr(error)[:200])
        if interaction.type is discord.InteractionType.autocomplete:
            return  # there is no place for a sentence
        async with self.client.acting.answering(interaction):
            if isinstance(error, app_commands.CommandInvokeError):
                raise error.original
            raise Refused(OF_ANOTHER_VERSION)
