"""Addresses of cards in Slack, each asked for once."""

from __future__ import annotations

from functools import partial

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.card import Card
from bot.leading import leading, shown
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.parts import SlackParts

MOST_KEPT = 1000


class Ways:
    """One per process."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts
        self._kept: dict[str, str] = {}

    async def led(self, team: str, card: Card) -> Card:
        """The card, with links to the jobs that it names."""
        return await leading(card, partial(self._to, team))

    async def _to(self, team: str, job_id: int) -> str:
        """The address of a job's card in this workspace's showcase; empty where there is none, or
        where Slack doesn't say: a card does without."""
        async with self._parts.db.read() as s:
            post = await shown(s, ROOM, f"{team}/", job_id)
        if post is None:
            return ""
        if post.message not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            try:
                self._kept[post.message] = await self._ask(Sent.read(post.message))
            except (SlackApiError, aiohttp.ClientError, TimeoutError, LookupError):
                return ""
        return self._kept[post.message]

    async def _ask(self, sent: Sent) -> str:
        told = await self._parts.courier.call(
            sent.team, "chat.getPermalink", channel=sent.channel, message_ts=sent.ts
        )
        return str(told["permalink"])
