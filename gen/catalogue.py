"""The catalogue: which models are known, what each may be used for, and which engine renders it.

A known model is offered only once it can be used on this machine: that is for gen/stock.py to say.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from db.offers import Draft, Offer, Range, StyleOffer
from gen.engines.base import Style

HERE = Path(__file__).parent
OURS = HERE / "models.toml"
EMBEDDED = "embedded:"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
NAME = r"^[a-z0-9][a-z0-9.-]{0,39}$"
REVISION = r"^[0-9a-f]{40}$"
LINK = r"^(https?://\S+)?$"
SOURCE = "a folder (./… or /…) or the id of a repository on the hub (owner/name)"

WRITTEN = ConfigDict(frozen=True, extra="forbid")


class BadCatalogue(Exception):
    """A models.toml can't be used; the message is one sentence that names the file and the key."""


class Bounds(Range):
    """A range as it is written in the catalogue: nothing unknown in it, and in order."""

    model_config = WRITTEN

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.default <= self.high:
            raise ValueError("low, default and high are not in order")
        return self


class Cheaper(Draft):
    """A draft as it is written in the catalogue."""

    model_config = WRITTEN


class Memory(BaseModel):
    """What one clip of default size needs on the device, in GiB."""

    model_config = WRITTEN

    full: float = Field(gt=0)
    """With the whole model there, in bf16."""
    offload: float | None = Field(default=None, gt=0)
    """With only the part there that computes, and the rest in the machine's own memory."""

    @property
    def least(self) -> float:
        return min(self.full, self.offload or self.full)


class Part(BaseModel):
    """A component of a pipeline that is kept in a repository of its own."""

    model_config = WRITTEN

    source: str = Field(pattern=f"^{HUB_ID.pattern}$")
    revision: str | None = Field(default=None, pattern=REVISION)
    library: str = "diffusers"
    loads: str = Field(pattern=r"^[A-Za-z_]\w*$")
    """The class that loads it, as model_index.json names it."""


class StyleEntry(StyleOffer):
    """A LoRA: whose it is, what it fits, and where its weights are."""

    model_config = WRITTEN

    name: str = Field(pattern=NAME)
    owner: str = Field(min_length=1)
    licence_url: str = Field(default="", pattern=LINK)
    strength: Bounds = Bounds(low=0, high=1.5, default=1)
    models: tuple[str, ...] = Field(min_length=1)
    source: str
    revision: str | None = Field(default=None, pattern=REVISION)
    weight_name: str | None = Field(default=None, pattern=r"^[\w.-]+\.safetensors$")

    @property
    def is_fetched(self) -> bool:
        """Whether its weights come from the hub, not from a folder of the host's own."""
        return not Path(self.source).is_absolute()

    @property
    def repositories(self) -> dict[str, tuple[str, str | None]]:
        """Where in its folder -> repository and pinned revision, of what is fetched."""
        return {"": (self.source, self.revision)}


