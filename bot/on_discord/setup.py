"""`/studio setup`: a host picks channels, moderators and rules, and sees what is missing.

The panel keeps nothing: each press names what it changes, so it works for ever and after any restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import ui

from bot.house import RULES, bring_cards, current, read
from bot.on_discord import forms, permissions
from bot.on_discord.courier import Message
from bot.on_discord.ids import ROOM, Channel
from bot.on_discord.paint import sentence
from bot.on_discord.panel import MODERATORS, panel
from bot.press import OF_ANOTHER_VERSION
from db import workspaces
from db.models import Workspace
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction
    from bot.on_discord.client import StudioClient

NOT_A_HOST = "Only those who may manage this server set the studio up here."
NOT_IN_A_SERVER = "This belongs in a server: use it there."
NOT_EVERYBODY = "Everybody can't be a moderator; pick a role that only some have."
NOT_IN_IT = "The bot itself isn't in this server, only its commands are; whoever runs it has the right link."
HELLO = (
    "Hello! I make short clips from what people describe, and this community decides which are shown. "
    "Whoever manages this server begins with /studio setup."
)

log = structlog.get_logger()


class SetupSelect(
    ui.DynamicItem[ui.Select[Any]], template=r"setup:(?P<what>showcase|review|moderators)"
):
    """One of the panel's selects, known again by its id."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> SetupSelect:
        if not isinstance(item, ui.ChannelSelect | ui.RoleSelect):
            raise TypeError(f"no select of ours: {match[0]}")
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        data: Any = interaction.data or {}
        await picked(interaction, self.custom_id.partition(":")[2], data.get("values") or ())


class SetupButton(ui.DynamicItem[ui.Button[Any]], template=r"setup:(?P<what>rules|again)"):
    """One of the panel's buttons, known again by its id."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> SetupButton:
        if not isinstance(item, ui.Button):
            raise TypeError(f"no button of ours: {match[0]}")
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: StudioClient = interaction.client
        if self.custom_id == "setup:rules":
            async with client.acting.answering(interaction):
                await _ask_for_rules(client, interaction)
        else:
            await open_setup(client, interaction)


async def open_setup(client: StudioClient, interaction: Interaction) -> None:
    """Show the panel to a host, or paint it anew where it was pressed; to others, say why not."""
    async with client.acting.answering(interaction):
        guild = _insist_on_host(interaction)
        if not interaction.response.is_done():
            fresh = interaction.type is discord.InteractionType.application_command
            await client.acting.defer(interaction, thinking=fresh)
        await _paint(client, interaction, guild)
        await bring_cards(client.desk, ROOM)


async def picked(interaction: Interaction, what: str, values: Sequence[str]) -> None:
    """A host picked a channel or a role, or took it back."""
    client = interaction.client
    async with client.acting.answering(interaction):
        guild = _insist_on_host(interaction)
        value = values[0] if values else ""
        if value == str(guild):  # the role @everyone has the id of its server
            raise Refused(NOT_EVERYBODY)
        if value and not (value.isascii() and value.isdecimal()):
            raise Refused(OF_ANOTHER_VERSION)
        if value and what != MODERATORS:
            value = str(Channel(guild, int(value)))
        await client.acting.defer(interaction, thinking=False)
        # Whatever was wrong with the old channel, a new trouble is news again.
        await _change(client, guild, {what: value, "trouble": ""})
        await _paint(client, interaction, guild)
        if what != MODERATORS:
            await bring_cards(client.desk, ROOM)


async def submitted(interaction: Interaction, custom_id: str, fields: Mapping[str, str]) -> None:
    """The form with the rules was sent. Raises ``Refused``; then nothing has changed."""
    guild = _insist_on_host(interaction)
    values = {rule.column: read(rule, fields.get(rule.column, "")) for rule in RULES}
    client = interaction.client
    await client.acting.defer(interaction, thinking=False)
    await _change(client, guild, values)
    await _paint(client, interaction, guild)


async def hello(client: StudioClient, guild: discord.Guild) -> None:
    """Tell whoever can act how to begin: in the system channel, else its owner in private."""
    message, nonce = Message(sentence(HELLO)), f"hello-{guild.id}"[:25]
    try:
        if guild.system_channel is not None:
            await client.courier.send(guild.system_channel.id, message, nonce)
            return
    except (discord.Forbidden, discord.NotFound):
        pass  # the bot may not write there
    try:
        if guild.owner_id is not None:
            owner = await client.courier.direct(guild.owner_id)
            await client.courier.send(owner, message, nonce)
    except discord.HTTPException as error:
        log.info("hello.not_said", guild=guild.id, why=error.text)


async def goodbye(client: StudioClient, guild: discord.Guild) -> None:
    """The bot was put out of a server: nothing is brought there any more. Its role and its rules stay
    known, should it be let in again."""
    async with client.db.begin() as s:
        if await workspaces.get(s, ROOM, str(guild.id)) is None:
            return
        await workspaces.change(s, ROOM, str(guild.id), review="", showcase="", trouble="")
    log.info("guild.left", guild=guild.id)


def _insist_on_host(interaction: Interaction) -> int:
    """The server in which they are a host. Raises ``Refused``."""
    if interaction.guild_id is None:
        raise Refused(NOT_IN_A_SERVER)
    if not interaction.permissions.manage_guild:
        raise Refused(NOT_A_HOST)
    return interaction.guild_id


async def _house(client: StudioClient, guild: int) -> Workspace:
    async with client.db.read() as s:
        house = await workspaces.get(s, ROOM, str(guild))
    return house or Workspace(platform=ROOM, id=str(guild))


async def _change(client: StudioClient, guild: int, values: Mapping[str, Any]) -> None:
    async with client.db.begin() as s:
        await workspaces.change(s, ROOM, str(guild), **values)
    log.info("guild.set_up", guild=guild, changed=sorted(values))


async def _paint(client: StudioClient, interaction: Interaction, guild: int) -> None:
    server = await permissions.look(client, guild)
    if server is None:
        raise Refused(NOT_IN_IT)
    house = await _house(client, guild)
    view = panel(server, house, client.desk.rules, client.command)
    await client.courier.edit_original(interaction.token, Message(view))


async def _ask_for_rules(client: StudioClient, interaction: Interaction) -> None:
    guild = _insist_on_host(interaction)
    house = await forms.in_time(interaction, _house(client, guild))
    form = ui.Modal(title="Rules of this server", custom_id="setup:say", timeout=None)
    for rule in RULES:
        value, studio = current(rule, house, client.desk.rules)
        field: ui.TextInput[Any] = ui.TextInput(
            custom_id=rule.column, required=False, max_length=10, default=value or None
        )
        about = f"Empty: the studio's own, {studio}."
        form.add_item(ui.Label(text=rule.label, description=about, component=field))
    await interaction.response.send_modal(form)
    form.stop()  # it is known by its id when it comes back; nothing is kept
