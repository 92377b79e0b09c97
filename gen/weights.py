"""Weights on the disk: which revision they are, and whether they are whole. Nothing is loaded here.

A pipeline is a folder with a model_index.json and one folder for each component. What was fetched from
a hub has a pin beside it, which says what the folder has to hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from safetensors import SafetensorError, safe_open

INDEX = "model_index.json"
PIN = "pinned.json"
SHARDS = "*.safetensors.index.json"


class Pinned(BaseModel):
    """One repository of the hub as it was fetched."""

    source: str
    revision: str
    files: dict[str, int]
    """Path inside the repository -> bytes."""
    sha256: dict[str, str] = {}
    """Of those files for which the hub tells it, which are the weights."""


class Pin(BaseModel):
    """What a folder was fetched from: "" is the folder itself, other keys are components in it."""

    repositories: dict[str, Pinned]

    @property
    def files(self) -> dict[str, int]:
        """Path inside the folder -> bytes, of everything that was to be fetched."""
        return {
            f"{into}/{file}" if into else file: size
            for into, repository in self.repositories.items()
            for file, size in repository.files.items()
        }

    @property
    def sha256(self) -> dict[str, str]:
        """Path inside the folder -> SHA-256."""
        return {
            f"{into}/{file}" if into else file: digest
            for into, repository in self.repositories.items()
            for file, digest in repository.sha256.items()
        }

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{PIN}.part"
        draft.write_text(self.model_dump_json(indent=1), encoding="utf-8")
        draft.replace(folder / PIN)


def pin_of(folder: Path) -> Pin | None:
    """The pin, or None where a host put the weights themselves, or it can't be read."""
    try:
        return Pin.model_validate_json((folder / PIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def missing(folder: Path, pin: Pin) -> dict[str, int]:
    """What was pinned and isn't there in full: path -> bytes. Only weights are compared by size."""
    return {
        file: size for file, size in pin.files.items() if not _is_there(folder / file, size, file)
    }


def _is_there(path: Path, size: int, file: str) -> bool:
    try:
        found = path.stat().st_size
    except OSError:
        return False
    return found == size or not file.endswith(".safetensors")


def altered(folder: Path, pin: Pin) -> Iterator[str]:
    """The files that aren't, byte for byte, what was pinned. It reads all of them."""
    for file, digest in pin.sha256.items():
        if (folder / file).is_file():
            with (folder / file).open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
                    yield file


def fault(folder: Path, parts: Collection[str] = ()) -> str:
    """What is wrong with a pipeline's weights, as the end of a sentence; empty if they are whole.

    ``parts`` are components that it must have besides those of its index.
    """
    pin = pin_of(folder)
    if pin is not None and (left := missing(folder, pin)):
        return (
            f"are incomplete: {len(left)} of {len(pin.files)} files are missing or cut short"
            f" ({first(left)})"
        )
    try:
        index = _json(folder / INDEX)
    except OSError:
        return f"are incomplete: {INDEX} is missing"
    except ValueError:
        return f"are damaged: {INDEX} can't be read"
    names = _components(index)
    for part in parts:
        if part not in names:
            return f"are incomplete: {INDEX} names no {part}"
    return next((why for name in names for why in _faults(folder / name)), "")


def components(index: Path) -> list[str]:
    """The folders that a model_index.json names. Raises ``OSError`` or ``ValueError``."""
    return _components(_json(index))


def _components(index: dict[str, Any]) -> list[str]:
    """Those given as library and class; an index holds plain settings too."""
    return [
        name
        for name, kind in index.items()
        if isinstance(kind, list) and len(kind) == 2 and all(isinstance(k, str) for k in kind)
    ]


def _faults(component: Path) -> Iterator[str]:
    configs = sorted(component.glob("*.json"))
    if not component.is_dir() or not configs:
        yield f"are incomplete: {component.name} is missing"
    for config in configs:
        try:
            read = _json(config)
        except (OSError, ValueError):
            yield f"are damaged: {component.name}/{config.name} can't be read"
            continue
        if config.match(SHARDS):
            shards = {str(shard) for shard in read.get("weight_map", {}).values()}
            if gone := sorted(s for s in shards if not (component / s).is_file()):
                yield f"are incomplete: {component.name}/{gone[0]} is missing"
    files = sorted(component.glob("*.safetensors"))
    # Tokenizers and schedulers have no config.json; everything else with one is a network.
    if not files and (component / "config.json").is_file():
        yield f"are incomplete: {component.name} has no safetensors"
    for file in files:
        if why := unreadable(file):
            yield f"are damaged: {component.name}/{file.name} {why}"


def unreadable(file: Path) -> str:
    """Why a safetensors file can't be used; its header says how long it must be."""
    try:
        with safe_open(file, framework="numpy"):
            return ""
    except FileNotFoundError:
        return "is missing"
    except (SafetensorError, OSError, ValueError):
        return "is cut short or isn't safetensors"


def lora_file(folder: Path, weight_name: str | None) -> Path | None:
    """The one safetensors file of a style, or None when it isn't clear which."""
    if weight_name:
        return folder / weight_name
    files = sorted(folder.glob("*.safetensors"))
    return files[0] if len(files) == 1 else None


def first(files: dict[str, int]) -> str:
    name, *others = files
    return f"{name} and others" if others else name


def _json(path: Path) -> dict[str, Any]:
    """Raises ``OSError`` or ``ValueError``."""
    read = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(read, dict):
        raise ValueError(f"{path} is no object")
    return read
