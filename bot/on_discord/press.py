"""The buttons of cards, found again by their ids alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot import stating
from bot.press import ANY_VERSIONS, OF_ANOTHER_VERSION, PRESSED, Press, Step
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

LABEL_LIMIT = 80


class PressButton(ui.DynamicItem[ui.Button[Any]], template=PRESSED):
    """One button; no view is kept for it."""

    def __init__(
        self, press: Press, label: str, strong: bool = False, danger: bool = False
    ) -> None:
        style = discord.ButtonStyle.secondary
        if danger:
            style = discord.ButtonStyle.danger
        elif strong:
            style = discord.ButtonStyle.success
        super().__init__(ui.Button(style=style, label=label[:LABEL_LIMIT], custom_id=str(press)))
        self.press = press

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> PressButton:
        press = Press.read(match[0])
        if press is None:
            raise ValueError(f"no press: {match[0]}")
        return cls(press, getattr(item, "label", "") or "-")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: StudioClient = interaction.client
        await client.acting.press(interaction, self.press)


async def say_if_outdated(interaction: discord.Interaction[StudioClient]) -> None:
    """Of a button that no card has any more nobody else hears."""
    data: Any = interaction.data or {}
    custom_id = str(data.get("custom_id", ""))
    if re.fullmatch(ANY_VERSIONS, custom_id) and Press.read(custom_id) is None:
        await interaction.client.acting.whisper(interaction, OF_ANOTHER_VERSION)


def mending(refused: Refused) -> list[PressButton]:
    """What gives what a refusal says is missing."""
    found = stating.offered(refused)
    if found is None:
        return []
    job_id, give = found
    return [PressButton(Press(give.sign, job_id, step=Step.LIST), give.label)]
