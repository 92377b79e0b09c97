"""The fixtures every test may ask for. Parts are real wherever a test can run them."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, Page, Request, async_playwright

from db.media import Media
from db.session import Db
from tests.support import browser, servers
from tests.support.buckets import Store, store_server
from tests.support.databases import Databases, Postgres, Sqlite, ask_sqlite_at_once, compile_once
from tests.support.processes import Processes

# The tests are several processes already: more threads in each would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shared machine is slow at times; that is no fault of an example. pytest's timeout still holds.
# The same examples in every run: a change is judged by itself, and new ones are the long profile's.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
# For a night: pytest --hypothesis-profile=long
settings.register_profile(
    "long", settings.get_profile("house"), derandomize=False, max_examples=1000
)

compile_once()
ask_sqlite_at_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left with one when the others have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's settings change no test, and no test writes into a developer's data."""
    monkeypatch.chdir(tmp_path)  # away from a .env and from data/
    for name in os.environ:
        if name.startswith("SORA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SORA_DATA", str(tmp_path / "data"))


# ── broker ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def valkey_socket() -> Iterator[Path]:
    with servers.valkey_server() as socket:
        yield socket


@pytest.fixture
def valkey(valkey_socket: Path) -> str:
    """The URL of a real, empty Valkey."""
    servers.flush(valkey_socket)
    return f"unix://{valkey_socket}"


# ── databases ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    base = tmp_path_factory.getbasetemp()
    # Under xdist each process has a folder of its own in the run's.
    return Sqlite((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sqlite")


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    with servers.postgres_server() as socket_folder:
        yield Postgres(socket_folder)


@pytest.fixture
def sqlite_url(_sqlite: Sqlite, tmp_path: Path) -> str:
    """A migrated, empty SQLite."""
    return _sqlite.migrated(tmp_path)


@pytest.fixture
def migrated_data(_sqlite: Sqlite, tmp_path: Path) -> None:
    """A data folder as a studio left it that has run before, so that a start migrates nothing."""
    _sqlite.migrated(tmp_path / "data", "sora.db")


@pytest.fixture
def postgres_url(_postgres: Postgres, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    yield _postgres.migrated(tmp_path)
    _postgres.take_back()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both kinds of database, unless it is said of a test or its module that one will do.

    That is said where the rules are the subject and every statement of SQL that follows from them is
    asked of PostgreSQL by a test all the same.
    """
    if "databases" in metafunc.fixturenames:
        said = metafunc.definition.get_closest_marker("databases")
        kinds = said.args if said else ("sqlite", "postgres")
        metafunc.parametrize("databases", kinds, indirect=True)


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """A kind of database, as it is said of the test."""
    made: Databases = request.getfixturevalue(f"_{request.param}")
    yield made
    if isinstance(made, Postgres):
        made.take_back()


@pytest.fixture
def db_url(databases: Databases, tmp_path: Path) -> str:
    """A migrated, empty database."""
    return databases.migrated(tmp_path)


@pytest.fixture
def empty_db_url(databases: Databases, tmp_path: Path) -> str:
    """A database without a table, for what migrates by itself; on SQLite and on PostgreSQL."""
    return databases.empty(tmp_path)


@pytest.fixture
async def db(db_url: str) -> AsyncIterator[Db]:
    """An open, migrated, empty database, on SQLite and on PostgreSQL."""
    opened = Db(db_url)
    yield opened
    await opened.close()


# ── media ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """A real S3-compatible store."""
    if sys.platform != "linux":
        pytest.skip("a store for the tests comes in a wheel for Linux alone")
    with store_server() as started:
        yield started


@pytest.fixture(params=["folder", "bucket"])
def media(request: pytest.FixtureRequest, tmp_path: Path) -> Media:
    """An empty media store of each kind, one after the other."""
    if request.param == "folder":
        return Media(tmp_path / "media")
    started: Store = request.getfixturevalue("store")
    return Media(tmp_path / "copies", started.bucket())


# ── processes ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def sora_process(tmp_path: Path) -> AsyncIterator[Processes]:
    """Starts doors (`python -m …`) in their own process groups; all are gone afterwards."""
    processes = Processes(tmp_path / "processes")
    yield processes
    await processes.reap()


# ── browser ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A real Chromium with a fresh profile that can reach nothing outside this machine."""
    found = browser.find()
    if found is None:
        pytest.fail(browser.HOW_TO_GET_ONE, pytrace=False)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=found.executable,
            args=browser.FLAGS,
            env={**os.environ, **found.env},
            timeout=30_000,
        )
        yield launched
        await launched.close()


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page that fails its test when a script of ours breaks or it asks anybody outside."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    opened = await context.new_page()
    faults: list[str] = []

    def look_at(request: Request) -> None:
        if not request.url.startswith(browser.AT_HOME):
            faults.append(f"asked for {request.url}, outside this machine")

    opened.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    opened.on("request", look_at)
    yield opened
    await context.close()
    assert not faults, faults
