"""What `sora doctor` finds about where media are kept."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from bot.finding import Finding, State
from bot.settings import BotSettings, is_loopback
from db.media import StoreTrouble

LOW_DISK_BYTES = 2 * 10**9
READ = "Check SORA_MEDIA_URL and its kind; read: docs/operating.md"


def disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / 10**9:.1f} GB are free."
    if free < LOW_DISK_BYTES:
        return Finding("Disk", State.WARNING, found, "Make room: clips and models need it.")
    return Finding("Disk", State.OK, found)


async def bucket(settings: BotSettings) -> AsyncIterator[Finding]:
    """Puts a little into the bucket, gets it back and removes it."""
    if settings.media_url is None:
        return
    from db.bucket import bucket_of  # who has none needn't load it

    try:
        await bucket_of(settings).try_out()
    except StoreTrouble as trouble:
        yield Finding("Media", State.BAD, str(trouble), READ)
        return
    found = f"{settings.media_url} takes files and gives them back."
    server = urlsplit(settings.media_endpoint)
    if server.scheme == "http" and not is_loopback(server.hostname or ""):
        found = f"Whatever goes to {settings.media_endpoint} can be read on the way."
        yield Finding("Media", State.WARNING, found, "Give an address that begins with https.")
        return
    yield Finding("Media", State.OK, found)
