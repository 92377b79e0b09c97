"""What a video has to be that somebody else has made."""

from __future__ import annotations

from dataclasses import dataclass


class Unfit(Exception):
    """It isn't what was asked for; the message is one sentence for the hosts."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Its size in pixels, its frames, and how many of them there are in a second."""

    width: int
    height: int
    frames: int
    fps: int
