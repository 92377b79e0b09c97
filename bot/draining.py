"""`sora worker --drain`: workers finish what they render, take no more, and end.

For a restart that puts no render back to its beginning. Whoever keeps a worker running starts it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli_data import with_db
from bot.trouble import Trouble
from db import workers
from db.models import Worker

if TYPE_CHECKING:
    from db.session import Db

LOOK_SECONDS = 1.0


def drain(data: Path | None, names: Sequence[str]) -> str:
    """Ask, and wait until they have ended; what came of it. Raises ``Trouble`` where nobody is there.

    It waits no longer than they live: one that is killed counts as ended when its last sign of life is
    too old.
    """
    return with_db(data, lambda db, _: _drain(db, names))


async def _drain(db: Db, names: Sequence[str]) -> str:
    from rich.console import Console

    async with db.begin() as s:
        asked = await workers.drain(s, names)
    if missing := sorted(set(names) - asked):
        raise Trouble(f"No worker is running that is called {' or '.join(missing)}.")
    if not asked:
        raise Trouble("No worker is running.")
    console = Console(stderr=True)
    with console.status("Waiting for workers") as status:
        while left := await _left(db, asked):
            status.update(f"Waiting for {', '.join(worker.name for worker in left)}")
            await asyncio.sleep(LOOK_SECONDS)
    return f"Ended: {', '.join(sorted(asked))}."


async def _left(db: Db, asked: set[str]) -> list[Worker]:
    """Those that have neither ended nor been started again since."""
    async with db.read() as s:
        known = await workers.every(s)
    return [w for w in known if w.name in asked and w.draining and workers.alive(w)]
