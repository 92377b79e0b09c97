"""What a render child needs: until its first frame, for another model, and after 200 jobs.

``python -m bench.renders`` starts one as the worker does, with the model that ships, and gives it one
small job after the other. What is left over from job to job would show as memory that grows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.figures import published
from bench.report import Figure, main, say
from gen import catalogue
from gen.catalogue import Entry
from gen.engines.base import Brief
from gen.host import Host
from gen.rendered import Step

MODEL = "commons-shapes"
JOBS, QUICK_JOBS, WARM_JOBS = 200, 30, 10
SWITCHES = 4
LIMIT_SECONDS = 900.0


class _Child:
    """A host and what its child takes."""

    def __init__(self, entry: Entry, folder: Path) -> None:
        self.began = time.monotonic()
        self.host = Host()
        self.host.start()
        self.host.load(entry)
        self._folder = folder

    async def render(self, entry: Entry, brief: Brief) -> tuple[float, float]:
        """Seconds from being asked to the first step, and to the last clip."""
        began, steps = time.monotonic(), list[float]()

        def on_step(step: Step) -> None:
            steps.append(time.monotonic() - began)

        await self.host.render(entry, brief, self._folder, on_step)
        return steps[0], time.monotonic() - began

    @property
    def process(self) -> psutil.Process:
        (child,) = psutil.Process().children()
        return child


def _brief(entry: Entry, seconds: float, variations: int) -> Brief:
    width, height = next(iter(entry.sizes.values()))
    frames, seeds = entry.offer.frames(seconds), tuple(range(variations))
    return Brief(
        "a red circle drifting left over a blue background",
        seeds, width, height, frames, entry.fps, int(entry.steps.default), entry.guidance.default,
    )  # fmt: skip


async def measure(quick: bool) -> list[Figure]:
    entry = catalogue.read()[MODEL]
    # The same weights under other options: the child can't know, and loads them anew.
    other = entry.model_copy(
        update={"name": "other", "options": {**entry.options, "compile": False}}
    )
    small, large = _brief(entry, 2, 1), _brief(entry, entry.offer.seconds.high, 4)
    jobs = QUICK_JOBS if quick else JOBS
    with tempfile.TemporaryDirectory() as name:
        child = _Child(entry, Path(name))
        try:
            say("renders: the first one")
            first_step, first_clip = await child.render(entry, small)
            say("renders: the largest job")
            await child.render(entry, large)
            for _ in range(WARM_JOBS):
                await child.render(entry, small)
            before = child.process.memory_info().rss / 1e6
            for number in range(jobs):
                if number % 50 == 0:
                    say(f"renders: job {number} of {jobs}")
                await child.render(entry, small)
            after = child.process.memory_info().rss / 1e6
            say("renders: another model, and back")
            warm, _ = await child.render(entry, small)
            switches = [
                (await child.render((other, entry)[turn % 2], small))[0] for turn in range(SWITCHES)
            ]
            peak = _peak_mb(child.process.pid)
        finally:
            await child.host.close()
    figures = [
        published("renders: from the child's start to its first step", first_step),
        published("renders: from the child's start to its first clip", first_clip),
        published("renders: memory of the child after its first jobs", before, f"{WARM_JOBS + 2}"),
        published("renders: what many jobs more add to it", max(after - before, 0), f"{jobs}"),
        published(
            "renders: another model until its first step", min(switches), f"warm: {warm:.2f} s"
        ),
    ]
    return figures if peak is None else [*figures, published("renders: the most it took", peak)]


def _peak_mb(pid: int) -> float | None:
    """The most memory that a process ever had, where the system keeps count of it."""
    if sys.platform != "linux":
        return None
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


if __name__ == "__main__":
    main("renders", __doc__, measure, LIMIT_SECONDS)
