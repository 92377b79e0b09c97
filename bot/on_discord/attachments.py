"""Pictures that people attach, fetched from Discord's own hosts and from nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import discord

from bot import pictures
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
FETCH_SECONDS = 30
CHUNK_BYTES = 2**16
GONE = "Discord doesn't give that picture out any more; attach it again."


async def fetch(client: StudioClient, attached: discord.Attachment) -> bytes:
    """The bytes of an attachment. Raises ``Refused`` where it is no picture or too large."""
    kind = attached.content_type or ""
    if kind and not kind.startswith("image/"):
        raise Refused(pictures.NONE)
    if attached.size > pictures.LARGEST_BYTES:
        raise Refused(pictures.TOO_LARGE)
    return await fetch_url(client, attached.url)


async def fetch_url(client: StudioClient, url: str) -> bytes:
    """Like ``fetch``, by the address that Discord gave for it; it is never followed elsewhere."""
    parts = urlsplit(url)
    ours = urlsplit(client.cdn) if client.cdn else None
    known = parts.scheme == "https" and parts.netloc in HOSTS
    if not known and (ours is None or (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc)):
        raise Refused("Only pictures that were sent in Discord itself can be used.")
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    data = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise Refused(GONE)
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                data += chunk
                if len(data) > pictures.LARGEST_BYTES:
                    raise Refused(pictures.TOO_LARGE)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Refused(GONE) from error
    return bytes(data)
