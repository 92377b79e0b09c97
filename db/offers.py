"""What a worker says a model can do, so that a bot without torch can check a wish against it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Range(BaseModel):
    """An inclusive range and the value used when nothing is asked for."""

    model_config = ConfigDict(frozen=True)

    low: float
    high: float
    default: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


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
    variations: int = Field(default=4, ge=1, le=4)
    """How many variations it makes unless asked for fewer."""

    def frames(self, seconds: float) -> int:
        """The allowed number of frames nearest to this duration, at least one step of the rule."""
        a, b = self.frames_rule
        return max(1, round((seconds * self.fps - b) / a)) * a + b
