"""Pictures are recognised by what is in them, measured without being decoded, and kept as they came."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import pictures
from db.media import Media
from moderation.rules import Refused


def picture(kind: str, width: int = 37, height: int = 21, **how: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(file, kind, **how)
    return file.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = orientation
    return picture("JPEG", exif=exif)


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (37, 21), (shade, 0, 0)) for shade in (9, 99, 199)]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (picture("PNG"), ("png", 37, 21)),
        (picture("JPEG"), ("jpg", 37, 21)),
        (picture("JPEG", progressive=True), ("jpg", 37, 21)),
        (picture("WEBP", lossless=True), ("webp", 37, 21)),
        (picture("WEBP", quality=50), ("webp", 37, 21)),
        (animated(), ("webp", 37, 21)),
        (turned(3), ("jpg", 37, 21)),
        (turned(6), ("jpg", 21, 37)),
        (turned(8), ("jpg", 21, 37)),
    ],
    ids=["png", "jpeg", "progressive", "lossless", "lossy", "animated", "upside down", "6", "8"],
)
def test_kind_and_sides(data: bytes, seen: tuple[str, int, int]) -> None:
    assert pictures.look(data) == seen


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 50,
        b"<svg/>",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\0\x10",
        b"RIFF....WEBP",
    ],
)
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        pictures.look(data)
    assert str(refused.value) == "That is no picture; give a PNG, a JPEG or a WebP."


def test_a_picture_that_would_fill_the_memory_is_refused_unseen() -> None:
    bomb = picture("PNG")
    bomb = bomb[:16] + struct.pack(">II", 60_000, 60_000) + bomb[24:]
    with pytest.raises(Refused, match=r"at most 64 million pixels; this one has 60,000 × 60,000\."):
        pictures.look(bomb)
    with pytest.raises(Refused, match="at most 20 MB"):
        pictures.look(picture("PNG") + b"\0" * pictures.LARGEST_BYTES)


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]).map(picture), st.data())
def test_whatever_is_cut_or_changed_is_measured_or_refused(
    data: bytes, draw: st.DataObject
) -> None:
    cut = bytearray(data[: draw.draw(st.integers(0, len(data)))])
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), max_size=4)):
        if at < len(cut):
            cut[at] = draw.draw(st.integers(0, 255))
    try:
        kind, width, height = pictures.look(bytes(cut))
    except Refused:
        return
    assert kind in pictures.KINDS
    assert 0 < width * height <= pictures.LARGEST_PIXELS


def other(kind: str, mode: str) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (37, 21)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        other("PNG", "I;16"),
        other("PNG", "P"),
        other("PNG", "LA"),
        other("JPEG", "CMYK"),
        other("JPEG", "L"),
        picture("PNG") + b"<script>alert(1)</script>",
        picture("JPEG") + picture("PNG"),
        animated() + b"PK\x03\x04",
    ],
)
async def test_what_is_more_than_a_picture_is_one_all_the_same(tmp_path: Path, data: bytes) -> None:
    taken = await pictures.take(Media(tmp_path), data)
    assert (taken.width, taken.height) == (37, 21)
    assert taken.key.rpartition(".")[2] in pictures.KINDS


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n" + picture("PNG"),
        b"\0" * 100,
        b" " + picture("PNG"),
        other("GIF", "P"),
        other("TIFF", "RGB"),
    ],
)
async def test_what_only_says_that_it_is_a_picture_is_stored_nowhere(
    tmp_path: Path, data: bytes
) -> None:
    with pytest.raises(Refused, match="no picture"):
        await pictures.take(Media(tmp_path), data)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_it_is_stored_as_it_came(tmp_path: Path) -> None:
    media, data = Media(tmp_path), picture("PNG")
    taken = await pictures.take(media, data)
    assert (taken.width, taken.height) == (37, 21)
    assert media.path(taken.key).read_bytes() == data
    assert await pictures.take(media, data) == taken
