"""The panel of `/studio setup`: what a server has set up, and what is missing there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.house import RULES, current
from bot.on_discord.ids import Channel
from bot.on_discord.permissions import Server, Use, held, missing, seen_by_all
from bot.on_discord.text import plain
from db.models import Workspace
from moderation.rules import Rules
from moderation.words import listed

MODERATORS = "moderators"
TYPES = [discord.ChannelType.text, discord.ChannelType.news]
ABOUT = {
    Use.SHOWCASE: "**Showcase** · where what was approved is shown, and everybody votes",
    Use.REVIEW: "**Review** · where moderators decide what goes into the showcase",
}
NOBODY = "No role is picked: only hosts decide, who are those that may manage this server."
SEEN_BY_ALL = "⚠️ Everybody in this server can see this channel, and so what isn't approved yet."


def panel(server: Server, house: Workspace, studio: Rules, command: str) -> ui.LayoutView:
    """``studio``: the rules for whatever the server has none of its own; ``command``: its name."""
    view = ui.LayoutView(timeout=None)
    box: ui.Container[ui.LayoutView] = ui.Container()
    box.add_item(ui.TextDisplay(f"### The studio in {plain(server.guild.name, 200)}"))
    for use in ABOUT:
        _channel(box, server, house, use)
    _moderators(box, server, house)
    box.add_item(ui.TextDisplay(f"**Rules**\n{_rules(house, studio)}\n{_asking(server, command)}"))
    grey = discord.ButtonStyle.secondary
    rules: ui.Button[Any] = ui.Button(label="Rules …", custom_id="setup:rules", style=grey)
    again: ui.Button[Any] = ui.Button(label="Look again", custom_id="setup:again", style=grey)
    box.add_item(ui.ActionRow(rules, again))
    view.add_item(box)
    return view


def troubles(server: Server, house: Workspace) -> list[str]:
    """All that keeps the studio from working as it was set up there, in a sentence each."""
    found = []
    for use in ABOUT:
        place = getattr(house, use)
        if place and (why := _trouble(server, place, use)):
            found.append(f"{use.capitalize()} channel: {why}")
    if house.moderators and server.guild.get_role(int(house.moderators)) is None:
        found.append("The moderators' role is gone.")
    if lacking := missing(server.me.guild_permissions, Use.ASKING):
        found.append(f"In the whole server it lacks {listed(lacking, 'and')}.")
    return found


def _trouble(server: Server, place: str, use: Use) -> str:
    channel = server.channels.get(Channel.read(place).id)
    if channel is None:
        return "it is gone."
    lacking = missing(held(channel, server.me), use)
    return f"the bot lacks {listed(lacking, 'and')} there." if lacking else ""


def _channel(box: ui.Container[Any], server: Server, house: Workspace, use: Use) -> None:
    place: str = getattr(house, use)
    channel = server.channels.get(Channel.read(place).id) if place else None
    lines = [ABOUT[use]]
    if not place:
        lines.append("None is picked yet.")
    elif channel is None:
        lines.append("⚠️ The channel that was picked is gone; pick another.")
    elif lacking := missing(held(channel, server.me), use):
        lines.append(f"⚠️ I lack {listed(lacking, 'and')} there. Allow it, then press “Look again”.")
    else:
        lines.append("✓ I may do there all that I need.")
    if use is Use.REVIEW and channel is not None and seen_by_all(channel):
        lines.append(SEEN_BY_ALL)
    box.add_item(ui.TextDisplay("\n".join(lines)))
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=f"setup:{use}",
        channel_types=TYPES,
        placeholder=f"Pick the {use} channel",
        min_values=0,
        default_values=_default(channel, discord.SelectDefaultValueType.channel),
    )
    box.add_item(ui.ActionRow(select))


def _moderators(box: ui.Container[Any], server: Server, house: Workspace) -> None:
    role = server.guild.get_role(int(house.moderators)) if house.moderators else None
    said = "Whoever has this role decides, and so do hosts."
    if not house.moderators:
        said = NOBODY
    elif role is None:
        said = "⚠️ The role that was picked is gone: only hosts decide. Pick another."
    box.add_item(ui.TextDisplay(f"**Moderators**\n{said}"))
    select: ui.RoleSelect[Any] = ui.RoleSelect(
        custom_id=f"setup:{MODERATORS}",
        placeholder="Pick the moderators' role",
        min_values=0,
        default_values=_default(role, discord.SelectDefaultValueType.role),
    )
    box.add_item(ui.ActionRow(select))


def _default(
    one: discord.abc.Snowflake | None, kind: discord.SelectDefaultValueType
) -> Sequence[discord.SelectDefaultValue]:
    return [] if one is None else [discord.SelectDefaultValue(id=one.id, type=kind)]


def _rules(house: Workspace, studio: Rules) -> str:
    lines = []
    for rule in RULES:
        own, common = current(rule, house, studio)
        lines.append(f"{rule.label}: {own or f'{common}, as everywhere in the studio'}")
    return "\n".join(lines)


def _asking(server: Server, command: str) -> str:
    lacking = missing(server.me.guild_permissions, Use.ASKING)
    if not lacking:
        return f"-# /{command} works in every channel where people may use commands of apps."
    return (
        f"⚠️ In the whole server I lack {listed(lacking, 'and')}: who takes no direct messages may miss "
        "their clips."
    )
