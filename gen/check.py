"""What `sora doctor` asks a worker's machine: `python -m gen.check` prints one JSON object.

Run apart from the worker, because it imports what only the render child imports.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from db.settings import BadSettings
from gen import machine, stock, weights
from gen.catalogue import BadCatalogue
from gen.settings import WorkerSettings
from gen.stock import Standing


def report() -> dict[str, Any]:
    """Torch's version, the devices and their memory in bytes, and for each model why it can't run.

    A model that is merely known isn't named: only what is offered, and what a host began to set up.
    """
    here = machine.look()
    try:
        settings = WorkerSettings()
        standings = stock.look(settings, lambda: machine.memory(here["devices"], settings.device))
    except (BadSettings, BadCatalogue) as error:
        return {"error": str(error), **here, "models": []}
    shown = []
    for standing in standings:
        if standing.begun:
            entry, why = standing.entry, why_unusable(standing)
            shown.append({"name": entry.name, "title": entry.title, "usable": not why, "why": why})
    return {"error": "", **here, "models": shown}


def why_unusable(standing: Standing) -> str:
    """One sentence with the way out, or nothing when the model is offered and its engine can be built."""
    if standing.why:
        return standing.why
    entry = standing.entry
    module, _, family = entry.engine.partition(":")
    try:
        getattr(importlib.import_module(module), family)(**entry.options)
    except ImportError as error:
        return f"{entry.engine} can't be imported: {error}."
    except (AttributeError, TypeError) as error:
        return f"{entry.engine} can't be built from its options: {error}."
    return ""


def why_altered(standing: Standing) -> str:
    """One sentence with the way out, or nothing when every byte of the weights is as it was fetched."""
    entry = standing.entry
    folder = Path(entry.source or "")
    pin = weights.pin_of(folder) if entry.source else None
    if pin is None or not (files := list(weights.altered(folder, pin))):
        return ""
    return (
        f"The weights in {folder} are damaged: {files[0]} is not what was fetched:"
        f" sora models fetch {entry.name}"
    )


def main() -> None:
    json.dump(report(), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
