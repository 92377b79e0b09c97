"""Why a model can't be used or a brief not made, each in one sentence with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gen.engines.base import Brief, CannotMake, Task
from gen.trouble import is_out_of_memory

_MADE = {
    Task.TEXT: "from words alone",
    Task.IMAGE: "from a picture",
    Task.FRAMES: "between two pictures",
    Task.EXTEND: "that goes on from another",
    Task.VIDEO: "out of another",
    Task.LOOP: "that ends where it begins",
}


class Incomplete(Exception):
    """Weights that loaded, but not all of them."""


def check_complete(pipe: Any) -> None:
    """Raises ``Incomplete`` when a part has weights that no file gave it."""
    for name, part in pipe.components.items():
        if isinstance(part, torch.nn.Module) and any(p.is_meta for p in part.parameters()):
            raise Incomplete(name)


def unusable(source: str, error: Exception) -> CannotMake:
    """Damaged weights surface as whatever the library that met them raises."""
    if isinstance(error, CannotMake):
        return error
    if is_out_of_memory(error):
        return CannotMake("This model needs more memory than its worker has; choose another model.")
    if isinstance(error, Incomplete) or (Path(source) / "model_index.json").exists():
        return CannotMake(
            "This model's weights are incomplete or damaged; a host has to fetch them again."
        )
    return CannotMake("This model's weights are not on its worker; a host has to fetch them first.")


def unable(task: Task) -> CannotMake:
    return CannotMake(f"This model can't make a clip {_MADE[task]}.")


def too_large(brief: Brief) -> CannotMake:
    return CannotMake(
        f"{brief.frames} frames of {brief.width} × {brief.height} need more memory than the"
        " worker has; ask for a smaller or shorter clip."
    )


def refused(error: Exception) -> CannotMake:
    """How a pipeline refuses its inputs, in one line and without the markup of its message."""
    first = str(error).replace("`", "").split("\n")[0].split(". ")[0].rstrip(".")
    return CannotMake(f"The model refuses this: {first}.")
