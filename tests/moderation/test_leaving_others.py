"""What others keep, and what counts no more, once somebody has left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.broker import Broker
from db.media import Media
from db.session import Db
from moderation.people import Person, Role
from moderation.rules import Refused
from tests.support.leaver import Filed
from tests.support.studio import ABLE, NO_BROKER, Studio, person

Cast = tuple[Person, Person, Person, Person, Person]


@pytest.fixture
async def studio(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Filed]:
    db = Db(sqlite_url)
    made = Filed(Studio(db, Broker(NO_BROKER)), Media(tmp_path / "media"), tmp_path)
    await made.open([ABLE])
    yield made
    await db.close()


@pytest.fixture
async def cast(studio: Filed) -> Cast:
    """Three artists and two moderators."""
    ada, bo, cy = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    return ada, bo, cy, mo, lin


async def left(studio: Filed, who: Person) -> Person:
    """Forget somebody; who they are when they come back."""
    await studio.desk.leave(who)
    await studio.settle()
    return await person(studio.db, who.name, *who.roles)


async def test_whoever_asked_to_be_forgotten_is_linked_to_nobody(studio: Filed, cast: Cast) -> None:
    ada, bo, cy, *_ = cast
    code = await studio.desk.link_code(bo)
    await studio.desk.leave(ada)
    for asked in (studio.desk.link_code(ada), studio.desk.link(ada, code)):
        with pytest.raises(Refused, match="somebody new"):
            await asked
    await studio.desk.link(cy, code)
    await studio.desk.leave(cy)
    with pytest.raises(Refused, match="somebody new"):
        await studio.desk.unlink(bo)
