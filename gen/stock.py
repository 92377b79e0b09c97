"""What of the catalogue can be used on this machine, and what the rest of it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

import structlog

from gen import catalogue, licences, machine, weights
from gen.catalogue import BadCatalogue, Catalogue, Entry, StyleEntry
from gen.settings import WorkerSettings

log = structlog.get_logger()


class State(StrEnum):
    OFFERED = "offered"
    NEEDS_ACCEPTANCE = "needs acceptance"
    NEEDS_WEIGHTS = "needs weights"
    UNUSABLE_WEIGHTS = "unusable weights"
    TOO_LITTLE_MEMORY = "too little memory"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one model stands on this machine."""

    entry: Entry
    """With its weights and its usable styles where they are on this machine."""
    state: State
    why: str
    """What it lacks and the way out, in one sentence; empty if it is offered."""
    begun: bool
    """Whether a host has begun to set it up, so that what it lacks is worth saying unasked."""
    faults: dict[str, str] = field(default_factory=dict)
    """By style: why it isn't offered."""


def look(settings: WorkerSettings, memory: Callable[[], float]) -> list[Standing]:
    """All known models, the default first. Raises ``BadCatalogue``.

    ``memory`` tells how many GiB the device has; it is asked only where the answer matters.
    """
    known = catalogue.read(settings.models)
    if settings.default_model is not None:
        if settings.default_model not in known:
            raise BadCatalogue(
                f"SORA_DEFAULT_MODEL is one of {', '.join(known)}, not {settings.default_model}."
            )
        known = {settings.default_model: known[settings.default_model]} | known
    ours = catalogue.read()
    asked = cache(memory)
    return [
        _standing(entry, settings.weights, asked, begun=entry.name not in ours)
        for entry in known.values()
    ]


def on_offer(settings: WorkerSettings) -> Catalogue:
    """What this machine can offer, by name. Raises ``BadCatalogue`` when that is nothing, and
    ``SubprocessError`` when nobody can say what it has."""
    standings = look(settings, lambda: machine.memory_from_outside(settings.device))
    for standing in standings:
        if standing.why and standing.begun:
            log.warning("model.not_offered", model=standing.entry.name, why=standing.why)
    models = offered(standings)
    if not models:
        raise BadCatalogue("There is no model to offer; `sora models check` says why.")
    return models


def offered(standings: list[Standing]) -> Catalogue:
    """What a worker may offer, by name."""
    return {s.entry.name: s.entry for s in standings if s.state is State.OFFERED}


def folder_of(entry: Entry | StyleEntry, stock: Path) -> Path:
    """Where its weights are, or would be once fetched."""
    if not entry.is_fetched:
        return Path(str(entry.source))
    return stock / "styles" / entry.name if isinstance(entry, StyleEntry) else stock / entry.name


def _standing(entry: Entry, stock: Path, memory: Callable[[], float], begun: bool) -> Standing:
    folder = folder_of(entry, stock)
    begun = begun or folder.exists() or entry.name in licences.accepted(stock)
    state, why = _lacks(entry, folder, stock, memory)
    faults = {style.name: style_fault(style, stock) for style in entry.styles}
    styles = tuple(
        style.model_copy(update=_found(style, stock))
        for style in entry.styles
        if not faults[style.name]
    )
    options = entry.options | ({"source": str(folder)} if entry.source else {})
    there = entry.model_copy(update={"options": options, "styles": styles})
    return Standing(there, state, why, begun, {name: why for name, why in faults.items() if why})


def _lacks(
    entry: Entry, folder: Path, stock: Path, memory: Callable[[], float]
) -> tuple[State, str]:
    if not licences.is_accepted(entry, stock):
        return State.NEEDS_ACCEPTANCE, (
            f"The licence of {entry.title} has to be accepted first:"
            f" sora models accept {entry.name}"
        )
    if entry.source is None:
        return State.OFFERED, ""
    fetch = f"sora models fetch {entry.name}" if entry.is_fetched else f"look into {folder}"
    if not folder.is_dir() or not any(folder.iterdir()):
        return State.NEEDS_WEIGHTS, f"There are no weights in {folder}: {fetch}"
    if why := _wrong_revision(entry, folder) or weights.fault(folder, entry.parts):
        return State.UNUSABLE_WEIGHTS, f"The weights in {folder} {why}: {fetch}"
    if entry.memory and (has := memory()) < entry.memory.least:
        return State.TOO_LITTLE_MEMORY, (
            f"{entry.title} needs {entry.memory.least:g} GiB of memory and the device has {has:.1f}:"
            " run a worker where there is more, or choose a smaller model"
        )
    return State.OFFERED, ""


def _wrong_revision(entry: Entry | StyleEntry, folder: Path) -> str:
    """Weights are those that were pinned, or they aren't used."""
    pin = weights.pin_of(folder)
    if pin is None or not entry.is_fetched:
        return ""
    for into, (source, revision) in entry.repositories.items():
        found = pin.repositories.get(into)
        if found is None or found.source != source or revision not in (None, found.revision):
            of = f"{found.source} at {found.revision[:12]}" if found else "something else"
            return f"are of {of}, not of {source}" + (f" at {revision[:12]}" if revision else "")
    return ""


def style_fault(style: StyleEntry, stock: Path) -> str:
    """Why a style can't be used, with the way out; empty if it can."""
    folder = folder_of(style, stock)
    fetch = f"sora models fetch {style.name}" if style.is_fetched else f"look into {folder}"
    if not folder.is_dir():
        return f"There are no weights in {folder}: {fetch}"
    if why := _wrong_revision(style, folder):
        return f"The weights in {folder} {why}: {fetch}"
    file = weights.lora_file(folder, style.weight_name)
    if file is None:
        return f"{folder} has not exactly one safetensors file: name it as weight_name"
    why = weights.unreadable(file)
    return f"{file} {why}: {fetch}" if why else ""


def _found(style: StyleEntry, stock: Path) -> dict[str, str]:
    folder = folder_of(style, stock)
    file = weights.lora_file(folder, style.weight_name)
    return {"source": str(folder), "weight_name": file.name if file else ""}