class Entry(Offer):
    """One model: what it offers, what it demands, and how its engine is built."""

    model_config = WRITTEN

    name: str = Field(pattern=NAME)
    licence_url: str = Field(default="", pattern=LINK)
    sizes: dict[str, tuple[int, int]] = Field(min_length=1)
    multiple: int = Field(default=1, ge=1)
    """What width and height must be multiples of, in pixels."""
    fps: int = Field(ge=1, le=120)
    seconds: Bounds
    steps: Bounds
    guidance: Bounds
    strength: Bounds = Bounds(low=0.1, high=1, default=0.7)
    draft: Cheaper | None = None
    styles: tuple[StyleEntry, ...] = ()
    excluded_places: tuple[str, ...] = ()
    """Where the licence gives no right to use it."""
    must_accept: bool = False
    """Whether a host has to accept the licence by name before it is fetched or offered."""
    memory: Memory | None = None
    same_within: float | None = Field(default=None, gt=0, le=64)
    """How far a clip is at most, in levels of 255, from another of the same seed that another machine has
    rendered. Unset where nobody has measured it: then what lent workers send isn't made again to compare."""
    training: str = ""
    """What its makers say it was trained on, in one sentence."""
    engine: str = Field(
        default="gen.engines.diffusers:DiffusersEngine",
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )
    options: dict[str, Any] = Field(default_factory=dict)
    parts: dict[str, Part] = Field(default_factory=dict)
    """By component: what a pipeline needs besides its own repository."""

    @field_validator("tasks")
    @classmethod
    def _of_something(cls, tasks: tuple[Any, ...]) -> tuple[Any, ...]:
        if not tasks or len(set(tasks)) < len(tasks):
            raise ValueError("name at least one task, and none twice")
        return tasks

    @field_validator("frames_rule")
    @classmethod
    def _that_counts(cls, rule: tuple[int, int]) -> tuple[int, int]:
        if rule[0] < 1 or rule[1] < 0:
            raise ValueError("it is [a, b] for a·n + b frames, a at least 1 and b at least 0")
        return rule

    @model_validator(mode="after")
    def _fitting_together(self) -> Self:
        scales = {"sizes": 1.0} | ({"draft.scale": self.draft.scale} if self.draft else {})
        for key, scale in scales.items():
            for aspect, sides in self.sizes.items():
                if not re.fullmatch(r"[1-9]\d?:[1-9]\d?", aspect):
                    raise ValueError(f"sizes: {aspect} is no aspect ratio like 16:9")
                if any(s <= 0 or (s * scale) % self.multiple for s in sides):
                    raise ValueError(
                        f"{key}: the sides of {aspect} are not multiples of {self.multiple}"
                    )
        if self.draft and not self.steps.holds(self.draft.steps):
            raise ValueError("draft.steps: it is outside of steps")
        if (self.excluded_places or self.must_accept) and not (
            self.must_accept and self.licence_url and self.restrictions
        ):
            raise ValueError(
                "must_accept: what must be accepted needs licence_url and restrictions, and a licence"
                " with excluded_places must be accepted"
            )
        return self

    @property
    def source(self) -> str | None:
        """A folder or the id of a repository, for an engine that has weights."""
        source = self.options.get("source")
        return source if isinstance(source, str) else None

    @property
    def is_fetched(self) -> bool:
        """Whether its weights come from the hub, not from a folder."""
        return self.source is not None and not Path(self.source).is_absolute()

    @property
    def repositories(self) -> dict[str, tuple[str, str | None]]:
        """Where in its folder -> repository and pinned revision, of what is fetched."""
        parts = {name: (part.source, part.revision) for name, part in self.parts.items()}
        return {"": (str(self.source), self.options.get("revision")), **parts}

    @property
    def offer(self) -> Offer:
        """What the rooms are told."""
        return Offer.model_validate(self.model_dump(include=set(Offer.model_fields)))

    def style(self, name: str, strength: float) -> Style:
        """What its engine is told of one of its styles. Raises ``KeyError``."""
        found = {style.name: style for style in self.styles}[name]
        return Style(found.source, strength, found.weight_name)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: list[Entry] = Field(default_factory=list)
    style: list[StyleEntry] = Field(default_factory=list)


Catalogue = dict[str, Entry]


def read(extra: Path | None = None) -> Catalogue:
    """Every known model by name with the styles that fit it, those of the host's own file first.

    Raises ``BadCatalogue``.
    """
    known: Catalogue = {}
    styles: dict[str, StyleEntry] = {}
    for path in filter(None, (extra, OURS)):
        written = _written(path)
        for entry in written.model:
            if entry.name in known:
                where = "there are two models" if path == extra else "the studio has a model"
                raise BadCatalogue(f"{extra or path}: model.name: {where} named {entry.name}.")
            known[entry.name] = entry
        for style in written.style:
            if style.name in styles:
                raise BadCatalogue(f"{path}: style.name: there are two styles named {style.name}.")
            styles[style.name] = style
    for style in styles.values():
        if style.name in known:
            raise BadCatalogue(f"{extra}: style.name: there is a model named {style.name}.")
        for name in style.models:
            if name not in known:
                raise BadCatalogue(f"{extra}: style.models: {style.name} fits no known {name}.")
            known[name] = known[name].model_copy(update={"styles": (*known[name].styles, style)})
    return known


def _written(path: Path) -> _File:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCatalogue(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also of numbers and nests that are too large
        raise BadCatalogue(f"{path} is no valid TOML: {error}.") from error
    try:
        written = _File.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadCatalogue(f"{path}: {key}: {first['msg']}.") from error
    models = []
    for entry in written.model:
        if entry.styles:
            raise BadCatalogue(f"{path}: model.styles: a style is a [[style]] table of its own.")
        source = _resolved(entry.source, path, f"{entry.name}: options.source")
        options = entry.options | ({"source": source} if source else {})
        models.append(entry.model_copy(update={"options": options}))
    styles = []
    for style in written.style:
        source = _resolved(style.source, path, f"{style.name}: source")
        styles.append(style.model_copy(update={"source": source}))
    return _File.model_construct(model=models, style=styles)


def _resolved(source: str | None, path: Path, key: str) -> str | None:
    if source is None or Path(source).is_absolute():
        return source
    if source.startswith(EMBEDDED):
        return str(HERE / "embedded" / source.removeprefix(EMBEDDED))
    if source.startswith(("./", "../")):
        return str((path.parent / source).resolve())
    if not HUB_ID.fullmatch(source):
        raise BadCatalogue(f"{path}: {key}: {source!r} is not {SOURCE}.")
    return source
