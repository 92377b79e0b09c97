"""Sends, edits and deletes messages, wherever the bot may write and in whichever process.

It goes by ids alone and needs nothing of the gateway's cache, so that any bot process can bring the
outbox to any server. Its methods raise discord.py's own ``HTTPException`` and its kinds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import ui
from discord.http import MultipartParameters, Route, handle_message_parameters

from bot.on_discord.ids import Sent
from bot.on_discord.paint import Attached
from bot.press import Press
from bot.signs import Sign

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

SILENT = discord.AllowedMentions.none()
PRIVATE_THREAD: Literal[12] = 12
WEEK_MINUTES: Literal[10080] = 10080
INVALID_FORM = 50035
LOOK_BACK = 100
"""Messages of a channel in which one of ours is looked for."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a message shows: a view, and the files that go with it."""

    view: ui.LayoutView
    attached: Sequence[Attached] = ()


class Courier:
    """One per client."""

    def __init__(self, client: StudioClient) -> None:
        self._client = client
        self._direct: dict[int, int] = {}

    async def send(
        self, channel: int, message: Message, nonce: str, mentions: discord.AllowedMentions = SILENT
    ) -> Sent:
        """Send once: the same nonce within some minutes is the same message."""
        with await _parameters(message, nonce=nonce, allowed_mentions=mentions) as parameters:
            sent = await self._client.http.send_message(channel, params=parameters)
        return Sent(channel, int(sent["id"]))

    async def find(self, channel: int, message: Message) -> Sent | None:
        """A message of ours that was sent there lately and has the same buttons, if there is one."""
        wanted = _ids(message.view.to_components())  # type: ignore[no-untyped-call]
        return await self._find(channel, lambda ids: bool(wanted) and ids == wanted)

    async def find_of(self, channel: int, job_id: int, *, notice: bool = False) -> Sent | None:
        """A card of this job that was sent there lately, or its ``notice``, if there is one."""

        def is_its(ids: set[str]) -> bool:
            found = [press for one in ids if (press := Press.read(one)) and press.job_id == job_id]
            # A notice only shows the card; no card in a channel does.
            return bool(found) and (Sign.SHOW in {press.sign for press in found}) is notice

        return await self._find(channel, is_its)

    async def _find(self, channel: int, wanted: Callable[[set[str]], bool]) -> Sent | None:
        for sent in await self._client.http.logs_from(channel, LOOK_BACK):
            ours = int(sent["author"]["id"]) == self._client.own_id
            if ours and wanted(_ids(sent.get("components", ()))):
                return Sent(channel, int(sent["id"]))
        return None

    async def edit(self, sent: Sent, message: Message, *, files: bool) -> None:
        """Repaint; ``files``: replace those that are there by the message's own, else keep them while
        they are the same."""
        try:
            with await _parameters(message, replacing=files) as parameters:
                await self._client.http.edit_message(sent.channel, sent.id, params=parameters)
        except discord.HTTPException as error:
            if files or error.code != INVALID_FORM:
                raise
            # It shows a file that isn't there: a clip that has been made to fit since, say.
            await self.edit(sent, message, files=True)

    async def edit_original(self, token: str, message: Message) -> None:
        """Repaint the private answer to an interaction, by the interaction's token."""
        with await _parameters(message) as parameters:
            route = self._original("PATCH", token)
            if parameters.files:
                await self._client.http.request(
                    route, files=parameters.files, form=parameters.multipart
                )
            else:
                await self._client.http.request(route, json=parameters.payload)

    async def delete(self, sent: Sent) -> None:
        """A message that is gone already is no error."""
        try:
            await self._client.http.delete_message(sent.channel, sent.id)
        except discord.NotFound:
            return

    async def delete_original(self, token: str) -> None:
        try:
            await self._client.http.request(self._original("DELETE", token))
        except discord.NotFound:
            return

    async def direct(self, user: int) -> int:
        """The channel of direct messages with somebody."""
        if user not in self._direct:
            channel = await self._client.http.start_private_message(user)
            self._direct[user] = int(channel["id"])
        return self._direct[user]

    async def private_thread(self, channel: int, name: str) -> int:
        """A new thread that only the bot, those who are added, and who manages threads can see."""
        thread = await self._client.http.start_thread_without_message(
            channel,
            name=name,
            auto_archive_duration=WEEK_MINUTES,
            type=PRIVATE_THREAD,
            invitable=False,
        )
        return int(thread["id"])

    async def add_to_thread(self, thread: int, user: int) -> None:
        await self._client.http.add_user_to_thread(thread, user)

    async def seed(self, sent: Sent, emoji: Sequence[str]) -> None:
        """Put signs under a message; those that are there already change nothing."""
        for one in emoji:
            await self._client.http.add_reaction(sent.channel, sent.id, one)

    async def take_off(self, sent: Sent, emoji: str, user: int) -> None:
        """Remove somebody's sign; where the bot may not, it stays."""
        try:
            await self._client.http.remove_reaction(sent.channel, sent.id, emoji, user)
        except (discord.NotFound, discord.Forbidden):
            return

    def _original(self, method: str, token: str) -> Route:
        return Route(
            method,
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=self._client.application_id,
            webhook_token=token,
        )


def _ids(components: Any) -> set[str]:
    """The ids of all buttons, however deep they lie."""
    found = {c["custom_id"] for c in components if c.get("custom_id")}
    return found.union(*(_ids(c.get("components", ())) for c in components))


async def _parameters(
    message: Message, *, replacing: bool = True, **more: Any
) -> MultipartParameters:
    if replacing:
        more["attachments"] = await _opened(message.attached)
    more.setdefault("allowed_mentions", SILENT)
    return handle_message_parameters(view=message.view, **more)


async def _opened(attached: Sequence[Attached]) -> list[discord.File]:
    """Their files; whoever is cancelled meanwhile leaves none of them open."""

    def opened() -> list[discord.File]:
        return [discord.File(one.file, one.name) for one in attached]

    if not attached:
        return []
    opening = asyncio.ensure_future(asyncio.to_thread(opened))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[list[discord.File]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        for file in opening.result():
            file.close()
