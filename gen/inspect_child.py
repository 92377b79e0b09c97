"""The process that looks at what a lent worker sent: `python -m gen.inspect_child`. It holds no model.

What others made may be made to break whoever reads it, so no other process of ours does, and this one is
given no key and nothing of the worker's environment. `gen/errand.py` says how it is told and answers;
`gen/inspector.py` is the other end.
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

from gen import errand, frames, inspection
from gen.classify import Classifier
from gen.expected import Expected

CPU_SECONDS = 900
"""Of one render's clips; more than any honest one takes."""


def main() -> None:
    errand.run(_looked)


def _looked(asked: dict[str, Any]) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    expected = Expected(**asked["expected"])
    videos = [Path(video) for video in asked["videos"]]
    if asked["what"] == "clips":
        return {"clips": _clips(videos, expected, asked)}
    one, other = (
        inspection.sampled(inspection.inspected(video, expected)[1], expected) for video in videos
    )
    return {"apart": inspection.apart(one, other)}


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


if __name__ == "__main__":
    main()
