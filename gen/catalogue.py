"""The catalogue: which models this worker offers, and which engine renders each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from db.offers import Offer, Range, StyleOffer
from gen.engines.base import Style

HERE = Path(__file__).parent
OURS = HERE / "models.toml"
EMBEDDED = "embedded:"


class BadCatalogue(Exception):
    """A models.toml can't be used; the message is one sentence that names the file and the key."""


class Bounds(Range):
    """A range as it is written in the catalogue: nothing unknown in it, and in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.default <= self.high:
            raise ValueError("low, default and high are not in order")
        return self


class StyleEntry(StyleOffer):
    """A LoRA, and where its weights are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    revision: str | None = None
    weight_name: str | None = None


class Entry(Offer):
    """One model: what it offers, and how its engine is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")
    sizes: dict[str, tuple[int, int]] = Field(min_length=1)
    fps: int = Field(ge=1, le=120)
    seconds: Bounds
    steps: Bounds
    guidance: Bounds
    engine: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    styles: tuple[StyleEntry, ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def offer(self) -> Offer:
        """What the rooms are told."""
        return Offer.model_validate(self.model_dump(exclude={"engine", "options"}))

    def style(self, name: str, strength: float) -> Style:
        """What its engine is told of one of its styles. Raises ``KeyError``."""
        found = {style.name: style for style in self.styles}[name]
        return Style(found.source, strength, found.weight_name, found.revision)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: list[Entry]


Catalogue = dict[str, Entry]


def read(extra: Path | None = None) -> Catalogue:
    """Every model by name, those of the host's own file first. Raises ``BadCatalogue``."""
    ours = _by_name(OURS)
    if extra is None:
        return ours
    theirs = _by_name(extra)
    for name in theirs.keys() & ours.keys():
        raise BadCatalogue(f"{extra}: model.name: the studio has a model named {name} of its own.")
    return theirs | ours


def _by_name(path: Path) -> Catalogue:
    found: Catalogue = {}
    for entry in _entries(path):
        if entry.name in found:
            raise BadCatalogue(f"{path}: model.name: there are two models named {entry.name}.")
        found[entry.name] = entry
    return found


def _entries(path: Path) -> list[Entry]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = _File.model_validate(tree).model
    except OSError as error:
        raise BadCatalogue(f"{path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"{path} is no valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadCatalogue(f"{path}: {key}: {first['msg']}.") from error
    return [
        entry.model_copy(update={"options": _resolved(entry.options, path.parent)})
        for entry in entries
    ]


def _resolved(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    source = options.get("source")
    if not isinstance(source, str):
        return options
    if source.startswith(EMBEDDED):
        return options | {"source": str(HERE / "embedded" / source.removeprefix(EMBEDDED))}
    if source.startswith(("./", "../")):
        return options | {"source": str((folder / source).resolve())}
    return options
