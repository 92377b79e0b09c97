"""The broker's connections."""

from __future__ import annotations

from db.broker import Broker


async def test_once_it_is_closed_nothing_connects_again(valkey: str) -> None:
    broker = Broker(valkey)
    assert await broker.ping()
    await broker.close()
    assert not await broker.ping()
