"""A poster without its colours: what moderators see first of a clip, before they choose to look at it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PIL import Image

from db.media import PARTIAL

LONGEST_SIDE = 320
QUALITY = 70


def still(poster: Path, kept: Path) -> None:
    """Write it small and grey. Raises ``OSError`` for what is no picture, and when the disk is full."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(poster) as picture:
        grey = picture.convert("L")
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    handle, partial = tempfile.mkstemp(dir=kept.parent, prefix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as file:
            grey.save(file, "JPEG", quality=QUALITY)
        os.replace(partial, kept)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
