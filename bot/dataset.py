"""The community's dataset: a folder with the clips of the showcase whose artists allow that.

``metadata.jsonl`` has one line for each file beside it, with licence and credit. Exported again into the
same folder, it is brought up to date: what its artist took back since, or what left the showcase, goes
and is named in ``removed.jsonl``, so that whoever has a copy can take it out of theirs.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.trouble import Misused
from db import consents, workers
from db.media import Media
from db.models import Clip, Job
from db.offers import Offer
from db.session import Db
from db.states import Flag
from moderation.consent import may

METADATA, REMOVED = "metadata.jsonl", "removed.jsonl"
FILE = re.compile(r"job-\d{1,10}-clip-[1-4]\.mp4")
LICENCE = ("licence", "licence_url", "restrictions")

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did, in clips."""

    clips: int
    removed: int
    unlicensed: int
    """Left out, because nobody knows the licence of their model any more."""
    lost: int
    """Left out, because their file is gone."""

    def __str__(self) -> str:
        said = [f"The dataset has {_clips(self.clips)}."]
        if self.removed:
            said.append(f"Removed since the last time: {_clips(self.removed)}; see {REMOVED}.")
        if self.unlicensed:
            said.append(
                f"Left out: {_clips(self.unlicensed)} of models whose licence isn't known here; it is "
                "once a worker that has them was started."
            )
        if self.lost:
            said.append(f"Left out: {_clips(self.lost)} whose file is gone.")
        return " ".join(said)


async def export(db: Db, media: Media, folder: Path, flags: Collection[Flag]) -> Exported:
    """Bring a dataset up to date; ``flags``: all that a clip's artist must allow.

    Raises ``Misused`` for a folder that holds something else.
    """
    before = read(folder)
    async with db.read() as s:
        offers = {offer.name: offer for offer in await workers.offers(s)}
        found = await consents.in_showcase(s, flags)
    entries = [
        _entry(job, clip, artist, offers.get(job.model), before) for job, clip, artist in found
    ]
    licensed = {clip.video_key: entry for (_, clip, _), entry in zip(found, entries, strict=True)
                if entry["licence"]}  # fmt: skip
    kept = {
        key: entry
        for key, entry in licensed.items()
        if await media.size(media.path(key)) is not None
    }
    removed = await write(folder, media, kept, before)
    lost = len(licensed) - len(kept)
    return Exported(len(kept), removed, len(entries) - len(licensed), lost)


def read(folder: Path) -> dict[str, Entry]:
    """What a dataset holds, by file; nothing for a folder that is empty or not there."""
    if (folder / METADATA).is_file():
        return {entry["file_name"]: entry for entry in _lines(folder / METADATA)}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Misused(f"{folder} holds something else than a dataset; name an empty folder.")
    return {}


async def write(
    folder: Path, media: Media, kept: Mapping[str, Entry], before: Mapping[str, Entry]
) -> int:
    """Copy the files (by media key), then say which there are; how many of before had to go."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    names = {entry["file_name"] for entry in kept.values()}
    gone = [entry for name, entry in before.items() if name not in names]
    for entry in gone:
        if FILE.fullmatch(entry["file_name"]):
            (folder / entry["file_name"]).unlink(missing_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    earlier = _lines(folder / REMOVED) if (folder / REMOVED).is_file() else []
    removed = [entry for entry in earlier if entry["file_name"] not in names]
    removed += [
        {"file_name": entry["file_name"], "sha256": entry["sha256"], "removed_at": now}
        for entry in gone
    ]
    _write(folder / REMOVED, removed)
    for key, entry in kept.items():
        target, known = folder / entry["file_name"], before.get(entry["file_name"])
        if known is None or known["sha256"] != entry["sha256"] or not target.is_file():
            source = media.path(key)
            await media.bring(source)
            await asyncio.to_thread(_copy, source, target)
    _write(folder / METADATA, kept.values())
    return len(gone)


def _copy(source: Path, target: Path) -> None:
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def _entry(
    job: Job, clip: Clip, artist: str, offer: Offer | None, before: Mapping[str, Entry]
) -> Entry:
    """What a dataset says of one clip; its licence is what it was, where no worker names it now."""
    name = f"job-{job.id}-clip-{clip.number}.mp4"
    twice, smooth = 1 + job.upscale, 1 + job.smooth
    if offer is not None:
        licence = {part: getattr(offer, part) for part in LICENCE}
    else:
        licence = {part: before.get(name, {}).get(part, "") for part in LICENCE}
    entry = {
        "file_name": name,
        "sha256": clip.video_key.partition(".")[0],
        "credit": artist,
        "model": job.model,
        **licence,
        "seed": clip.seed,
        "width": twice * job.width,
        "height": twice * job.height,
        "frames": smooth * job.frames,
        "fps": smooth * job.fps,
        "training": may(clip, Flag.TRAINING),
    }
    return entry | ({"prompt": job.prompt} if may(clip, Flag.PROMPT_SHOWN) else {})


def _lines(file: Path) -> list[Entry]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _write(file: Path, entries: Iterable[Entry]) -> None:
    """All of it or nothing, so that a broken export is mended by the next."""
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as lines:
        for entry in entries:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
    os.replace(partial, file)


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"
