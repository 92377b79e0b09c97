"""What the id of a button says, in every room: all that a press means, so that it works for ever and
after any restart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.signs import Sign


class Step(StrEnum):
    """How far somebody is with a press."""

    PRESS = "press"
    SURE = "sure"
    """They were asked whether they mean it."""
    SAY = "say"
    """They were asked for words; the id of the form that they send."""
    LIST = "list"
    """They pressed it in a list, and not on the job's own card."""
    WHY = "why"
    """They pressed it in the question that follows a sign, which is no card either."""


PRESSED = (
    r"(?P<step>press|sure|say|list|why):(?P<sign>[a-z_0-9]+):(?P<job>\d{1,10}):(?P<clip>[0-4])"
)


@dataclass(frozen=True, slots=True)
class Press:
    """A button of a card; ``clip`` is 0 where it is about none or not yet picked."""

    sign: Sign
    job_id: int
    clip: int = 0
    step: Step = Step.PRESS

    def __str__(self) -> str:
        return f"{self.step}:{self.sign}:{self.job_id}:{self.clip}"

    @classmethod
    def read(cls, custom_id: str) -> Press | None:
        match = re.fullmatch(PRESSED, custom_id)
        if match is None or match["sign"] not in set(Sign):
            return None
        return cls(Sign(match["sign"]), int(match["job"]), int(match["clip"]), Step(match["step"]))
