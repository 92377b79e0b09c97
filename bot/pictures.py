"""Pictures that people give: looked at before anything decodes them, then stored as they came."""

from __future__ import annotations

import asyncio
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

import structlog

from db import clips
from db.media import Media, StoreTrouble
from db.session import Db
from moderation.rules import Refused
from moderation.wish import Picture

LARGEST_BYTES = 20 * 2**20
LARGEST_PIXELS = 64_000_000
KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
"""What a picture's file may end with, and what it is then."""
TOO_LARGE = f"A picture has at most {LARGEST_BYTES // 2**20} MB."
AWAY = "Pictures can't be stored just now; send it again in a few minutes."
NONE = "That is no picture; give a PNG, a JPEG or a WebP."
ORIENTATION = 0x0112
ON_ITS_SIDE = 5
"""From here on an EXIF orientation turns the picture by a quarter."""

log = structlog.get_logger()


async def take(media: Media, data: bytes) -> Picture:
    """Store a picture. Raises ``Refused`` for what is none or too large; it isn't decoded here."""
    kind, width, height = look(data)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"picture.{kind}"
        await asyncio.to_thread(file.write_bytes, data)
        try:
            return Picture(await media.put(file), width, height)
        except StoreTrouble as error:
            log.warning("store.away", why=str(error))
            raise Refused(AWAY) from error


async def let_go(db: Db, media: Media, given: Iterable[Picture]) -> None:
    """Forget pictures whose wish was refused, unless somebody else's job needs the same ones."""
    async with db.begin() as s:
        await clips.discard_unused(s, media, [picture.key for picture in given])


def read(file: Path) -> bytes:
    """The bytes of a picture on this machine. Raises ``Refused`` like ``take``."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from error
    look(data)
    return data


def look(data: bytes) -> tuple[str, int, int]:
    """What kind of picture this is, its width and its height as it is looked at."""
    if len(data) > LARGEST_BYTES:
        raise Refused(TOO_LARGE)
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            kind, (width, height) = "png", struct.unpack(">II", data[16:24])
        elif data.startswith(b"\xff\xd8"):
            kind, (width, height) = "jpg", _jpeg(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            kind, (width, height) = "webp", _webp(data)
        else:
            raise Refused(NONE)
    except (struct.error, IndexError, ValueError):
        raise Refused(NONE) from None
    if not width or not height:
        raise Refused(NONE)
    if width * height > LARGEST_PIXELS:
        raise Refused(
            f"A picture has at most {LARGEST_PIXELS // 10**6} million pixels; this one has "
            f"{width:,} × {height:,}."
        )
    return kind, width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    """Walks from marker to marker until the one that tells the size."""
    at, turned = 2, False
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            turned = _orientation(data[at + 10 : at + 2 + length]) >= ON_ITS_SIDE
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return (height, width) if turned else (width, height)
        at += 2 + max(length, 2)
    raise ValueError("no frame")


def _orientation(tiff: bytes) -> int:
    """1 to 8; 1, upright, where it isn't told."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if tag == ORIENTATION:
                return int(value)
    except (struct.error, KeyError):
        pass  # a picture with broken notes is a picture
    return 1


def _webp(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise ValueError("no frame")
    if len(data) < 30:
        raise ValueError("cut off")
    return width, height
