"""Engines without a model, for tests of what surrounds one; and catalogues that name them.

Each notes in a diary what it was made to do, so that a test can count steps instead of seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from gen import catalogue, encode
from gen.engines.base import (
    Brief,
    CannotMake,
    Engine,
    Film,
    Picture,
    Progress,
    Ready,
    Sound,
    Take,
    Task,
)

HERE = "tests.support.engines"


@dataclass(frozen=True)
class Made:
    """What came of a brief."""

    takes: list[Take]
    notes: tuple[str, ...]


def unheard(done: int, total: int, preview: Picture | None = None) -> None:
    """Progress that nobody follows."""


def made(engine: Engine, brief: Brief, progress: Progress = unheard) -> Made:
    """Render a brief with an engine in this process."""
    takes: list[Take] = []
    notes = engine.make(brief, progress, takes.append)
    return Made(takes, notes)


class Toy:
    """Draws a square that moves, in a colour that the seed decides; prints where it must not."""

    def __init__(
        self,
        diary: str,
        step_ms: float = 0,
        steps: int = 0,
        noise: bool = False,
        load_ms: float = 0,
    ) -> None:
        self.diary = Path(diary)
        self.load_seconds = load_ms / 1000
        self.step_seconds = step_ms / 1000
        self.steps = steps
        self.noise = noise

    def note(self, what: str) -> None:
        with self.diary.open("a") as file:
            file.write(f"{what}\n")

    def load(self) -> None:
        print("Loading weights: 100%")
        time.sleep(self.load_seconds)
        self.note(f"load {os.getpid()}")

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        self.note("make")
        for name in ("first", "last", "film"):
            given = getattr(brief, name)
            if given is not None:
                self.note(f"{name} {given.shape} {given[..., 0].mean():.0f}")
        if brief.style is not None or brief.task is not Task.TEXT:
            self.note(f"asked {brief.task} {brief.style} {brief.final_size}")
        steps = self.steps or brief.steps
        for step in range(1, steps + 1):
            time.sleep(self.step_seconds)
            self.at_step(step, brief)
            self.note(f"step {step}")
            print("a library prints", step, flush=True)
            progress(step, steps, picture(brief, step))
        for seed in brief.seeds:
            ready(self.take(brief, seed))
        return (f"{len(brief.prompt)} letters",)

    def take(self, brief: Brief, seed: int) -> Take:
        return Take(seed, film(brief, seed, self.noise))

    def at_step(self, step: int, brief: Brief) -> None:
        """What goes wrong at this step."""

    def close(self) -> None:
        self.note("close")


class Other(Toy):
    """A second model, to switch to."""


class Singing(Toy):
    """A tone goes with its frames."""

    def take(self, brief: Brief, seed: int) -> Take:
        tone = (np.sin(np.arange(16000)[None] / 8) / 2).astype(np.float32)
        return replace(super().take(brief, seed), sound=Sound(tone, 16000))


class Patient(Toy):
    """Makes its second take only when the first is encoded."""

    def take(self, brief: Brief, seed: int) -> Take:
        deadline = time.monotonic() + 20
        while seed != brief.seeds[0] and not (self.diary.parent / "clip-1.webp").exists():
            if time.monotonic() > deadline:
                raise CannotMake("The first take was not encoded meanwhile.")
            time.sleep(0.01)
        return super().take(brief, seed)


class Waited(Toy):
    """While it is loaded, no clip is encoded before there is a file called "go" beside its diary."""

    def load(self) -> None:
        super().load()
        encoded = encode.clip

        def clip(*args: Any, **more: Any) -> encode.Files:
            self.note("encoding")
            while not (self.diary.parent / "go").exists():
                time.sleep(0.01)
            try:
                return encoded(*args, **more)
            finally:
                self.note("gone")

        self.patch = mock.patch.object(encode, "clip", clip)
        self.patch.start()

    def close(self) -> None:
        self.patch.stop()


class Developing(Toy):
    """Takes a second to make a take of what its steps left."""

    def take(self, brief: Brief, seed: int) -> Take:
        self.note("developing")
        time.sleep(1)
        return super().take(brief, seed)


class Wordy(Toy):
    """Has a note that is longer than a line of the child's may be."""

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        return (*super().make(brief, progress, ready), 2**21 * "x")


