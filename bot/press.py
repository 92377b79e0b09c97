"""What the id of a button says, in every room: all that a press means, so that it works for ever and
after any restart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.signs import Sign
from db.states import Reason
from moderation.rules import Refused


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


STEPS = "|".join(Step)
PRESSED = rf"(?P<step>{STEPS}):(?P<sign>{'|'.join(Sign)}):(?P<job>[0-9]{{1,10}}):(?P<clip>[0-4])"
ANY_VERSIONS = rf"(?:{STEPS}):.*"
"""The same of a studio that had other signs."""
OF_ANOTHER_VERSION = "That is of another version of the studio; open it again."


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
        if match is None:
            return None
        return cls(Sign(match["sign"]), int(match["job"]), int(match["clip"]), Step(match["step"]))

    @classmethod
    def sent(cls, form: str, clip: str, reason: str) -> tuple[Press, Reason]:
        """What a form that was sent says: its id, and what was picked in it, empty for nothing. Raises
        ``Refused`` for what no form of ours offers."""
        press = cls.read(form)
        if press is None or clip not in {"", *"1234"} or reason not in {"", *Reason}:
            raise Refused(OF_ANOTHER_VERSION)
        press = replace(press, clip=int(clip)) if clip else press
        return press, Reason(reason or Reason.OTHER)
