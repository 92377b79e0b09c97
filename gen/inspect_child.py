"""The process that looks at what a lent worker sent: `python -m gen.inspect_child`. It holds no model.

What others made may be made to break whoever reads it, so no other process of ours does, and this one is
given no key and nothing of the worker's environment. It is told what to do in one JSON line on standard
input, answers in one on standard output, and ends when it is done, or with its parent. `gen/inspector.py` is
the other end.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from gen import frames, inspection
from gen.classify import Classifier
from gen.engines.base import CannotMake
from gen.expected import Expected, Unfit
from gen.trouble import is_full, is_out_of_memory

CPU_SECONDS = 900
"""Of one render's clips; more than any honest one takes."""


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    expected = Expected(**asked["expected"])
    videos = [Path(video) for video in asked["videos"]]
    try:
        if asked["what"] == "compare":
            one, other = (
                inspection.sampled(inspection.inspected(video, expected)[1], expected)
                for video in videos
            )
            _say("done", apart=inspection.apart(one, other))
        else:
            _say("done", clips=_clips(videos, expected, asked))
    except Unfit as fault:
        _say("unfit", sentence=str(fault))
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


def _clips(videos: list[Path], expected: Expected, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """As the render child's: the files of each clip, and what its frames show."""
    classifier = Classifier(asked["classifying"]) if asked["classifying"] else None
    folder, made = Path(asked["folder"]), []
    for index, video in enumerate(videos):
        kept, seen = inspection.inspected(video, expected)
        stem = f"clip-{index + 1}"
        ours = folder / f"{stem}.mp4"
        ours.write_bytes(kept)
        still, loop = inspection.told(seen, expected, folder, stem)
        looked_at = inspection.sampled(seen, expected)
        paths = {"video": str(ours), "poster": str(still), "preview": str(loop)}
        marks = classifier.marks(looked_at) if classifier else {}
        shown = {"hashes": frames.hashes(looked_at), "marks": marks, "signed": False}
        made.append({"seed": asked["seeds"][index], **paths, **shown})
    return made


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def _say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"is": what, **more}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
