"""The files of a card, made to fit what Discord takes in that place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.card import Card
from bot.on_discord.fitting import Fitting, Lack, size_of
from bot.on_discord.paint import Attached
from db import clips
from db.media import Media
from db.models import Clip
from db.session import Db
from moderation.words import listed

REQUEST_BYTES = 25 * 2**20
"""What one request to Discord may hold, its files and all else."""
ELSE_BYTES = 2**18
PREVIEW = "preview"
"""What the name of a picture of the render begins with; of those the next one comes soon."""
Note = tuple[str, str]
"""What is said of one clip, and of several."""
SMALLER: Note = (
    "Clip {} was made smaller to fit this place.",
    "Clips {} were made smaller to fit this place.",
)
NOT_YET: Note = (
    "Clip {} is being made smaller for this place.",
    "Clips {} are being made smaller for this place.",
)
NEVER: Note = (
    "Clip {} is too large for this place; what moves here is its small form.",
    "Clips {} are too large for this place; what moves here are their small forms.",
)
NOTHING: Note = ("Clip {} can't be shown in this place.", "Clips {} can't be shown in this place.")
GONE: Note = ("Clip {}'s file is gone.", "The files of clips {} are gone.")


@dataclass(frozen=True, slots=True)
class Files:
    """What goes with a card, and what had to be done to it."""

    attached: list[Attached] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Shelf:
    """Finds and fits the files of cards."""

    def __init__(self, db: Db, media: Media, news: Callable[[int], Awaitable[None]]) -> None:
        """``news``: whom to tell the job whose clips fit at last."""
        self._db = db
        self._media = media
        self._fitting = Fitting(media, news)

    async def files_of(self, card: Card, limit: int) -> Files:
        """``limit``: bytes that one file may have there."""
        wanted = await self._clips(card)
        videos = [self._media.path(clip.video_key) for clip in wanted]
        sizes = [min(await size_of(self._media, video) or 0, limit) for video in videos]
        files = Files()
        left = await self._pictures(files, card, limit, sizes)
        left -= await self._greys(files, card, wanted)
        each = min(limit, share(sizes, left))
        forms = await asyncio.gather(*(self._form(clip, each, card.job_id) for clip in wanted))
        said: dict[Note, list[str]] = {}
        for clip, (form, note) in zip(wanted, forms, strict=True):
            if form is not None:
                name = f"job-{card.job_id}-clip-{clip.number}{form.suffix}"
                alt = f"Clip {clip.number}: {card.quote}"
                files.attached.append(Attached(name, form, alt, card.spoiler))
            if note is not None:
                said.setdefault(note, []).append(str(clip.number))
        for (one, several), numbers in said.items():
            words = one if len(numbers) == 1 else several
            files.notes.append(words.format(listed(numbers, "and")))
        return files

    async def _clips(self, card: Card) -> list[Clip]:
        if not card.clips:
            return []
        async with self._db.read() as s:
            made = {clip.number: clip for clip in await clips.of(s, card.job_id)}
        return [made[shown.number] for shown in card.clips if shown.number in made]

    async def _pictures(self, files: Files, card: Card, limit: int, others: Sequence[int]) -> int:
        """Take the pictures that leave enough for the ``others``; the bytes that are left."""
        left = REQUEST_BYTES - ELSE_BYTES
        given = [(one.which, one.key, one.label, card.spoiler) for one in card.pictures]
        if card.preview_key:
            given.append((PREVIEW, card.preview_key, "What it looks like so far", False))
        for name, key, alt, spoiler in given:
            file = self._media.path(key)
            size = await size_of(self._media, file)
            if size is not None and size <= min(limit, share([size, *others], left)):
                # A new picture under an old name would be taken from Discord's cache.
                files.attached.append(
                    Attached(f"{name}-{key[:8]}{file.suffix}", file, alt, spoiler)
                )
                left -= size
            elif size is None and name != PREVIEW:
                files.notes.append(f"The {name} picture's file is gone.")
            elif name != PREVIEW:
                files.notes.append(f"The {name} picture is too large for this place.")
        return left

    async def _greys(self, files: Files, card: Card, wanted: Iterable[Clip]) -> int:
        """What comes before clips that are covered: a small still of each without colours; its bytes."""
        taken = 0
        for clip in wanted if card.spoiler else ():
            still = self._media.grey(clip.poster_key)
            size = await size_of(self._media, still)
            if size is not None:
                alt = f"Clip {clip.number}, a still without colours: {card.quote}"
                name = f"grey-{clip.number}-{clip.poster_key[:8]}.jpg"
                files.attached.append(Attached(name, still, alt, spoiler=True))
                taken += size
        return taken

    async def _form(self, clip: Clip, limit: int, job_id: int) -> tuple[Path | None, Note | None]:
        """What is shown of a clip, and what is to be said of that."""
        form = await self._fitting.form(clip.video_key, limit, job_id)
        if isinstance(form, Path):
            return form, None if form == self._media.path(clip.video_key) else SMALLER
        small = self._media.path(clip.preview_key)
        size = await size_of(self._media, small)
        shown = small if size is not None and size <= limit else None
        if form is Lack.NEVER:
            return shown, NEVER if shown else NOTHING
        return shown, GONE if form is Lack.GONE else NOT_YET


def share(sizes: Iterable[int], room: int) -> int:
    """What each of several files may have, where there is room for so many bytes of all of them; what
    small ones leave is for the others."""
    waiting = sorted(sizes)
    for count, size in zip(range(len(waiting), 0, -1), waiting, strict=True):
        if size > room // count:
            return room // count
        room -= size
    return REQUEST_BYTES
