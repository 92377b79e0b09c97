"""What goes wrong between a bot and Discord, on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.doubles.on_discord.gateway import Gateway

REFUSE, LOSE_REQUEST, LOSE_ANSWER, SLOW, HOLD = (
    "refuse",
    "lose request",
    "lose answer",
    "slow",
    "hold",
)


@dataclass(eq=False)
class Fault:
    """Waits for its requests; `times` of none means every one, until it is removed."""

    kind: str
    method: str
    path: str
    times: int | None = 1
    status: int = 500
    retry_after: float | None = None
    code: int = 0
    message: str = ""
    seconds: float = 0.0
    hit: int = 0
    """How many requests it has met."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def matches(self, method: str, path: str) -> bool:
        spent = self.times is not None and self.hit >= self.times
        return not spent and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def remove(self) -> None:
        self.times = 0

    def release(self) -> None:
        """Let a held request, and all that follow, go on."""
        self.remove()
        self.released.set()


class Faults:
    """Paths are globs without the API's base, such as `/channels/*/messages`; methods are too."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._waiting: list[Fault] = []

    def next(
        self,
        method: str,
        path: str,
        *,
        status: int = 500,
        times: int | None = 1,
        retry_after: float | None = None,
        code: int = 0,
        message: str = "",
    ) -> Fault:
        """Refuse the next such request without doing what it asks."""
        if status == 429 and retry_after is None:
            retry_after = 0.2
        return self._add(
            Fault(REFUSE, method, path, times, status, retry_after, code=code, message=message)
        )

    def lose_request(self, method: str, path: str, times: int | None = 1) -> Fault:
        """Close the socket before anything is done."""
        return self._add(Fault(LOSE_REQUEST, method, path, times))

    def lose_answer(self, method: str, path: str, times: int | None = 1) -> Fault:
        """Do what is asked, then close the socket without a word."""
        return self._add(Fault(LOSE_ANSWER, method, path, times))

    def slow(self, method: str, path: str, seconds: float, times: int | None = None) -> Fault:
        """Wait before doing what is asked."""
        return self._add(Fault(SLOW, method, path, times, seconds=seconds))

    def hold(self, method: str, path: str) -> Fault:
        """Stop requests at the door: await `arrived.wait()`, then `release()`."""
        return self._add(Fault(HOLD, method, path, None))

    def clear(self) -> None:
        for fault in self._waiting:
            fault.release()
        self._waiting.clear()

    async def drop_gateway(self, resumable: bool = True, *, how: str = "close") -> None:
        """Close every socket. What happens meanwhile is replayed on RESUME; if not resumable, the
        sessions are forgotten, and so is what happens until the bot is back. `how` is "close",
        "reconnect" (Discord asks for it, op 7) or "abort" (no word at all)."""
        await self._gateway.drop(resumable=resumable, how=how)

    @asynccontextmanager
    async def gateway_away(
        self, resumable: bool = True, *, refuse: bool = False
    ) -> AsyncIterator[None]:
        """No gateway while this lasts: new sockets open but nothing is said on them. Refused
        instead, discord.py gives its session up, so that nothing is replayed to it."""
        self._gateway.shut(refuse=refuse)
        try:
            await self._gateway.drop(resumable=resumable)
            yield
        finally:
            self._gateway.open()

    def twice(self, event: str, on: bool = True) -> None:
        """Deliver each following event of this name twice."""
        (self._gateway.doubled.add if on else self._gateway.doubled.discard)(event)

    def meeting(self, method: str, path: str) -> list[Fault]:
        """The faults that this request meets, one of each kind."""
        met: dict[str, Fault] = {}
        for fault in self._waiting:
            if fault.kind not in met and fault.matches(method, path):
                met[fault.kind] = fault
        for fault in met.values():
            fault.hit += 1
            fault.arrived.set()
        return list(met.values())

    def _add(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault
