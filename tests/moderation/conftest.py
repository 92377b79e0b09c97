from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from db.broker import Broker
from db.session import Db
from moderation.people import Role
from moderation.rules import Rules
from tests.moderation.opinions import Five
from tests.support.studio import Studio, person


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    """A studio with one toy model, on SQLite and on PostgreSQL."""
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()


@pytest.fixture
async def cast(studio: Studio) -> Five:
    """Ada and Bo, who may turn out to be one; somebody else; and two who moderate."""
    ada, bo, cy = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    return ada, bo, cy, mo, lin


@pytest.fixture
def two_agree(studio: Studio) -> None:
    studio.desk.rules = Rules(quorum=2)