class Unloadable(Toy):
    """Ends its process while it is loaded."""

    def load(self) -> None:
        super().load()
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)


class Broken(Toy):
    def at_step(self, step: int, brief: Brief) -> None:
        raise KeyError(brief.prompt)


class Refusing(Toy):
    def at_step(self, step: int, brief: Brief) -> None:
        raise CannotMake("This model makes no dragons.")


class Weightless(Toy):
    def load(self) -> None:
        raise CannotMake("There are no weights.")


class Greedy(Toy):
    def at_step(self, step: int, brief: Brief) -> None:
        raise MemoryError


class Crashing(Toy):
    """Ends its process at the second step, as the kernel does when memory runs out."""

    def at_step(self, step: int, brief: Brief) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGKILL)


class Deaf(Toy):
    """Never comes back from its second step."""

    def at_step(self, step: int, brief: Brief) -> None:
        if step == 2:
            self.note("deaf")
            time.sleep(3600)


class Cramped(Toy):
    """From its first render on, its process may write no file over 2,000 bytes."""

    def at_step(self, step: int, brief: Brief) -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


class Spawning(Toy):
    """Has a library that starts a program which prints and reads."""

    def at_step(self, step: int, brief: Brief) -> None:
        read = "import sys; print('from a program', repr(sys.stdin.read()))"
        subprocess.run([sys.executable, "-c", read], check=True, timeout=20)


def film(brief: Brief, seed: int, noise: bool = False) -> Film:
    rng = np.random.default_rng(seed)
    shape = (brief.frames, brief.height, brief.width, 3)
    if noise:
        return rng.integers(0, 255, shape, dtype=np.uint8)
    frames = np.zeros(shape, np.uint8)
    frames[:] = rng.integers(0, 255, 3)
    for number in range(brief.frames):
        frames[number, 8:24, number : number + 16] = 255
    return frames


def picture(brief: Brief, step: int) -> Picture:
    shown = np.zeros((brief.height, brief.width, 3), np.uint8)
    shown[:, :, step % 3] = 9 * step % 256
    return shown


def entry(name: str, engine: type[Toy], diary: Path, **options: Any) -> catalogue.Entry:
    """A model of the catalogue with one of these engines."""
    return catalogue.Entry.model_validate(
        {
            "name": name,
            "title": name.title(),
            "about": "Draws nothing; for tests.",
            "licence": "Apache-2.0",
            "engine": f"{HERE}:{engine.__name__}",
            "options": {"diary": str(diary), **options},
            "sizes": {"1:1": (64, 64), "16:9": (384, 216)},
            "fps": 8,
            "seconds": {"low": 1, "high": 4, "default": 1},
            "steps": {"low": 1, "high": 50, "default": 4},
            "guidance": {"low": 1, "high": 6, "default": 2},
            "variations": 2,
        }
    )


def catalogue_file(path: Path, *entries: catalogue.Entry) -> Path:
    """A models.toml with these models, as a host would write it."""
    lines = []
    for model in entries:
        lines.append("[[model]]")
        for key, value in model.model_dump(
            mode="json", exclude={"sizes"}, exclude_none=True
        ).items():
            lines.append(f"{key} = {_toml(value)}")
        lines.append(f"sizes = {_toml(model.model_dump(mode='json')['sizes'])}")
    path.write_text("\n".join(lines))
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{k}" = {_toml(v)}' for k, v in value.items()) + " }"
    return json.dumps(value)


def style(source: str) -> str:
    """A style's row in a catalogue, for the model called mine."""
    return f"""
[[style]]
name = "ink"
title = "Ink"
owner = "Ada"
licence = "CC-BY-4.0"
models = ["mine"]
source = "{source}"
"""
