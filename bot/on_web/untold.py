"""A clip's file without what it tells of anybody: its credentials, and those that they quote."""

from __future__ import annotations

import os
from typing import IO

NEEDED = frozenset({b"ftyp", b"moov", b"mdat"})
"""The boxes of an MP4 that it is played from."""


def blank(video: IO[bytes]) -> None:
    """Put zeros over all other boxes of an MP4, in its place. No byte moves, so whatever points into it
    stays right.

    Raises ``ValueError`` where it isn't one.
    """
    at, end = 0, video.seek(0, os.SEEK_END)
    while at < end:
        video.seek(at)
        head = video.read(16)
        size, kind, begins = int.from_bytes(head[:4]), head[4:8], 8
        if size == 1:  # it is in the next eight bytes
            size, begins = int.from_bytes(head[8:]), 16
        if size == 0:  # it is the last
            size = end - at
        if size < begins or at + size > end:
            raise ValueError("not an MP4")
        if kind not in NEEDED:
            video.seek(at + 4)
            video.write(b"free")
            video.seek(at + begins)
            video.write(bytes(size - begins))
        at += size
