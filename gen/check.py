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
from gen import credentials, machine, signing_key, stock, weights
from gen.catalogue import BadCatalogue
from gen.settings import WorkerSettings
from gen.signing_key import BadCertificate
from gen.stock import Standing


def report() -> dict[str, Any]:
    """Torch's version, the devices and their memory in bytes, for each model why it can't run, and what
    clips are signed with.

    A model that is merely known isn't named: only what is offered, and what a host began to set up.
    """
    here = machine.look()
    try:
        settings = WorkerSettings()
        standings = stock.look(settings, lambda: machine.memory(here["devices"], settings.device))
    except (BadSettings, BadCatalogue) as error:
        return {"error": str(error), **here, "models": [], "credentials": None}
    shown = []
    for standing in standings:
        if standing.begun:
            entry, why = standing.entry, why_unusable(standing)
            shown.append({"name": entry.name, "title": entry.title, "usable": not why, "why": why})
    return {"error": "", **here, "models": shown, "credentials": signing(settings)}


def signing(settings: WorkerSettings) -> dict[str, str]:
    """By whom clips are signed and until when, empty where a key is still to be made; and why they can't
    be, in one sentence."""
    signer = until = ""
    try:
        key = signing_key.look(settings)
        if key is not None:
            signer, until = key.signer, key.until.isoformat()
            signing_key.insist_on_its_time(key)
            credentials.prove(key)
    except BadCertificate as error:
        return {"signer": signer, "until": until, "why": str(error)}
    return {"signer": signer, "until": until, "why": ""}


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
