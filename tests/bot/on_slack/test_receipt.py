"""The receipt in direct messages follows its job within its pace, with a preview while it renders."""

from __future__ import annotations

import asyncio

import pytest

from bot.on_slack import room as module
from db.states import Purpose
from tests.bot.on_slack.town import Town, picture


@pytest.mark.usefixtures("slack_room")
async def test_a_preview_is_shown_seldom_and_only_one_is_kept(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.wish()
    job = await town.claim()
    receipt = await town.slack.until(lambda: town.ada.dm.messages)
    for number in range(1, 9):
        key = town.put(f"{100 + number:064x}.jpg", picture("jpeg"))
        await town.studio.change(job.id, step=number, steps=20, preview_key=key)
        await town.studio.desk.broker.spread(job.id)
        await asyncio.sleep(0.3)
        if number == 5:
            monkeypatch.setattr("bot.on_slack.previews.PREVIEW_SECONDS", 0.0)
    (message,) = receipt
    previews = [f for f in town.slack.files.values() if "preview" in f.name]
    assert 2 <= len(previews) <= 4
    await town.slack.until(lambda: len([f for f in previews if not f.deleted]) == 1)
    (shown,) = [b for b in message.blocks if b["type"] == "image"]
    assert shown["slack_file"]["id"] == next(f.id for f in previews if not f.deleted)
    assert "%" in message.text()
    town.put_files()
    await town.studio.finish(job)
    await town.studio.desk.broker.spread(job.id)
    await town.slack.until(
        lambda: all(f.deleted for f in town.slack.files.values() if "preview" in f.name), 60
    )
    assert not [b for b in message.blocks if b["type"] == "image"]


@pytest.mark.usefixtures("slack_room")
async def test_a_preview_that_fails_keeps_no_receipt(town: Town) -> None:
    await town.wish()
    job = await town.claim()
    town.slack.faults.next("files.*", status=500, times=None)
    key = town.put(f"{100:064x}.jpg", picture("jpeg"))
    await town.studio.change(job.id, step=7, steps=20, preview_key=key)
    await town.studio.desk.broker.spread(job.id)
    await town.slack.until(lambda: [m for m in town.ada.dm.messages if "35 %" in m.text()])


@pytest.mark.usefixtures("slack_room")
async def test_a_receipt_follows_its_job_within_its_pace(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.PACE, Purpose.RECEIPT, 1.0)
    await town.wish()
    (receipt,) = await town.slack.until(lambda: town.ada.dm.messages)
    assert "next" in receipt.text().lower() or "place" in receipt.text().lower()
    job = await town.claim()
    before = len(receipt.edits)
    for step in range(1, 11):
        await town.studio.change(job.id, step=step, steps=20)
        await town.studio.desk.broker.spread(job.id)
        await asyncio.sleep(0.2)
    assert 1 <= len(receipt.edits) - before <= 4
    await town.slack.until(lambda: "50 %" in receipt.text())
