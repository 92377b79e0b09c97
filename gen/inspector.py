"""The worker's end of looking at what a lent worker sent: a process for each look, which may break."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from gen.answers import FAILURES
from gen.credentials import Signing
from gen.engines.base import CannotMake
from gen.expected import Expected, Unfit
from gen.host import LINE_BYTES, ROOT
from gen.rendered import Classifying, Made
from gen.seal import Seal
from gen.trouble import RenderFailed

COMMAND = (sys.executable, "-m", "gen.inspect_child")
ENVIRONMENT = {"PATH": os.defpath, "PYTHONUTF8": "1"}
"""Of a process that reads what others made: ours has the database's password in it, say."""
LOOK_SECONDS = 900.0
CRASHED = "What reads it ended in the middle of it."
HANGS = "What reads it doesn't come to an end."

log = structlog.get_logger()


async def clips(
    videos: Sequence[Path],
    seeds: Sequence[int],
    expected: Expected,
    folder: Path,
    signing: Signing,
    classifying: Classifying | None,
) -> tuple[Made, ...]:
    """Our own files of these videos, in ``folder``. They are signed by us: whoever reads what others made has
    no key.

    Raises ``Unfit`` when one isn't what was asked for, ``RenderFailed`` and ``CannotMake`` for what is
    wrong with us.
    """
    more = {"seeds": list(seeds), "classifying": classifying}
    answer = await _asked("clips", videos, expected, folder=str(folder), **more)
    return tuple(
        [
            await asyncio.to_thread(_sealed, Made.of(clip), Seal(signing, index))
            for index, clip in enumerate(answer["clips"])
        ]
    )


async def apart(one: Path, other: Path, expected: Expected) -> float:
    """As ``inspection.apart``. Raises as ``clips`` does."""
    return float((await _asked("compare", [one, other], expected))["apart"])


def _sealed(made: Made, seal: Seal) -> Made:
    made.video.write_bytes(seal(made.video.read_bytes()))
    return replace(made, signed=seal.done)


async def _asked(
    what: str, videos: Sequence[Path], expected: Expected, **more: Any
) -> dict[str, Any]:
    asked = {"what": what, "videos": [str(video) for video in videos], "expected": asdict(expected)}
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, cwd=ROOT, env=ENVIRONMENT
    )
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(asked | more).encode() + b"\n")
        async with asyncio.timeout(LOOK_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise Unfit(HANGS) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())
    return _result(json.loads(line) if line else {"is": "crashed"})


def _result(answer: dict[str, Any]) -> dict[str, Any]:
    match answer["is"]:
        case "done":
            return answer
        case "unfit":
            raise Unfit(answer["sentence"])
        case "crashed":
            raise Unfit(CRASHED)
        case "refused":
            raise CannotMake(answer["sentence"])
        case "broke":
            log.error("inspection.broke", error=answer["error"], where=answer["where"])
    raise RenderFailed(FAILURES[answer["is"]])
