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
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from gen import answers
from gen.catalogue import Entry
from gen.credentials import Signing
from gen.engines.base import NOTHING, Brief, Inputs, Stopped
from gen.measures import Measures
from gen.patience import LOAD_SECONDS, Patience
from gen.rendered import Classifying, Rendered, Step
from gen.trouble import HANGS, RenderFailed
from gen.warm import Warm

COMMAND = (sys.executable, "-m", "gen.child")
ROOT = Path(__file__).parents[1]
"""Where this command finds this package, wherever the worker was started."""
TURN_SECONDS = 0.05
"""How often a render that waits for the child looks whether it may begin, or is unwanted."""
RESPAWN_SECONDS = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
LINE_BYTES = 2**20

log = structlog.get_logger()


class Host:
    """One render child, kept alive and warm. It renders one brief at a time."""

    def __init__(
        self,
        device: str | None = None,
        watts: float | None = None,
        classifying: Classifying | None = None,
    ) -> None:
        self.state = "starting"
        self.state_changed = asyncio.Event()
        self.measures = Measures()
        self.warm = Warm(self.measures)
        self._entry: Entry | None = None  # what the child was last asked for
        self._ahead = False  # whether the next child is to load it unasked
        self._unusable: set[str] = set()
        self._device = device
        self._always = {"watts": watts, "classifying": classifying}
        self._process: Process | None = None
        self._up = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._number = 0
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unwanted = False
        self._ready = False  # whether the child has the entry that it was last asked for
        self._wanted_since = 0.0
        self._waited = 0.0  # seconds from then until the model of this render was ready
        self._patience = Patience()
        self._keeper: asyncio.Task[None] | None = None
        self._ladder: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the child, in the background."""
        self._keeper = asyncio.create_task(self._keep())

    @property
    def model(self) -> str:
        """The model that the child has or is about to have; empty for none."""
        has = self._ready or self._ahead or not self._idle.is_set()
        return self._entry.name if self._entry is not None and has else ""

    def load(self, entry: Entry) -> None:
        """Load a model ahead, unless it is busy or couldn't load that one before."""
        if not self._idle.is_set() or entry.name in self._unusable:
            return
        if self._up:
            self._ask(entry, "load")
        elif not self.warm.kept:
            self._entry, self._ahead = entry, True

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
        self._wanted_since = time.monotonic()
        await self._turn()
        self._patience.begin(entry.name)
        self._answers = asyncio.Queue()
        asked = {"brief": asdict(brief), "inputs": inputs.files(), "folder": str(folder)}
        self._ask(entry, "render", **asked, signing=signing and asdict(signing), **self._always)
        try:
            while True:
                try:
                    async with asyncio.timeout(self._patience.silence(self._ready)):
                        answer = await self._answers.get()
                except TimeoutError:
                    log.error("child.hangs", state=self.state)
                    self._kill()
                    raise RenderFailed(HANGS) from None
                if answer["is"] == "step":
                    preview = answer["preview"]
                    on_step(Step(answer["done"], answer["total"], preview and Path(preview)))
                elif answer["is"] in answers.ENDS:
                    return self._done(entry, brief, answer)
        except asyncio.CancelledError:
            self.stop()
            raise

    def _done(self, entry: Entry, brief: Brief, answer: dict[str, Any]) -> Rendered:
        rendered = replace(answers.outcome(answer), load_seconds=self._waited)
        self.measures.rendered(entry.name, brief, rendered.seconds, rendered.memory)
        return rendered

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
        grace = self._patience.grace(self._ready)
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            log.warning("child.killed", after_seconds=round(grace, 1))
            self._kill()

    # ── the process ──────────────────────────────────────────────────────────────────────

    async def _keep(self) -> None:
        """Start the child, listen to it until it ends, and again."""
        crashes = 0
        while True:
            await asyncio.sleep(RESPAWN_SECONDS[min(crashes, len(RESPAWN_SECONDS) - 1)])
            crashes += 1
            try:
                self._process = None
                self._process = await asyncio.create_subprocess_exec(
                    *COMMAND, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, cwd=ROOT
                )
                if self._ahead and self._entry is not None:
                    self._ask(self._entry, "load")
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
            self.warm.lose()
            self._ahead = self._ready  # what it died of loading, the next would die of too
            if self._entry is None or self._ready:
                self._become(f"starting its render process again (it ended with {code})")
            else:
                self._unusable.add(self._entry.name)
                why = f"its process ended with {code}"
                self._become(f"{self._entry.title} can't be loaded: {why}")
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
        entry = self._entry
        assert entry is not None  # noqa: S101 - it only answers
        self._patience.hear(step=answer["is"] in answers.STEPS)
        ended = answer["is"] in answers.ENDS
        match answer["is"]:
            case "loading":
                self.warm.begin()
                self._become(f"loading {entry.title}")
            case "ready":
                self.warm.end()
                self._ready = True
                self._waited = time.monotonic() - self._wanted_since
                self._unusable.discard(entry.name)
                self._become("ready")
            case "out_of_memory":
                self._kill()  # a new process starts with all of the memory
        if ended and not self._ready:
            why = f"{entry.title} can't be loaded: see the log"
            self._unusable.add(entry.name)
            self._become(answer.get("sentence", why))
            log.error("model.not_loaded", model=entry.name, **answers.where(answer))
        if answer["number"] == self._number:
            self._answers.put_nowait(answer)
            if ended:
                self._idle.set()

    def _become(self, state: str) -> None:
        self.state = state
        self.state_changed.set()

    def _ask(self, entry: Entry, what: str, **more: Any) -> None:
        self.warm.ask(entry.name)
        self._entry, self._ahead = entry, False
        options = ({"device": self._device} if self._device else {}) | entry.options
        self._number += 1
        self._ready = False
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
