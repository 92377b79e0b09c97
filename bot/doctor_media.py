"""What `sora doctor` finds about where media are kept."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bot.finding import Finding, State
from bot.settings import BotSettings, is_loopback
from db.media import LOW_DISK_BYTES, StoreTrouble, media_of
from moderation.keeping import NEARLY

MORE_ROOM = (
    "Raise SORA_MEDIA_GB, or give SORA_KEEP_DRAFTS_DAYS and SORA_KEEP_REJECTED_DAYS; read: "
    "docs/operating.md"
)
READ = "Check SORA_MEDIA_URL and its kind; read: docs/operating.md"


def disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / 10**9:.1f} GB are free."
    if free < LOW_DISK_BYTES:
        return Finding("Disk", State.WARNING, found, "Make room: clips and models need it.")
    return Finding("Disk", State.OK, found)


async def room(settings: BotSettings) -> AsyncIterator[Finding]:
    """How much of what media may take is taken."""
    if settings.media_bytes is None:
        return
    with suppress(StoreTrouble):  # which is a finding of its own
        taken = await media_of(settings).taken() / settings.media_bytes
        found = f"Media take {taken:.0%} of the {settings.media_gb:g} GB that they may."
        if taken >= 1:
            yield Finding("Room", State.BAD, f"{found} Nothing more is rendered.", MORE_ROOM)
        elif taken >= NEARLY:
            yield Finding("Room", State.WARNING, found, MORE_ROOM)
        else:
            yield Finding("Room", State.OK, found)


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
