"""The embedded Valkey, for real: private, durable, and alone on its folder."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from db.settings import StoreSettings
from db.valkey import Valkey

PRIVATE_AND_DURABLE = {
    "port": "0",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="sv-", dir="/tmp") as folder:
        yield Valkey(StoreSettings(data=Path(folder) / "data"))


@contextmanager
def running(valkey: Valkey) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(valkey.command) as process:
        try:
            yield process
        finally:
            process.kill()


def client(valkey: Valkey) -> Redis:
    return Redis(unix_socket_path=str(valkey.socket), decode_responses=True)


async def test_only_we_can_reach_it(valkey: Valkey) -> None:
    await valkey.prepare()
    with running(valkey):
        await valkey.ready()
        async with client(valkey) as asked:
            for name, value in PRIVATE_AND_DURABLE.items():
                assert await asked.config_get(name) == {name: value}
        assert stat.S_IMODE(valkey.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(valkey.socket.parent.stat().st_mode) == 0o700


async def test_a_kill_loses_nothing_and_its_socket_is_cleared_away(valkey: Valkey) -> None:
    assert not await valkey.prepare()
    with running(valkey) as process:
        await valkey.ready()
        async with client(valkey) as asked:
            await asked.set("bell", "rung")
        process.kill()
    assert valkey.socket.exists()
    assert not await valkey.prepare()
    with running(valkey):
        await valkey.ready()
        async with client(valkey) as asked:
            assert await asked.get("bell") == "rung"


async def test_an_orphan_ends_and_hands_its_data_on(valkey: Valkey) -> None:
    await valkey.prepare()
    with running(valkey) as orphan:
        await valkey.ready()
        async with client(valkey) as asked:
            await asked.set("bell", "rung")
        assert await valkey.prepare()
        assert await asyncio.to_thread(orphan.wait, 5) == 0
    with running(valkey):
        await valkey.ready()
        async with client(valkey) as asked:
            assert await asked.get("bell") == "rung"


async def test_a_server_that_does_not_start_is_said(valkey: Valkey) -> None:
    with pytest.raises(TimeoutError, match="didn't start"):
        await valkey.ready(within=0.1)


async def test_a_folder_that_somebody_else_made_is_not_used(tmp_path: Path) -> None:
    valkey = Valkey(StoreSettings(data=tmp_path / ("long" * 30)))
    elsewhere = tmp_path / "theirs"
    elsewhere.mkdir()
    valkey.socket.parent.symlink_to(elsewhere)
    try:
        with pytest.raises(PermissionError, match="somebody else"):
            await valkey.prepare()
    finally:
        valkey.socket.parent.unlink()
