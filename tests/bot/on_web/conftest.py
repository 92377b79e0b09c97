from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from db.broker import Broker
from db.session import Db
from tests.bot.on_web.served import ROLES, Be, Served, caller
from tests.support.databases import connections_ended


@pytest.fixture
async def served(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The web room on a real database and broker, with its feed."""
    db, broker = Db(sqlite_url), Broker(valkey)
    studio = Served(db, broker, tmp_path)
    await studio.open()
    await studio.start()
    yield studio
    await studio.stop()
    await broker.close()
    await db.close()
    await connections_ended()


@pytest.fixture
async def be(served: Served) -> AsyncIterator[Be]:
    """Be one of the demo's people, each with a session of their own: ``be("ada")``."""
    async with AsyncExitStack() as stack:
        known = {who: await stack.enter_async_context(caller(served, who)) for who in ROLES}
        yield known.__getitem__
