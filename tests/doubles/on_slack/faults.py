"""What goes wrong between a bot and Slack, on demand."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.doubles.on_slack.delivery import Delivery

REFUSE, LOSE_REQUEST, LOSE_ANSWER, SLOW, HOLD = (
    "refuse",
    "lose request",
    "lose answer",
    "slow",
    "hold",
)
NEVER = float("inf")


@dataclass(eq=False)
class Fault:
    """Waits for its requests; `times` of none means every one, until it is removed."""

    kind: str
    method: str
    times: int | None = 1
    status: int = 200
    error: str = ""
    retry_after: float = 0.0
    seconds: float = 0.0
    until: float = NEVER
    hit: int = 0
    """How many requests it has met."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def matches(self, method: str) -> bool:
        spent = self.times is not None and self.hit >= self.times
        return not spent and time.monotonic() < self.until and fnmatchcase(method, self.method)

    def remove(self) -> None:
        self.times = 0

    def release(self) -> None:
        """Let a held request, and all that follow, go on."""
        self.remove()
        self.released.set()


class Faults:
    """Methods are globs: `chat.*`. Beside Slack's own there are `upload` (the bytes of a file),
    `download` (of one), `response_url` and `socket` (a Socket Mode connection)."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._waiting: list[Fault] = []

    def next(
        self,
        method: str,
        *,
        status: int | None = None,
        error: str = "",
        retry_after: float = 1.0,
        times: int | None = 1,
    ) -> Fault:
        """Refuse the next such request without doing what it asks. A status alone is a page of a
        proxy in HTML; an error alone is answered with 200, as Slack does."""
        if error == "ratelimited":
            status = 429
        elif status is None:
            status = 200 if error else 500
        return self._add(Fault(REFUSE, method, times, status, error, retry_after))

    def ratelimited(self, method: str, seconds: float, retry_after: float = 1.0) -> Fault:
        """Nothing but 429 for a while."""
        until = time.monotonic() + seconds
        fault = Fault(REFUSE, method, None, 429, "ratelimited", retry_after, until=until)
        return self._add(fault)

    def lose_request(self, method: str, times: int | None = 1) -> Fault:
        """Close the connection before anything is done."""
        return self._add(Fault(LOSE_REQUEST, method, times))

    def lose_answer(self, method: str, times: int | None = 1) -> Fault:
        """Do what is asked, then close the connection without a word."""
        return self._add(Fault(LOSE_ANSWER, method, times))

    def slow(self, method: str, seconds: float, times: int | None = None) -> Fault:
        """Wait before doing what is asked."""
        return self._add(Fault(SLOW, method, times, seconds=seconds))

    def hold(self, method: str) -> Fault:
        """Stop requests at the door: await `arrived.wait()`, then `release()`."""
        return self._add(Fault(HOLD, method, None))

    def clear(self) -> None:
        for fault in self._waiting:
            fault.release()
        self._waiting.clear()
        self._delivery.doubled.clear()
        self._delivery.late.clear()

    # ── what the bot is told ─────────────────────────────────────────────────────────────

    async def drop_socket(self, how: str = "close") -> None:
        """End every Socket Mode connection. `how` is "refresh_requested" or "warning" (Slack asks
        for it first, as it does every few hours), "close", or "abort" (no word at all)."""
        await self._delivery.drop(how)

    def twice(self, event: str, on: bool = True, *, at_once: bool = False) -> None:
        """Deliver each following event of this type again, with the same event_id: after its
        acknowledgement, or in the same moment."""
        if on:
            self._delivery.doubled[event] = at_once
        else:
            self._delivery.doubled.pop(event, None)

    def late_acks(self, name: str = "*", seconds: float = NEVER, times: int | None = 1) -> Fault:
        """Slack hears the bot's acknowledgements later than they were given, or never. Names are
        globs over event types, commands, action and callback ids."""
        fault = Fault("late ack", name, times, seconds=seconds)
        self._delivery.late.append(fault)
        return fault

    def meeting(self, method: str) -> dict[str, Fault]:
        """The faults that this request meets, one of each kind."""
        met: dict[str, Fault] = {}
        for fault in self._waiting:
            if fault.kind not in met and fault.matches(method):
                met[fault.kind] = fault
        for fault in met.values():
            fault.hit += 1
            fault.arrived.set()
        return met

    def _add(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault
