"""Pictures that people give, fetched from Slack's own host and from nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError

from bot import pictures
from bot.on_slack.asking import code
from bot.on_slack.parts import SlackParts
from moderation.rules import Refused
from moderation.wish import Picture

HOST = "files.slack.com"
GONE = "Slack doesn't give that picture out; send it again."
FOREIGN = "Only pictures that were sent in Slack itself can be used."
CHUNK_BYTES = 2**16
LOOK_SECONDS = 1.5
"""So long a file is looked for before a form is shown: Slack waits for three."""


async def look_for(parts: SlackParts, team: str, file: str) -> None:
    """Raises ``Refused`` for a file that Slack doesn't give out, as far as it says so in time."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await parts.courier.call(team, "files.info", file=file)
    except SlackApiError as error:
        why = code(error)
        if why == "file_deleted":
            raise Refused(GONE) from error
        if why in {"file_not_found", "not_visible", "no_permission"}:
            raise Refused(
                "I'm not in this channel: /invite me there, or add the picture in "
                f"/{parts.command}'s form."
            ) from error
    except (aiohttp.ClientError, TimeoutError, LookupError):
        pass  # it is looked for again when the form is sent


async def take(parts: SlackParts, team: str, file: dict[str, Any]) -> Picture:
    """Store a picture by what Slack says of its file. Raises ``Refused``; it is followed nowhere."""
    if not str(file.get("mimetype") or "image/").startswith("image/"):
        raise Refused(pictures.NONE)
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    if not url:
        try:
            told = (await parts.courier.call(team, "files.info", file=file["id"]))["file"]
        except SlackApiError as error:
            raise Refused(GONE) from error
        if not str(told.get("mimetype") or "image/").startswith("image/"):
            raise Refused(pictures.NONE)
        url = str(told.get("url_private") or "")
    if not parts.courier.is_slack(url) and urlsplit(url)[:2] != ("https", HOST):
        raise Refused(FOREIGN)
    data = bytearray()
    try:
        async with parts.courier.fetching(team, url) as answer:
            if answer.status != 200 or answer.content_type == "text/html":
                raise Refused(GONE)
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                data += chunk
                if len(data) > pictures.LARGEST_BYTES:
                    raise Refused(pictures.TOO_LARGE)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Refused(GONE) from error
    return await pictures.take(parts.media, bytes(data))
