"""The worker's end of putting a film together: a process for each, which is killed to stop it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from gen import answers
from gen.engines.base import CannotMake, Stopped
from gen.host import LINE_BYTES, ROOT
from gen.order import Order
from gen.patience import SILENT_SECONDS
from gen.rendered import Made, Rendered, Step
from gen.trouble import CRASHED, HANGS, RenderFailed

COMMAND = (sys.executable, "-m", "gen.stitch_child")
BROKE = "Putting this film together failed; the hosts can see why in the log. Retrying may help."
FAILURES = answers.FAILURES | {"broke": BROKE}

log = structlog.get_logger()


class Stitcher:
    """Puts one film together at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._unwanted = False

    async def stitch(self, order: Order, folder: Path, on_step: Callable[[Step], None]) -> Rendered:
        """Put a film together into ``folder``, calling ``on_step`` as it goes on.

        Raises ``Stopped`` after ``stop``, ``CannotMake`` when a clip can't be read, ``RenderFailed`` when
        it breaks, crashes, hangs or the disk is full. Whatever ends it ends the process.
        """
        self._unwanted = False
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, cwd=ROOT
        )
        try:
            return await self._followed(self._process, order, folder, on_step)
        finally:
            self._kill()
            await asyncio.shield(self._process.wait())
            self._process = None

    def stop(self) -> None:
        """What is being put together is unwanted."""
        self._unwanted = True
        self._kill()

    async def _followed(
        self, process: Process, order: Order, folder: Path, on_step: Callable[[Step], None]
    ) -> Rendered:
        assert process.stdin is not None  # noqa: S101 - both were asked for
        assert process.stdout is not None  # noqa: S101
        asked = {"order": order.as_json(), "folder": str(folder)}
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        while True:
            try:
                async with asyncio.timeout(SILENT_SECONDS):
                    line = await process.stdout.readline()
            except TimeoutError:
                log.error("stitch.hangs")
                raise RenderFailed(HANGS) from None
            if self._unwanted:
                raise Stopped
            if not line:
                raise RenderFailed(CRASHED)
            answer = json.loads(line)
            if answer["is"] != "step":
                return _result(answer)
            on_step(Step(answer["done"], answer["total"], None))

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


def _result(answer: dict[str, Any]) -> Rendered:
    match answer["is"]:
        case "done":
            video, poster, preview = (Path(answer[name]) for name in ("video", "poster", "preview"))
            notes, shape = tuple(answer["notes"]), answer["shape"]
            made = Made(0, video, poster, preview)
            return Rendered((made,), notes, answer["seconds"], 0.0, False, shape=shape)
        case "refused":
            raise CannotMake(answer["sentence"])
        case "broke":
            log.error("stitch.broke", error=answer["error"], where=answer["where"])
    raise RenderFailed(FAILURES.get(answer["is"], BROKE))
