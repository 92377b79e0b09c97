"""The end credits of a film: white words on black, one page or a roll where they are too many.

Pillow's own font has the letters of English alone. Others come from the fonts of the machine, where
it has any; a letter that none of them has loses its accent, or else is left out and told about.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gen.engines.base import Picture

PAGE_SECONDS = 3.0
FADE_SECONDS = 0.4
ROLL_SECONDS_PER_LINE = 0.8
LINES_PER_PAGE = 9
MARGIN = 0.08
"""Of the width, left free at both sides."""
SMALLEST = 10
"""Pixels of a letter's height."""
FAMILIES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "Arial Unicode.ttf",
)
"""Fonts that are looked for on the machine, the first that has a letter draws it."""
NOWHERE = "\U0010fffe"
"""No font has this: what is drawn for it is what is drawn for any letter that a font lacks."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a line stands in the roll, in pixels; ``left_out`` are letters that no font here has."""

    text: str
    box: tuple[int, int, int, int]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Roll:
    """All credits in one picture, as wide as the film and as high as they need."""

    picture: Picture
    lines: tuple[Drawn, ...]

    @property
    def left_out(self) -> str:
        """The letters that no font of this machine has."""
        return "".join(dict.fromkeys("".join(line.left_out for line in self.lines)))


def roll(lines: Sequence[str], width: int, height: int) -> Roll:
    """Draw these lines, each in the middle; one that is too wide goes on in the next."""
    size = max(SMALLEST, height // (2 * LINES_PER_PAGE))
    pitch = round(1.7 * size)
    fonts = _fonts(size)
    wide = round(width * (1 - 2 * MARGIN))
    rows = [(row, left) for line in lines for row, left in _rows(line, fonts, wide)]
    tall = max(height, (len(rows) + 2) * pitch)
    top = (tall - len(rows) * pitch) // 2
    image = Image.new("RGB", (width, tall))
    pen = ImageDraw.Draw(image)
    drawn = []
    for number, (row, left) in enumerate(rows):
        long = round(_length(row, fonts))
        x, y = (width - long) // 2, top + number * pitch
        drawn.append(Drawn(row, (x, y, x + long, y + pitch), left))
        for run, font in _runs(row, fonts):
            pen.text((x, y + size), run, font=font, fill="white", anchor="ls")
            x += round(font.getlength(run))
    return Roll(np.asarray(image), tuple(drawn))


def frames(whole: Roll, height: int, fps: float) -> Iterator[Picture]:
    """One page that comes and goes, or the roll from its top to its end."""
    picture, tall = whole.picture, len(whole.picture)
    seconds = max(PAGE_SECONDS, ROLL_SECONDS_PER_LINE * len(whole.lines) if tall > height else 0)
    count, fade = round(seconds * fps), max(1, round(FADE_SECONDS * fps))
    for number in range(count):
        top = round((tall - height) * number / max(count - 1, 1))
        light = min(1.0, (number + 1) / fade, (count - number) / fade)
        yield (picture[top : top + height] * light).astype(np.uint8)


# ── letters ──────────────────────────────────────────────────────────────────────────────


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    found: list[Font] = [ImageFont.load_default(size)]
    for family in FAMILIES:
        try:
            found.append(ImageFont.truetype(family, size))
        except OSError:  # it isn't on this machine
            continue
    return tuple(found)


@cache
def _has(font: Font, letter: str) -> bool:
    return letter == " " or _inked(font, letter) != _inked(font, NOWHERE)


@cache
def _inked(font: Font, letter: str) -> tuple[bytes, tuple[int, int]]:
    mask = font.getmask(letter)
    return bytes(mask), mask.size


def _drawable(text: str, fonts: tuple[Font, ...]) -> tuple[str, str]:
    """What can be drawn of a text, and what can't. A line that would be empty becomes a dash."""
    kept, left_out = [], []
    for letter in unicodedata.normalize("NFC", text):
        if any(_has(font, letter) for font in fonts):
            kept.append(letter)
            continue
        plain = unicodedata.normalize("NFKD", letter)[0]
        if any(_has(font, plain) for font in fonts):
            kept.append(plain)
        elif unicodedata.category(letter) not in {"Mn", "Cf"}:
            left_out.append(letter)
    return "".join(kept).strip() or ("–" if text else ""), "".join(left_out)


def _runs(text: str, fonts: tuple[Font, ...]) -> list[tuple[str, Font]]:
    """The text in runs that one font draws each."""
    runs: list[tuple[str, Font]] = []
    for letter in text:
        font = next((font for font in fonts if _has(font, letter)), fonts[0])
        if letter == " " and runs:
            font = runs[-1][1]
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + letter, font)
        else:
            runs.append((letter, font))
    return runs


def _length(text: str, fonts: tuple[Font, ...]) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, fonts))


def _rows(line: str, fonts: tuple[Font, ...], wide: int) -> Iterator[tuple[str, str]]:
    """A line in as many rows as it takes; a word that is too long is cut."""
    text, left_out = _drawable(line, fonts)
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}".strip()
        if not row or _length(longer, fonts) <= wide:
            row = longer
        else:
            yield row, left_out
            row, left_out = word, ""
        while _length(row, fonts) > wide and len(row) > 1:
            fits = max(n for n in range(1, len(row)) if n == 1 or _length(row[:n], fonts) <= wide)
            yield row[:fits], left_out
            row, left_out = row[fits:], ""
    yield row, left_out
