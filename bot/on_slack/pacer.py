"""Keeps to Slack's limits by itself, so that in normal use Slack has nothing to refuse."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from weakref import WeakValueDictionary

MINUTE = 60.0
TIER_2, TIER_3, TIER_4, UNPACED = 18, 45, 90, 0
"""Calls of one method in one workspace and minute: somewhat less than its tier allows."""
PER_MINUTE = {
    "auth.test": UNPACED,
    "chat.postMessage": UNPACED,  # by channel
    "chat.postEphemeral": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.update": TIER_4,
}
"""All others are of tier 3."""
CHANNEL_SECONDS = 1.05
"""Between two messages in one channel."""
MOST = 10_000
"""Channels and methods that are kept in mind, before those of more than a minute ago are dropped."""


class Pacer:
    """One per process; several processes of one workspace share its limits by luck and by Slack's
    own answer, which is honoured."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._channels: dict[str, float] = {}
        self._held: dict[tuple[str, str], float] = {}
        self._queues: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()

    async def turn(self, team: str, method: str) -> None:
        """Wait until this method may be called in this workspace. Who gives up takes nobody's turn."""
        key, allowed = (team, method), PER_MINUTE.get(method, TIER_3)
        if allowed:
            async with self._queue(*key):
                calls = self._calls[key]
                if len(calls) >= allowed:
                    await _until(calls[-allowed] + MINUTE)
                now = _now()
                while calls and calls[0] < now - MINUTE:
                    calls.popleft()
                calls.append(now)
                if len(self._calls) > MOST:
                    self._calls = defaultdict(
                        deque, {k: c for k, c in self._calls.items() if c and c[-1] > now - MINUTE}
                    )
        while self._held.get(key, 0.0) > _now():
            await _until(self._held[key])
        self._held.pop(key, None)

    def hold(self, team: str, method: str, seconds: float) -> None:
        """Slack asks not to be asked this for so long; whoever comes meanwhile waits too."""
        key, until = (team, method), _now() + seconds
        self._held[key] = max(until, self._held.get(key, 0.0))

    async def message(self, channel: str) -> None:
        """Wait until another message may be posted in this channel."""
        async with self._queue(channel):
            await _until(self._channels.get(channel, 0.0) + CHANNEL_SECONDS)
            now = self._channels[channel] = _now()
            if len(self._channels) > MOST:
                self._channels = {c: t for c, t in self._channels.items() if t > now - MINUTE}

    def _queue(self, *key: str) -> asyncio.Lock:
        return self._queues.setdefault(key, asyncio.Lock())


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _until(at: float) -> None:
    await asyncio.sleep(max(at - _now(), 0))
