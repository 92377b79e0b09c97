"""Tells the hosts of a workspace, once, that the app can't do its work in a channel there."""

from __future__ import annotations

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.house import bring_cards
from bot.on_slack.asking import code
from bot.on_slack.ids import ROOM, Channel
from bot.on_slack.paint import pings, sentence
from bot.on_slack.parts import SlackParts
from bot.on_slack.text import Json
from db import notes, workspaces
from db.models import Workspace
from moderation.people import Role

HOST = f"{ROOM}:host:"
"""What the note is called that says who set a workspace up."""
NOT_IN_IT = frozenset({"channel_not_found", "is_archived", "not_in_channel"})
LOST = (SlackApiError, aiohttp.ClientError, TimeoutError, ConnectionError, LookupError)

log = structlog.get_logger()


class Hosts:
    """One per process."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts

    async def tell(self, where: Channel, why: str) -> None:
        """Say what is wrong with a channel; nothing when they were told of it already."""
        async with self._parts.db.begin() as s:
            house = await workspaces.get(s, ROOM, where.team)
            which = _which(house, where) if house is not None else ""
            if house is None or not which or _about(which) in house.trouble:
                return
            wrong = (
                "is gone or I'm not in it; type /invite me there"
                if why in NOT_IN_IT
                else "takes nothing from me; let me post there"
            )
            text = (
                f"{_about(which)} {wrong}, or pick another with /studio setup ({why}). No job is lost: "
                "its card comes once I can post."
            )
            told = [*house.trouble.splitlines(), text]
            await workspaces.change(s, ROOM, where.team, trouble="\n".join(told))
            host = await notes.get(s, HOST + where.team)
            other = house.showcase if which == "review" else house.review
        log.warning("workspace.trouble", team=where.team, channel=where.id, why=why)
        await self._say(where.team, host, other if other != str(where) else "", text)

    async def mended(self, where: Channel) -> None:
        """A card could be posted there: the next trouble with that channel is news again."""
        async with self._parts.db.read() as s:
            house = await workspaces.get(s, ROOM, where.team)
        which = _which(house, where) if house is not None and house.trouble else ""
        if house is None or not which or _about(which) not in house.trouble:
            return
        left = [one for one in house.trouble.splitlines() if not one.startswith(_about(which))]
        async with self._parts.db.begin() as s:
            await workspaces.change(s, ROOM, where.team, trouble="\n".join(left))

    async def called(self, team: str, role: Role | None) -> list[Json]:
        """The block that pings these: the moderators' group or those who were listed, and of the hosts
        whoever set the workspace up."""
        if role is None:
            return []
        async with self._parts.db.read() as s:
            house = await workspaces.get(s, ROOM, team)
            host = await notes.get(s, HOST + team)
        picked = house.moderators if house is not None and role is Role.MODERATOR else ""
        if picked.startswith("S"):
            return [pings([f"!subteam^{picked}"])]
        named = list(filter(None, picked.split(","))) or list(filter(None, [host]))
        return [pings([f"@{user}" for user in named])] if named else []

    async def try_again(self) -> None:
        """Where a channel was in trouble and the app is in it now, bring what was missed."""
        async with self._parts.db.read() as s:
            houses = [house for house in await workspaces.every(s, ROOM) if house.trouble]
        for house in houses:
            shut = [
                Channel.read(place)
                for place, which in ((house.review, "review"), (house.showcase, "showcase"))
                if place and _about(which) in house.trouble
            ]
            if shut and all([await self._is_open(one) for one in shut]):
                await bring_cards(self._parts.desk, ROOM)
                for one in shut:
                    await self.mended(one)

    async def _is_open(self, where: Channel) -> bool:
        try:
            return await is_member(self._parts, where.team, where.id)
        except LOST:
            return False

    async def _say(self, team: str, host: str, other: str, text: str) -> None:
        """To whoever set the workspace up, else in the other channel; if neither is possible it's in
        the log."""
        courier = self._parts.courier
        try:
            if host:
                await courier.post(team, await courier.direct(team, host), sentence(text), text)
                return
        except LOST as error:
            log.info("host.not_reached", team=team, why=type(error).__name__)
        try:
            if other:
                await courier.post(team, Channel.read(other).id, sentence(text), text)
        except LOST as error:
            log.warning("hosts.not_reached", team=team, why=type(error).__name__)


async def is_member(parts: SlackParts, team: str, channel: str) -> bool:
    """Whether the bot is in a channel. Private ones it isn't in, it doesn't even see."""
    try:
        said = await parts.courier.call(team, "conversations.info", channel=channel)
    except SlackApiError as error:
        if code(error) == "channel_not_found":
            return False
        raise
    return bool(said["channel"].get("is_member")) and not said["channel"].get("is_archived")


def _which(house: Workspace, where: Channel) -> str:
    places = {house.review: "review", house.showcase: "showcase"}
    return places.get(str(where), "")


def _about(which: str) -> str:
    return f"The {which} channel"
