"""Engines for benches: one that does nothing, one that times another; and catalogues with them."""

from __future__ import annotations

import importlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from gen import encode
from gen.catalogue import Entry
from gen.engines.base import Brief, Engine, Picture, Progress, Ready, Take

NOTHING = Entry.model_validate(
    {
        "name": "nothing",
        "title": "Nothing",
        "about": "Draws nothing.",
        "licence": "Apache-2.0",
        "engine": "bench.engines:Nothing",
        "sizes": {"1:1": (64, 64)},
        "fps": 8,
        "seconds": {"low": 1, "high": 1, "default": 1},
        "steps": {"low": 1, "high": 1, "default": 1},
        "guidance": {"low": 1, "high": 1, "default": 1},
        "variations": 1,
    }
)


class Nothing:
    """Gives grey frames at once, or after so many seconds for each step."""

    def __init__(self, step_seconds: float = 0.0) -> None:
        self._step_seconds = step_seconds

    def load(self) -> None:
        """There is nothing to load."""

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        for step in range(1, brief.steps + 1):
            time.sleep(self._step_seconds)
            progress(step, brief.steps)
        film = np.full((brief.frames, brief.height, brief.width, 3), 128, np.uint8)
        for seed in brief.seeds:
            ready(Take(seed, film))
        return ()

    def close(self) -> None:
        """There is nothing to free."""


class Timed:
    """Another engine in a render child that keeps a diary: a line for each render made, and for each
    of its clips that was encoded, with the moments (Unix time) between which that was done."""

    def __init__(self, engine: str, options: dict[str, Any], diary: str) -> None:
        self._engine = build(engine, options)
        self._diary = Path(diary)

    def load(self) -> None:
        self._engine.load()
        plain = encode.clip

        def timed_clip(*args: Any, **options: Any) -> encode.Files:
            began = time.time()
            files = plain(*args, **options)
            self._note("encoded", began)
            return files

        encode.clip = timed_clip

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        reporting = 0.0

        def timed(done: int, total: int, preview: Picture | None = None) -> None:
            nonlocal reporting
            began = time.monotonic()
            progress(done, total, preview)
            reporting += time.monotonic() - began

        began = time.time()
        notes = self._engine.make(brief, timed, ready)
        self._note("made", began, reporting=reporting)
        return notes

    def close(self) -> None:
        self._engine.close()

    def _note(self, what: str, began: float, **more: float) -> None:
        with self._diary.open("a") as file:
            file.write(json.dumps({"is": what, "from": began, "to": time.time()} | more) + "\n")


def build(engine: str, options: dict[str, Any]) -> Engine:
    """The engine that an entry names."""
    module, _, family = engine.partition(":")
    built: Engine = getattr(importlib.import_module(module), family)(**options)
    return built


def timed(entry: Entry, diary: Path) -> Entry:
    """The same model, with a diary."""
    options = {"engine": entry.engine, "options": entry.options, "diary": str(diary)}
    return entry.model_copy(
        update={"name": "timed", "engine": "bench.engines:Timed", "options": options}
    )


def catalogue_file(path: Path, entry: Entry) -> Path:
    """A catalogue of one model, for ``SORA_MODELS``."""
    rows = entry.model_dump(mode="json", exclude_none=True).items()
    path.write_text("\n".join(["[[model]]", *(f"{key} = {_toml(value)}" for key, value in rows)]))
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + " }"
    return json.dumps(value)
