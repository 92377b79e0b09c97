"""What the studio adds to a render: from the form that is sent to the card the moderators see.

``python -m bench.overhead`` lets the embedded model render one wish through the whole studio and then,
with nothing around it, in this process: A B A B. The model's engine in the studio keeps a diary, so
that what was added is known for each render by itself, and where it went.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import studio
from bench.engines import build, catalogue_file, timed
from bench.figures import published
from bench.report import Figure, main, say
from bench.studio import Studio, Window
from db import jobs, posts
from db.models import Job
from db.states import Purpose
from gen import catalogue, encode
from gen.briefs import brief_of
from gen.engines.base import Brief, Engine, Picture, Take

PROMPT = "a red circle drifting left over a blue background"
ROUNDS, QUICK_ROUNDS = 7, 2
WALK_SECONDS = 120.0
LIMIT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Walk:
    """Moments of one wish on its way through the studio, in seconds since the form was sent."""

    answered: float
    claimed: float
    began: float
    made: float
    reporting: float
    """Seconds between ``began`` and ``made`` that went into reporting progress."""
    encoding: float
    """Seconds between ``made`` and ``finished`` that went into encoding the clips."""
    finished: float
    painted: float
    seen: float
    busy: float
    """Seconds of processor time that the studio used meanwhile, the render child not counted."""

    @property
    def added(self) -> float:
        """Seconds that were spent neither in the model nor on encoding."""
        return self.seen - (self.made - self.began - self.reporting) - self.encoding


async def measure(quick: bool) -> list[Figure]:
    entry = next(iter(catalogue.read().values()))
    engine = build(entry.engine, entry.options)
    with studio.folder() as where:
        diary = where / "diary"
        models = catalogue_file(where / "models.toml", timed(entry, diary))
        async with studio.up(where, SORA_MODELS=str(models)) as running:
            await asyncio.to_thread(engine.load)
            await running.answers()
            await running.worker_ready()
            async with Window.open(running, "ada") as ada, Window.open(running, "mo") as mo:
                walks, bares = [], []
                rounds = QUICK_ROUNDS if quick else ROUNDS
                for number in range(rounds + 1):
                    say(f"overhead: render {number} of {rounds} (0 warms up)")
                    walk, job = await _walk(running, ada, mo, number, diary)
                    bare = await asyncio.to_thread(_bare, engine, brief_of(job, entry))
                    walks.append(walk)
                    bares.append(bare)
    return _figures(walks[1:], bares[1:])


async def _walk(
    running: Studio, ada: Window, mo: Window, seed: int, diary: Path
) -> tuple[Walk, Job]:
    """Send one form and wait until a moderator's window shows the card."""
    child = running.part("-m", "gen.child")
    async with mo.live("review") as slots:
        busy = running.busy_seconds(child)
        sent = time.time()
        job_id = await ada.sora(PROMPT, seed=str(seed))
        answered = time.time()
        try:
            async with asyncio.timeout(WALK_SECONDS):
                while await anext(slots) != f"review-{job_id}":
                    pass
        except TimeoutError:
            raise RuntimeError(
                f"The card didn't come; the studio said:\n{running.said()}"
            ) from None
        seen = time.time()
        busy = running.busy_seconds(child) - busy
    async with running.db.read() as s:
        job = await jobs.get(s, job_id)
        cards = {post.purpose: post for post in await posts.of(s, "web", job_id)}
    made, *encoded = _newest(diary)
    assert job is not None
    assert job.started_at is not None
    assert job.finished_at is not None
    walk = Walk(
        answered=answered - sent,
        claimed=job.started_at.timestamp() - sent,
        began=made["from"] - sent,
        made=made["to"] - sent,
        reporting=made["reporting"],
        encoding=max(clip["to"] for clip in encoded) - min(clip["from"] for clip in encoded),
        finished=job.finished_at.timestamp() - sent,
        painted=cards[Purpose.REVIEW].painted_at.timestamp() - sent,
        seen=seen - sent,
        busy=busy,
    )
    return walk, job


def _newest(diary: Path) -> list[dict[str, Any]]:
    """The lines of the newest render: it was made, and then each of its clips encoded."""
    lines = [json.loads(line) for line in diary.read_text().splitlines()]
    return lines[max(i for i, line in enumerate(lines) if line["is"] == "made") :]


def _bare(engine: Engine, brief: Brief) -> float:
    """Seconds to make and encode the same clips with nothing around it."""

    def progress(done: int, total: int, preview: Picture | None = None) -> None:
        """Nobody watches."""

    began = time.monotonic()
    takes: list[Take] = []
    engine.make(brief, progress, takes.append)
    with tempfile.TemporaryDirectory() as name:
        for number, take in enumerate(takes):
            encode.clip(take.film, brief.fps, Path(name), str(number))
    return time.monotonic() - began


def _figures(walks: list[Walk], bares: list[float]) -> list[Figure]:
    bare, through = median(bares), median(walk.seen for walk in walks)
    added = median(walk.added for walk in walks)
    stages = {
        "form sent → receipt": [w.answered for w in walks],
        "form sent → claimed by the worker": [w.claimed for w in walks],
        "claimed → model begins": [w.began - w.claimed for w in walks],
        "reporting progress while it renders": [w.reporting for w in walks],
        "model ends → clips stored, but for encoding": [
            w.finished - w.made - w.encoding for w in walks
        ],
        "clips stored → review card": [w.painted - w.finished for w in walks],
        "review card → shown in an open window": [w.seen - w.painted for w in walks],
        "processor time of bot, worker and broker meanwhile": [w.busy for w in walks],
    }
    ms = 1000
    return [
        published("overhead: of one render", added * ms),
        published("overhead: share of one render", added / bare * 100),
        published("overhead: bare render and encoding", bare),
        Figure(
            "overhead: medians of the two, alternating",
            (through / bare - 1) * 100,
            "%",
            f"{through * ms:,.0f} ms through the studio, {bare * ms:,.0f} ms bare",
        ),
        *(Figure(f"· {stage}", median(took) * ms, "ms") for stage, took in stages.items()),
    ]


if __name__ == "__main__":
    main("overhead", __doc__, measure, LIMIT_SECONDS)
