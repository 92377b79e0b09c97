"""Whether a bot process does its work: its database and broker, its outbox, and its rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from db import figures, health
from db.broker import Broker
from db.models import utcnow
from db.session import Db

OLDEST_SECONDS = 300.0
"""What waits longer to be told says that something is stuck; what is set aside waits for nobody."""


class Health:
    """``rooms``: of each room that is somewhere else, whether it is connected now."""

    def __init__(
        self, db: Db, broker: Broker, rooms: Mapping[str, Callable[[], bool]] | None = None
    ) -> None:
        self._db, self._broker = db, broker
        self._rooms = {} if rooms is None else rooms

    def rooms(self) -> dict[str, bool]:
        """Room -> whether it is connected."""
        return {name: connected() for name, connected in self._rooms.items()}

    async def report(self) -> tuple[bool, dict[str, object]]:
        """Whether all is well, and what is and what isn't."""
        parts, rooms = await health.parts(self._db, self._broker), self.rooms()
        oldest = await self._oldest() if parts["migration"] else 0.0
        parts["outbox"] = oldest < OLDEST_SECONDS
        ready = all(parts.values()) and all(rooms.values())
        more = {"outbox_oldest_seconds": round(oldest, 1), "rooms": rooms}
        return ready, {"ready": ready, **parts, **more}

    async def _oldest(self) -> float:
        """Seconds for which the oldest event waits to be told to some room."""
        async with self._db.read() as s:
            outbox = await figures.outbox(s)
        waits = [room.since for room in outbox if room.since is not None]
        return max((utcnow() - min(waits)).total_seconds(), 0.0) if waits else 0.0
