"""Slack's limits are kept to, in turn, and nothing is kept in mind for ever."""

from __future__ import annotations

import asyncio

import pytest

from bot.on_slack import pacer
from bot.on_slack.pacer import TIER_3, Pacer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacer, "MINUTE", 0.3)
    monkeypatch.setattr(pacer, "CHANNEL_SECONDS", 0.1)


async def took(count: int, pace: Pacer, method: str) -> float:
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(pace.turn("T1", method) for _ in range(count)))
    return asyncio.get_running_loop().time() - start


async def test_a_burst_goes_through_and_more_waits() -> None:
    pace = Pacer()
    assert await took(TIER_3, pace, "chat.update") < 0.2
    assert await took(TIER_3 + 1, pace, "chat.update") >= 0.5
    assert await took(1000, pace, "chat.postMessage") < 0.3


async def test_who_gives_up_takes_nobodys_turn() -> None:
    pace = Pacer()
    await pace.message("C1")
    waiting = [asyncio.create_task(pace.message("C1")) for _ in range(20)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(0.3):
        await pace.message("C1")


async def test_what_slack_asks_to_wait_for_all_wait_for() -> None:
    pace = Pacer()
    pace.hold("T1", "chat.postMessage", 0.2)
    assert await took(3, pace, "chat.postMessage") >= 0.19
    assert await took(3, pace, "chat.postMessage") < 0.1


async def test_nothing_is_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacer, "MOST", 10)
    monkeypatch.setattr(pacer, "MINUTE", 0.0)
    pace = Pacer()
    for number in range(100):
        await pace.turn(f"T{number}", "users.info")
        await pace.message(f"C{number}")
        pace.hold(f"T{number}", "users.info", 0)
        await pace.turn(f"T{number}", "users.info")
    assert len(pace._calls) <= 11
    assert len(pace._channels) <= 11
    assert not pace._held
    assert not pace._queues
