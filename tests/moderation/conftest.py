from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from db.broker import Broker
from db.session import Db
from tests.support.studio import Studio


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    """A studio with one toy model, on SQLite and on PostgreSQL."""
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()
