"""What `sora doctor` asks a worker's machine: `python -m gen.check` prints one JSON object.

Run apart from the worker, because it imports what only the render child imports.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from db.settings import BadSettings
from gen import catalogue
from gen.catalogue import BadCatalogue, Entry
from gen.settings import WorkerSettings

INDEX = "model_index.json"


def report() -> dict[str, Any]:
    """Torch's version, the devices and their memory in bytes, and for each model why it can't run."""
    try:
        models = catalogue.read(WorkerSettings().models)
    except (BadSettings, BadCatalogue) as error:
        return {"error": str(error), **_machine(), "models": []}
    shown = []
    for entry in models.values():
        why = why_unusable(entry)
        shown.append({"name": entry.name, "title": entry.title, "usable": not why, "why": why})
    return {"error": "", **_machine(), "models": shown}


def why_unusable(entry: Entry) -> str:
    """One sentence, or nothing when the engine can be built and the weights are there."""
    module, _, family = entry.engine.partition(":")
    try:
        getattr(importlib.import_module(module), family)(**entry.options)
    except ImportError as error:
        return f"{entry.engine} can't be imported: {error}."
    except (AttributeError, TypeError) as error:
        return f"{entry.engine} can't be built from its options: {error}."
    source = entry.options.get("source")
    if source is None or not entry.options.get("local_files_only", True):
        return ""
    folder = Path(source) if Path(source).is_absolute() else _fetched(source, entry.options)
    if folder is None or not (folder / INDEX).is_file():
        return f"There are no weights at {source}: fetch the model first."
    if not any(folder.rglob("*.safetensors")):
        return f"The weights at {source} are incomplete: fetch them again."
    return ""


def _fetched(source: str, options: dict[str, Any]) -> Path | None:
    """Where a repository of the model hub was fetched to, if it was."""
    hub = importlib.import_module("huggingface_hub")
    index = hub.try_to_load_from_cache(source, INDEX, revision=options.get("revision"))
    return Path(index).parent if isinstance(index, str) else None


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    devices = [{"device": "cpu", "name": f"{os.cpu_count()} cores", "memory_bytes": memory}]
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return {"torch": None, "devices": devices}
    for number in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(number)
        devices.append(
            {"device": f"cuda:{number}", "name": found.name, "memory_bytes": found.total_memory}
        )
    if torch.backends.mps.is_available():
        devices.append({"device": "mps", "name": "Apple GPU", "memory_bytes": memory})
    return {"torch": torch.__version__, "devices": devices}


def main() -> None:
    json.dump(report(), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
