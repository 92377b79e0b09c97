"""The worker's end of the render child: starts it, asks it, stops it, and replaces it when it ends.

Nothing here imports an engine's library, so the worker stays small and its loop is never blocked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from gen.catalogue import Entry
from gen.credentials import Signing
from gen.engines.base import NOTHING, Brief, CannotMake, Inputs, Stopped
from gen.rendered import Classifying, Rendered, Step
from gen.trouble import DISK_FULL, OUT_OF_MEMORY

COMMAND = (sys.executable, "-m", "gen.child")
ROOT = Path(__file__).parents[1]
"""Where this command finds this package, wherever the worker was started."""
LOAD_SECONDS = 1800.0
"""Loading weights from a slow disk, compiling for the first step."""
SILENT_SECONDS = 120.0
"""A child that says nothing for this long, and for ``PATIENCE`` of its steps, hangs."""
PATIENCE = 20
GRACE_SECONDS = 2.0
FIRST_GRACE_SECONDS = 60.0
"""Before the first step of a render nobody knows how long one takes, nor whether it is compiling."""
TURN_SECONDS = 0.05
"""How often a render that waits for the child looks whether it may begin, or is unwanted."""
RESPAWN_SECONDS = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
LINE_BYTES = 2**20

BROKE = "The model broke while making this; the hosts can see why in the log. Retrying may help."
CRASHED = "The render process ended in the middle of this. Retry, perhaps with a smaller clip."
HANGS = "The model stopped answering while making this, so it was started anew. Please retry."

FAILURES = {"out_of_memory": OUT_OF_MEMORY, "disk_full": DISK_FULL, "broke": BROKE}
ENDS = frozenset({"loaded", "done", "stopped", "refused", "crashed", *FAILURES})

log = structlog.get_logger()


class RenderFailed(Exception):
    """The render came to nothing; the message is one sentence for the artist."""


class Host:
    """One render child, kept alive and warm. It renders one brief at a time."""

    def __init__(
        self,
        first: Entry,
        device: str | None = None,
        watts: float | None = None,
        classifying: Classifying | None = None,
    ) -> None:
        self.state = "starting"
        self.state_changed = asyncio.Event()
        self._entry = first
        self._device = device
        self._always = {"watts": watts, "classifying": classifying}
        self._process: Process | None = None
        self._up = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._number = 0
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unwanted = False
        self._loaded = False  # whether the child has the entry that it was last asked for
        self._spoke_at = 0.0
        self._slowest = 0.0  # of this render, so far
        self._longest: dict[str, float] = {}  # the same of all renders, by the entry's name
        self._keeper: asyncio.Task[None] | None = None
        self._ladder: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the child and load the first model, in the background."""
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """End the child at once, whatever it is doing."""
        for task in (self._ladder, self._keeper):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if self._process is not None:
            self._kill()
            await self._process.wait()

    async def render(
        self,
        entry: Entry,
        brief: Brief,
        folder: Path,
        on_step: Callable[[Step], None],
        inputs: Inputs = NOTHING,
        signing: Signing | None = None,
    ) -> Rendered:
        """Render a brief into ``folder``, calling ``on_step`` after every step.

        The brief holds no pictures: they are in ``inputs``. Without ``signing`` clips stay unsigned.

        Raises ``Stopped`` after ``stop``, ``CannotMake`` with the engine's refusal, ``RenderFailed``
        when it breaks, crashes, hangs or the disk is full. If this is cancelled, the child is stopped
        in the background.
        """
        self._unwanted = False
        await self._turn()
        self._entry = entry
        self._slowest = 0.0
        self._answers = asyncio.Queue()
        asked = {"brief": asdict(brief), "inputs": inputs.files(), "folder": str(folder)}
        self._ask("render", **asked, signing=signing and asdict(signing), **self._always)
        try:
            while True:
                try:
                    async with asyncio.timeout(self._patience()):
                        answer = await self._answers.get()
                except TimeoutError:
                    log.error("child.hangs", state=self.state)
                    self._kill()
                    raise RenderFailed(HANGS) from None
                if answer["is"] == "step":
                    preview = answer["preview"]
                    on_step(Step(answer["done"], answer["total"], preview and Path(preview)))
                elif answer["is"] in ENDS:
                    return self._result(answer)
        except asyncio.CancelledError:
            self.stop()
            raise

    async def _turn(self) -> None:
        """Wait until there is a child with nothing to do. Loading ahead is something to do: a child
        that dies of it must not take with it a render that asked for another model."""
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                while not (self._up and self._idle.is_set()):
                    await asyncio.sleep(TURN_SECONDS)
                    if self._unwanted:
                        raise Stopped
        except TimeoutError:
            log.error("child.hangs", state=self.state)
            self._kill()
            raise RenderFailed(HANGS) from None

    def stop(self) -> None:
        """The render is unwanted: it ends at its next step, or else with its process."""
        self._unwanted = True
        if self._idle.is_set() or (self._ladder is not None and not self._ladder.done()):
            return
        self._send({"what": "stop", "number": self._number})
        self._ladder = asyncio.create_task(self._insist())

    async def _insist(self) -> None:
        grace = self._grace()
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            log.warning("child.killed", after_seconds=round(grace, 1))
            self._kill()

    def _grace(self) -> float:
        """Seconds that an unwanted render may still take: killing a warm model costs its loading."""
        if not self._loaded:
            return LOAD_SECONDS
        grace = GRACE_SECONDS + 2 * self._longest.get(self._entry.name, 0.0)
        return grace if self._slowest else max(grace, FIRST_GRACE_SECONDS)

    def _patience(self) -> float:
        """Seconds until a silent child counts as hung. Before its first step it may be compiling."""
        if not self._loaded or not self._slowest:
            return LOAD_SECONDS
        return max(SILENT_SECONDS, PATIENCE * self._slowest)

    def _result(self, answer: dict[str, Any]) -> Rendered:
        match answer["is"]:
            case "done":
                return Rendered.of(answer)
            case "stopped":
                raise Stopped
            case "refused":
                raise CannotMake(answer["sentence"])
            case "broke":
                log.error("render.broke", **_where(answer))
        raise RenderFailed(FAILURES.get(answer["is"], CRASHED))

    # ── the process ──────────────────────────────────────────────────────────────────────

    async def _keep(self) -> None:
        """Start the child, listen to it until it ends, and again."""
        crashes, ahead = 0, True
        while True:
            await asyncio.sleep(RESPAWN_SECONDS[min(crashes, len(RESPAWN_SECONDS) - 1)])
            crashes += 1
            try:
                self._process = None
                self._process = await asyncio.create_subprocess_exec(
                    *COMMAND, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, cwd=ROOT
                )
                if ahead:
                    self._ask("load")
                self._up = True
                if await self._listen(self._process):
                    crashes = 0
            except Exception as error:  # without a keeper, all would wait for ever
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("child.lost", error=type(error).__name__, where=where)
                self._kill()
            if self._process is None:
                continue
            self._up = False
            code = await self._process.wait()
            log.warning("child.ended", code=code)
            ahead = self._loaded  # what it died of loading, the next would die of too
            again = f"starting its render process again (it ended with {code})"
            failed = f"{self._entry.title} can't be loaded: its process ended with {code}"
            self._become(again if ahead else failed)
            self._answers.put_nowait({"is": "stopped" if self._unwanted else "crashed"})
            self._idle.set()

    async def _listen(self, process: Process) -> bool:
        """Take in all that the child says; whether it ever had a model ready."""
        assert process.stdout is not None  # noqa: S101 - it was asked for
        was_ready = False
        async for line in process.stdout:
            answer = json.loads(line)
            self._hear(answer)
            was_ready = was_ready or answer["is"] == "ready"
        return was_ready

    def _hear(self, answer: dict[str, Any]) -> None:
        now = time.monotonic()
        match answer["is"]:
            case "loading":
                self._become(f"loading {self._entry.title}")
            case "ready":
                self._loaded = True
                self._become("ready")
            case "step" | "made":  # between them it can't hear a stop; while it encodes, it can
                self._slowest = max(self._slowest, now - self._spoke_at)
                name = self._entry.name
                self._longest[name] = max(self._longest.get(name, 0.0), self._slowest)
            case "out_of_memory":
                self._kill()  # a new process starts with all of the memory
        self._spoke_at = now
        ended = answer["is"] in ENDS
        if ended and not self._loaded:
            why = f"{self._entry.title} can't be loaded: see the log"
            self._become(answer.get("sentence", why))
            log.error("model.not_loaded", model=self._entry.name, **_where(answer))
        if answer["number"] == self._number:
            self._answers.put_nowait(answer)
            if ended:
                self._idle.set()

    def _become(self, state: str) -> None:
        self.state = state
        self.state_changed.set()

    def _ask(self, what: str, **more: Any) -> None:
        entry = self._entry
        options = ({"device": self._device} if self._device else {}) | entry.options
        self._number += 1
        self._loaded = False
        self._idle.clear()
        self._ladder = None
        self._send(
            {"what": what, "number": self._number, "engine": entry.engine, "options": options}
            | more
        )

    def _send(self, request: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")

    def _kill(self) -> None:
        self._up = False
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


def _where(answer: dict[str, Any]) -> dict[str, str]:
    """What may be logged of an answer: a refusal's sentence may quote the prompt."""
    return {key: answer[key] for key in ("error", "where") if key in answer}
