"""How acts reach the bot: in which order of attempts, and when Slack gives them up."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.doubles.on_slack import acts, answers
from tests.doubles.on_slack.acts import Act, Attempt
from tests.doubles.on_slack.faults import Fault
from tests.doubles.on_slack.outbound import Outbound
from tests.doubles.on_slack.sockets import Sockets
from tests.doubles.on_slack.trouble import Trouble

if TYPE_CHECKING:
    from tests.doubles.on_slack.world import World

RETRIES = (0.0, 60.0, 300.0)
"""Seconds from a failed delivery of an event to the next."""


class Delivery:
    """Commands, buttons and forms are delivered once; events again until they are acknowledged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sockets = Sockets(world)
        self.outbound = Outbound(world)
        self.retries: tuple[float, ...] = RETRIES
        self.doubled: dict[str, bool] = {}
        """Types of events that come twice; whether at once."""
        self.late: list[Fault] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        # Kept, so that a fixture outside the loop can arrange what the bot is told of.
        self._loop = asyncio.get_running_loop()
        self.world.deliver = self.start

    async def close(self) -> None:
        self._loop = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        await self.outbound.close()

    async def drop(self, how: str) -> None:
        await self.sockets.drop(how)

    def start(self, act: Act) -> None:
        if self._loop is None:
            return
        task = self._loop.create_task(self._deliver(act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, act: Act) -> None:
        again = act.kind == acts.EVENT and act.name in self.doubled
        if again and self.doubled[act.name]:
            await asyncio.gather(self._until_acked(act, ""), self._once(act, "timeout", 1))
            return
        await self._until_acked(act, "")
        if again:
            await self._once(act, "timeout", len(act.attempts))

    async def _until_acked(self, act: Act, reason: str) -> None:
        waits = (0.0, *self.retries) if act.kind == acts.EVENT else (0.0,)
        for number, wait in enumerate(waits):
            if wait:
                await asyncio.sleep(wait)
            trouble = await self._once(act, reason, number)
            if trouble is None:
                return
            reason = trouble.reason
            if trouble.final:
                break
        act.failed = act.failed or reason

    async def _once(self, act: Act, reason: str, number: int) -> Trouble | None:
        attempt = Attempt(number, reason)
        act.attempts.append(attempt)
        door = self.sockets if self.world.socket_mode else self.outbound
        try:
            body = await door.deliver(act, attempt)
            await self._be_late(act, attempt)
        except Trouble as trouble:
            attempt.trouble = trouble.reason
            return trouble
        if act.acked_at is None:
            act.acked_at = time.monotonic()
            answers.acknowledged(act, body)
        return None

    async def _be_late(self, act: Act, attempt: Attempt) -> None:
        fault = next((fault for fault in self.late if fault.matches(act.name)), None)
        if fault is None:
            return
        fault.hit += 1
        left = max(0.0, attempt.at + self.world.answer_within - time.monotonic())
        await asyncio.sleep(min(fault.seconds, left))
        if fault.seconds >= left:
            raise Trouble("timeout")
