from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.on_web.members import Login
from db.broker import Broker
from db.session import Db
from tests.bot.on_web.served import ROLES, Be, Served, caller
from tests.bot.on_web.signing import ADA, ADA_IN_SLACK, Browser, Open, Rooms, login_by
from tests.doubles.sign_in import Platform
from tests.support.databases import connections_ended


@asynccontextmanager
async def serving(
    url: str, valkey: str, folder: Path, login: Login | None = None
) -> AsyncIterator[Served]:
    """The web room on a real database and broker, with its feed."""
    db, broker = Db(url), Broker(valkey)
    studio = Served(db, broker, folder)
    await studio.open()
    await studio.start(login=login)
    yield studio
    await studio.stop()
    await broker.close()
    await db.close()
    await connections_ended()


@pytest.fixture
async def served(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Served]:
    """As it is on one's own machine, with the demo's people."""
    async with serving(sqlite_url, valkey, tmp_path) as studio:
        yield studio


@pytest.fixture
async def be(served: Served) -> AsyncIterator[Be]:
    """Be one of the demo's people, each with a session of their own: ``be("ada")``."""
    async with AsyncExitStack() as stack:
        known = {who: await stack.enter_async_context(caller(served, who)) for who in ROLES}
        yield known.__getitem__


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform() as platform:
        yield platform
        assert platform.violations == []


@pytest.fixture
def rooms() -> Rooms:
    return Rooms({ADA: frozenset(), ADA_IN_SLACK: frozenset()})


@pytest.fixture
async def public(
    sqlite_url: str, valkey: str, tmp_path: Path, platform: Platform, rooms: Rooms
) -> AsyncIterator[Served]:
    """As it is opened to others."""
    async with serving(sqlite_url, valkey, tmp_path, login_by(platform, rooms)) as studio:
        yield studio


@pytest.fixture
async def browser(public: Served) -> AsyncIterator[Open]:
    """A browser of its own, each time."""
    async with AsyncExitStack() as stack:
        jar = aiohttp.DummyCookieJar()
        http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        yield lambda: Browser(public, http)
