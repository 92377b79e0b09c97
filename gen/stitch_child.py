"""The process that puts one film together: `python -m gen.stitch_child`. It holds no model.

`gen/errand.py` says how it is told and answers; `gen/stitcher.py` is the other end.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from gen import errand
from gen.order import Order
from gen.stitch import stitch

TOLD_SECONDS = 0.25


def main() -> None:
    errand.run(lambda asked: _made(Order.from_json(asked["order"]), Path(asked["folder"])))


def _made(order: Order, folder: Path) -> dict[str, Any]:
    began, told_at = time.monotonic(), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TOLD_SECONDS:
            told_at = time.monotonic()
            errand.say("step", done=done, total=total)

    film = stitch(order, folder, "clip-1", progress)
    files = film.files
    return {
        "video": str(files.video),
        "poster": str(files.poster),
        "preview": str(files.preview),
        "notes": list(film.notes),
        "seconds": time.monotonic() - began,
        "shape": {
            "width": film.width,
            "height": film.height,
            "frames": film.frames,
            "fps": film.fps,
        },
    }


if __name__ == "__main__":
    main()
