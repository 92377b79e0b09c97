"""What a worker says a model can do, so that a bot without torch can check a wish against it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from db.states import Task


class Range(BaseModel):
    """An inclusive range and the value used when nothing is asked for."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    default: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Draft(BaseModel):
    """How a cheap render differs from the final it stands for."""

    model_config = ConfigDict(frozen=True)

    steps: int = Field(ge=1)
    scale: float = Field(default=1.0, gt=0, le=1)
    """Of both sides of the picture."""


class StyleOffer(BaseModel):
    """A LoRA that can be laid over the model, as people choose it."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    owner: str
    """Whose work it is, for credit."""
    licence: str
    triggers: tuple[str, ...] = ()
    """Words that wake it; they are put before the prompt unless they are in it."""
    strength: Range = Range(low=0, high=1.5, default=1)


class Offer(BaseModel):
    """One model of the catalogue, as announced to the rooms."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    about: str
    """One honest sentence: what it is good at and what it can't do."""
    licence: str
    licence_url: str = ""
    sizes: dict[str, tuple[int, int]]
    """Aspect ratio, such as "16:9" -> (width, height) in pixels; the first is the default."""
    fps: int
    seconds: Range
    frames_rule: tuple[int, int] = (1, 0)
    """(a, b): the model makes a·n + b frames."""
    steps: Range
    guidance: Range
    tasks: tuple[Task, ...] = (Task.TEXT,)
    """What it can make clips from; an empty tuple would be no model."""
    strength: Range = Range(low=0.1, high=1, default=0.7)
    """How far a redrawn clip may leave the one it is made from, where ``tasks`` has VIDEO."""
    draft: Draft | None = None
    """Drafts are rendered first unless a final is asked for; None: there is no cheaper render."""
    styles: tuple[StyleOffer, ...] = ()
    restrictions: str = ""
    """What the licence forbids, as one sentence; empty if nothing that matters here."""
    approximations: tuple[str, ...] = ()
    """Methods in use that change the picture a little for speed, named as on the card."""
    variations: int = Field(default=4, ge=1, le=4)
    """How many variations it makes unless asked for fewer."""

    def draft_size(self, aspect: str) -> tuple[int, int]:
        """Width and height of a draft; the catalogue sees to it that the model can make them."""
        scale = self.draft.scale if self.draft else 1.0
        width, height = self.sizes[aspect]
        return round(width * scale), round(height * scale)

    def frames(self, seconds: float) -> int:
        """The allowed number of frames nearest to this duration, at least one step of the rule."""
        a, b = self.frames_rule
        return max(1, round((seconds * self.fps - b) / a)) * a + b
