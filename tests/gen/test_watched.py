"""What a worker answers on its own port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.broker import Broker
from db.session import Db
from db.workers import Card
from gen import watched
from gen.host import Host
from tests.bot.on_web.served import free_port
from tests.support.studio import NO_BROKER

CARD: Card = {"number": 1, "name": "Test card", "used": 5, "total": 10, "busy": 0.25}


class Watched:
    """The page of a worker whose model has come so far."""

    def __init__(self, db: Db, broker: str) -> None:
        self.host = SimpleNamespace(state="loading Toy")
        self.cards: list[Card] = []
        self.port = free_port()
        self.broker = Broker(broker)
        self.app = watched.page("w1", db, self.broker, cast(Host, self.host), self._look)

    async def _look(self) -> list[Card]:
        return self.cards

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            return answer.status, await answer.text()

    async def serve(self) -> asyncio.Task[None]:
        serving = asyncio.create_task(watched.serve(self.app, "127.0.0.1", self.port))
        async with asyncio.timeout(10):
            while not serving.done():
                try:
                    await self.get("/healthz")
                    break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.01)
        return serving


@pytest.fixture
async def worker(sqlite_url: str, valkey: str) -> AsyncIterator[Watched]:
    db = Db(sqlite_url)
    made = Watched(db, valkey)
    serving = await made.serve()
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await made.broker.close()
    await db.close()


async def test_it_is_ready_once_its_model_is(worker: Watched) -> None:
    assert await worker.get("/healthz") == (200, '{"ok": true}')
    assert (await worker.get("/readyz"))[0] == 503
    worker.host.state = "ready"
    status, said = await worker.get("/readyz")
    parts = '"database": true, "migration": true, "broker": true, "model": true'
    assert (status, said) == (200, f'{{"ready": true, {parts}}}')


async def test_it_tells_of_its_cards_and_of_itself(worker: Watched) -> None:
    def samples(text: str) -> dict[str, Any]:
        found = text_string_to_metric_families(text)
        return {s.name: (s.labels, s.value) for family in found for s in family.samples}

    status, text = await worker.get("/metrics")
    assert status == 200
    assert "sora_gpu_memory_used_bytes" not in samples(text)
    assert "process_resident_memory_bytes" in samples(text)
    assert "sora_event_loop_lag_seconds_count" in samples(text)
    worker.cards = [CARD]
    found = samples((await worker.get("/metrics"))[1])
    assert found["sora_gpu_memory_used_bytes"] == ({"worker": "w1", "gpu": "1"}, 5)
    assert found["sora_gpu_utilization_ratio"] == ({"worker": "w1", "gpu": "1"}, 0.25)


async def test_a_port_that_is_taken_ends_nothing(worker: Watched) -> None:
    await watched.serve(watched.page("w2", *cast(Any, [None] * 4)), "127.0.0.1", worker.port)
    assert (await worker.get("/healthz"))[0] == 200


async def test_without_its_database_and_broker_it_says_so() -> None:
    away = Watched(Db("sqlite+aiosqlite:////nonexistent/sora.db"), NO_BROKER)
    serving = await away.serve()
    status, said = await away.get("/readyz")
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert status == 503
    assert '"database": false, "migration": false, "broker": false' in said
