"""The process that puts one film together: `python -m gen.stitch_child`. It holds no model.

It is told what to do in one JSON line on standard input, answers in JSON lines on standard output, and
ends when it is done, or with its parent. `gen/stitcher.py` is the other end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from gen.engines.base import CannotMake
from gen.order import Order
from gen.stitch import stitch
from gen.trouble import is_full, is_out_of_memory

TOLD_SECONDS = 0.25


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _say("done", **_made(Order.from_json(asked["order"]), Path(asked["folder"])))
    except CannotMake as refusal:
        _say("refused", sentence=str(refusal))
    except Exception as error:  # the other end has a sentence for each
        if is_out_of_memory(error):
            _say("out_of_memory")
        elif is_full(error):
            _say("disk_full")
        else:
            where = "".join(traceback.format_tb(error.__traceback__))
            _say("broke", error=type(error).__name__, where=where)


def _made(order: Order, folder: Path) -> dict[str, Any]:
    began, told_at = time.monotonic(), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TOLD_SECONDS:
            told_at = time.monotonic()
            _say("step", done=done, total=total)

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


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"is": what, **more}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
