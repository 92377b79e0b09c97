"""Follows a pipeline from step to step, whether or not it tells anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gen.engines.base import Picture, Progress
from gen.engines.tensors import replaced


class Count:
    """The steps of a whole render, of which a pipeline's call is a part."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.done = 0
        self.total = 0

    def step(self, preview: Picture | None = None) -> None:
        """One more. Raises ``Stopped``."""
        self.done = min(self.done + 1, self.total)
        self._progress(self.done, self.total, preview)


After = Callable[[torch.Tensor], None]


@contextmanager
def followed(pipe: Any, takes: set[str], after: After) -> Iterator[dict[str, Any]]:
    """Calls ``after`` with the latents after each step of the pipeline's call.

    Yields the arguments that the call needs for it.
    """
    if "callback_on_step_end" in takes:

        def told(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            after(tensors["latents"])
            return {}

        yield {"callback_on_step_end": told}
        return
    # The scheduler steps whether or not a pipeline tells anybody.
    plain = pipe.scheduler.step

    def counted(*args: Any, **kwargs: Any) -> Any:
        answer = plain(*args, **kwargs)
        after(answer[0])
        return answer

    with replaced(pipe.scheduler, "step", counted):
        yield {}
