"""Signs one clip's video as the last thing done to it."""

from __future__ import annotations

import sys

from gen import credentials
from gen.credentials import Signing


class Seal:
    """Of the clip at this place in its render; without ``signing`` it does nothing."""

    def __init__(self, signing: Signing | None, index: int) -> None:
        self.done = False
        self._signing = signing
        self._index = index

    def __call__(self, video: bytes) -> bytes:
        if self._signing is None:
            return video
        try:
            video = credentials.signed(video, self._signing.claims[self._index], self._signing.key)
            self.done = True
        except credentials.CannotSign as error:  # no render is lost for that: it is signed later
            print("A clip is not signed:", error, file=sys.stderr)  # noqa: T201  # the child's log
        return video
