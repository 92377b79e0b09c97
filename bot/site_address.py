"""Where members can read the public pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import is_loopback
from db import notes


async def site_address(s: AsyncSession) -> str:
    """Where the pages are served, e.g. https://sora.example.org; empty while that is this machine alone,
    where nobody else could open them."""
    site = await notes.get(s, notes.PAGE)
    return "" if is_loopback(urlsplit(site).hostname or "") else site
