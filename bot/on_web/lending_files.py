"""The files of lent renders: what they are made from, and what was made."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import IO, Annotated

from aiohttp import web
from pydantic import Field

from bot.on_web.described import FILE, described
from bot.on_web.lending_door import (
    DONE,
    IN_SESSION,
    REFUSES,
    Caller,
    No,
    answer,
    caller,
    in_hand,
    once_at_a_time,
)
from bot.on_web.untold import blank
from db import clips, lent, lent_files, sources
from db.lending import LARGEST_CLIP, SHA256
from db.media import LOW_DISK_BYTES, PARTIAL

PIECE = 2**18
SLOWEST_SECONDS = 1800
"""Whoever takes longer over one clip sends it again."""
SILENT_SECONDS = 60
"""After so long without a byte the line is dead, and mustn't keep its key from sending it again."""
NO_HASH = "Say the SHA-256 of the clip, as ?sha256= and 64 digits."
NO_LENGTH = "Say how long the clip is, as Content-Length."
TOO_LARGE = f"A clip may have at most {LARGEST_CLIP // 1024**2} MiB."
DIFFERS = "What came isn't what was announced: its SHA-256 differs."
CUT_OFF = "The clip didn't come whole."
NO_ROOM = "The studio's disk is nearly full; try again later."
NO_SUCH_CLIP = "This job has no clip of that number."
NOT_MADE_FROM = "This job isn't made from that."


@described(FILE, headers=IN_SESSION, refuses=REFUSES)
async def given(request: web.Request) -> web.StreamResponse:
    """A picture or a clip that this render is made from; of the clip what it shows and sounds like, and
    nothing that it says."""
    call = caller(request)
    async with call.site.db.begin() as s:
        found = await in_hand(s, call)
        try:
            keys = await sources.of(s, found.job)
        except sources.Gone as gone:
            raise No(410, str(gone)) from gone
    which = request.match_info["which"]
    key = keys.get(which)
    file = await call.site.media.bring(call.site.media.path(key)) if key else None
    if key is None or file is None or not call.key.inputs:
        raise No(404, NOT_MADE_FROM)
    headers = {"Content-Type": "application/octet-stream"}
    if which != sources.FILM:
        return web.FileResponse(file, headers=headers)
    with tempfile.TemporaryFile() as copy:
        await asyncio.to_thread(_untold, file, copy)
        response = web.StreamResponse(headers=headers)
        response.content_length = copy.tell()
        await response.prepare(request)
        copy.seek(0)
        while piece := await asyncio.to_thread(copy.read, PIECE):
            await response.write(piece)
    return response


@described(
    {},
    needs={"sha256": Annotated[str, Field(pattern=SHA256)]},
    headers=IN_SESSION,
    body=bytes,
    also=DONE,
    refuses=REFUSES,
)
async def sent(request: web.Request) -> web.Response:
    """One clip, as it was made; kept aside until somebody looks at it."""
    call = caller(request)
    with once_at_a_time(call, "send"):
        return await _sent(call)


async def _sent(call: Caller) -> web.Response:
    request = call.request
    number, declared = int(request.match_info["number"]), request.query.get("sha256", "")
    if not re.fullmatch(SHA256, declared):
        raise No(400, NO_HASH)
    length = request.content_length
    if length is None:
        raise No(411, NO_LENGTH)
    if length > LARGEST_CLIP:
        raise No(413, TOO_LARGE)
    async with call.site.db.begin() as s:
        found = await in_hand(s, call)
        if number > found.job.variations:
            raise No(404, NO_SUCH_CLIP)
    if await call.site.media.free() < LOW_DISK_BYTES:
        raise No(503, NO_ROOM)
    folder = call.site.media.folder / "lent"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PARTIAL, suffix=".mp4") as file:
        path = Path(file.name)
        try:
            async with asyncio.timeout(SLOWEST_SECONDS):
                came = await _received(request, path)
        except TimeoutError:
            raise No(408, CUT_OFF) from None
        if came != declared:
            raise No(422, DIFFERS)
        await _keep(call, number, path)
    return answer(None)


def _untold(file: Path, copy: IO[bytes]) -> None:
    with file.open("rb") as whole:
        shutil.copyfileobj(whole, copy)
    blank(copy)
    copy.seek(0, os.SEEK_END)


async def _received(request: web.Request, path: Path) -> str:
    """Write down what comes; the hash of it."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while piece := await _piece(request):
            size += len(piece)
            if size > LARGEST_CLIP:
                raise No(413, TOO_LARGE)
            digest.update(piece)
            await asyncio.to_thread(file.write, piece)
    if size != request.content_length:
        raise No(400, CUT_OFF)
    return digest.hexdigest()


async def _piece(request: web.Request) -> bytes:
    """What comes next; nothing at the end. Raises ``TimeoutError`` where nothing comes."""
    async with asyncio.timeout(SILENT_SECONDS):
        return await request.content.read(PIECE)


async def _keep(call: Caller, number: int, path: Path) -> None:
    """Noted before it is stored, so that nothing is stored that nobody knows of; and after, so that nothing
    counts as sent that isn't there yet."""
    db, media = call.site.db, call.site.media
    key = await media.key_of(path)
    async with db.begin() as s:
        before = lent_files.note_coming(await in_hand(s, call), number, key)
        await s.flush()
        await clips.discard_unused(s, media, [before])
    await clips.keep(db, media, key)
    await media.put(path)
    async with db.begin() as s:
        found = await lent.in_hand(s, call.key, *call.render)
        before = lent_files.note_sent(found, number, key) if found else ""
        await s.flush()
        # It may have gone on meanwhile, and all of it been tidied away.
        await clips.discard_unused(s, media, [before, key])
