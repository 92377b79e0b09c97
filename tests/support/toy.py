"""A model that draws grey at once: for tests of everything around a render."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from gen.engines.base import Brief, CannotMake, Progress, Ready, Take

MODELS = """
[[model]]
name = "grey"
title = "Grey"
about = "Draws nothing; for tests."
licence = "Apache-2.0"
engine = "tests.support.toy:Grey"
fps = 8
seconds = { low = 1, high = 4, default = 1 }
steps = { low = 1, high = 1000, default = 2 }
guidance = { low = 1, high = 6, default = 2 }
variations = 2
tasks = ["text", "image", "loop"]
draft = { steps = 1, scale = 0.5 }
[model.sizes]
"1:1" = [64, 64]
"16:9" = [96, 64]
"""


def models(folder: Path) -> Path:
    """A catalogue with this model first, for ``SORA_MODELS``."""
    file = folder / "models.toml"
    file.write_text(MODELS)
    return file


class Grey:
    """20 steps a second; the word “break” is what it can't make, and “mauve” what it doesn't know."""

    def load(self) -> None:
        """There is nothing to load."""

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        if "break" in brief.prompt:
            raise CannotMake("Grey can't draw a break.")
        for step in range(1, brief.steps + 1):
            time.sleep(0.05)
            progress(step, brief.steps)
        film = np.full((brief.frames, brief.height, brief.width, 3), 128, np.uint8)
        for seed in brief.seeds:
            ready(Take(seed, film))
        return ("I don't know the word “mauve”.",) if "mauve" in brief.prompt else ()

    def close(self) -> None:
        """There is nothing to free."""
