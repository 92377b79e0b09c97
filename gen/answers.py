"""What the render child's answers mean to whoever asked it."""

from __future__ import annotations

from typing import Any

import structlog

from gen.engines.base import CannotMake, Stopped
from gen.rendered import Rendered
from gen.trouble import CRASHED, DISK_FULL, OUT_OF_MEMORY, RenderFailed

BROKE = "The model broke while making this; the hosts can see why in the log. Retrying may help."

FAILURES = {"out_of_memory": OUT_OF_MEMORY, "disk_full": DISK_FULL, "broke": BROKE}
STEPS = frozenset({"step", "made"})
"""Between these it can't hear a stop; while it encodes, it can."""
ENDS = frozenset({"loaded", "done", "stopped", "refused", "crashed", *FAILURES})

log = structlog.get_logger()


def outcome(answer: dict[str, Any]) -> Rendered:
    """What came of a render, from the answer that ended it.

    Raises ``Stopped``, ``CannotMake`` with the engine's refusal, and ``RenderFailed``.
    """
    match answer["is"]:
        case "done":
            return Rendered.of(answer)
        case "stopped":
            raise Stopped
        case "refused":
            raise CannotMake(answer["sentence"])
        case "broke":
            log.error("render.broke", **where(answer))
    raise RenderFailed(FAILURES.get(answer["is"], CRASHED))


def where(answer: dict[str, Any]) -> dict[str, str]:
    """What may be logged of an answer: a refusal's sentence may quote the prompt."""
    return {key: answer[key] for key in ("error", "where") if key in answer}
