"""What both chats have in common for the people in them: places, cards, and what can be done there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.storm.waiting import POLL_SECONDS
from bot.press import Press
from bot.signs import Sign

UNANSWERED_SECONDS = 3.0
"""After that a chat says by itself that the app didn't answer."""
PATIENT_SECONDS = 12.0
"""After that people try again, though the chat still says that something is to come."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of the bot's that people see. ``message``: as our rows name it."""

    room: str
    message: str
    key: str
    """Under which it was sent; empty where it isn't one that must stand there once."""
    job: int
    """Which its buttons are for; 0 for none."""
    text: str
    """All that can be read in it."""
    files: tuple[str, ...] = ()
    """The names of those in its thread."""


class Town(Protocol):
    """A server or a workspace, with everybody in it."""

    room: str
    workspace: str
    """As our rows of people name it."""

    @property
    def artists(self) -> Sequence[Any]: ...

    @property
    def moderators(self) -> Sequence[Any]: ...

    @property
    def voters(self) -> Sequence[Any]: ...

    async def ask(self, who: Any, words: str, private: bool) -> Asked: ...

    def ids(self, message: Any) -> list[str]:
        """Of its buttons."""

    def own(self, who: Any) -> list[Any]:
        """Cards that only this artist sees."""

    def reviews(self) -> list[Any]: ...

    def shows(self) -> list[Any]: ...

    async def react(self, who: Any, message: Any, sign: Sign) -> None: ...

    async def unreact(self, who: Any, message: Any, sign: Sign) -> None: ...

    def signs(self, message: Any, sign: Sign) -> set[Any]:
        """The ids of the people whose sign stands there."""

    async def press(self, who: Any, message: Any, press: Press) -> Asked: ...

    async def say_why(self, who: Any, message: Any, press: Press, words: str) -> bool:
        """Press what opens a form, fill it in and send it; whether it came that far."""

    def standing(self) -> Iterator[Standing]: ...


@dataclass
class Asked:
    """Something that somebody did, and how it is answered."""

    gave_up: Callable[[], bool]
    """Whether the chat itself says that there was no answer."""
    answers: Callable[[], Iterable[Any]]
    """All messages in answer."""
    began: float = field(default_factory=time.monotonic)

    async def answered(self, enough: Callable[[Any], bool]) -> Any:
        """The first answer that is enough; None once nobody would wait for it any longer."""
        while True:
            for message in self.answers():
                if enough(message):
                    return message
            waited = time.monotonic() - self.began
            if self.gave_up() or waited > PATIENT_SECONDS:
                return None
            await asyncio.sleep(POLL_SECONDS)


def presses(ids: Iterable[str]) -> list[Press]:
    """What the buttons with these ids mean."""
    return [press for one in ids if (press := Press.read(one)) is not None]


def job_of(ids: Iterable[str]) -> int:
    """The job that buttons with these ids are for; 0 for none."""
    return next((press.job_id for press in presses(ids)), 0)


def button(ids: Iterable[str], sign: Sign) -> Press | None:
    """The button of this sign among them."""
    return next((press for press in presses(ids) if press.sign is sign), None)
