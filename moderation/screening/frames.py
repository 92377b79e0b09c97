"""The screens of frames: what is known again, and what the studio's own classifier saw."""

from __future__ import annotations

from collections.abc import Sequence

from db.models import Clip, Job, KnownFrame
from moderation.screening.base import Found
from moderation.screening.words import rules

NEAR = 8
"""Of 64 bits, so many may differ between two hashes of one picture: coded anew, smaller, or a little
lighter. Hashes of unrelated pictures differ in 32, give or take 4."""
PLAIN_BITS = 16
"""A hash with fewer bits set, or with fewer not set, is that of a nearly empty frame, like any other."""


class KnownFrames:
    """Knows again what moderators have rejected: one frame that is near a listed one is enough."""

    def __init__(self, listed: Sequence[KnownFrame]) -> None:
        self._jobs = {int(known.hash, 16): known.job_id for known in listed}

    def look(self, job: Job, clips: Sequence[Clip] = ()) -> list[Found]:
        """Which clips look like which jobs; a job is not known by its own frames."""
        rule = rules()["known-frames"]
        found = []
        for clip in clips:
            like = {number for frame in clip.hashes for number in self._like(int(frame, 16))}
            if like := like - {job.id}:
                words = tuple(f"job {number}" for number in sorted(like))
                found.append(Found(rule, words, clip.number))
        return found

    def _like(self, frame: int) -> set[int]:
        if not PLAIN_BITS <= frame.bit_count() <= 64 - PLAIN_BITS:
            return set()
        return {job for known, job in self._jobs.items() if (known ^ frame).bit_count() <= NEAR}


class Classified:
    """Takes over what a worker's classifier was sure enough of."""

    def look(self, job: Job, clips: Sequence[Clip] = ()) -> list[Found]:
        rule = rules()["classifier"]
        return [
            Found(rule, tuple(f"{label} {sure:.0%}" for label, sure in marks), clip.number)
            for clip in clips
            if (marks := sorted(clip.marks.items()))
        ]
