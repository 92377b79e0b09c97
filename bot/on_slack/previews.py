"""What a render looks like so far, on its receipt: seldom uploaded, and never two at a time."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.card import Card
from bot.on_slack.files import FOR_EVER
from bot.on_slack.ids import ROOM
from bot.on_slack.parts import SlackParts
from db import notes

PREVIEW_SECONDS = 10.0
"""Between two uploads of one job's preview."""
TROUBLE = (SlackApiError, aiohttp.ClientError, OSError, LookupError, ValueError)
"""A card is right without its preview; nothing of this may keep it."""

log = structlog.get_logger()


class Previews:
    """Which file shows a job's preview is noted, so that whoever paints next knows which to delete."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts

    async def of(self, team: str, card: Card) -> str:
        """The id of the file to show; empty for none. It may be a little older than the newest."""
        if not card.preview_key:
            return ""
        known = await self._known(team, card)
        if known and (
            known["key"] == card.preview_key or time.time() - known["at"] < PREVIEW_SECONDS
        ):
            return str(known["file"])
        try:
            path = self._parts.media.path(card.preview_key)
            if not await self._parts.media.bring(path):
                return str(known.get("file", ""))
            name = f"job-{card.job_id}-preview{path.suffix}"
            (file,) = await self._parts.courier.upload(team, [(path, name, "preview")])
        except TROUBLE as error:
            log.info("preview.lost", job=card.job_id, why=str(error))
            return str(known.get("file", ""))
        old = [*known.get("old", ()), *([known["file"]] if known else [])]
        noted = {"file": file, "key": card.preview_key, "at": time.time(), "old": old}
        async with self._parts.db.begin() as s:
            await notes.put(s, _name(team, card), json.dumps(noted))
        return str(file)

    async def tidy(self, team: str, card: Card) -> None:
        """Once the card is painted: delete what it shows no more."""
        known = await self._known(team, card)
        over = not card.preview_key
        if not known or not (over or known["old"]):
            return
        gone = [*known["old"], *([known["file"]] if over else [])]
        try:
            for file in gone:
                await self._parts.courier.delete_file(team, file)
        except TROUBLE as error:
            log.info("preview.not_deleted", job=card.job_id, why=str(error))
            return
        async with self._parts.db.begin() as s:
            if over:
                await notes.take(s, _name(team, card), FOR_EVER)
            else:
                await notes.put(s, _name(team, card), json.dumps(known | {"old": []}))

    async def _known(self, team: str, card: Card) -> dict[str, Any]:
        async with self._parts.db.read() as s:
            noted = await notes.get(s, _name(team, card))
        return dict(json.loads(noted)) if noted else {}


def _name(team: str, card: Card) -> str:
    return f"{ROOM}:preview:{team}:{card.job_id}"
