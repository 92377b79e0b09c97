"""What comes right by itself: after a bad start, a lost answer, a dead token, a channel that was shut."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from bot.on_slack import room as module
from bot.on_slack.courier import Courier
from db import events
from db.models import Telling, utcnow
from moderation.people import Person
from tests.bot.on_slack.town import Town, running
from tests.doubles.on_slack import Message


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may still be on its way is waited for for less than a second, and mended as soon."""
    monkeypatch.setattr(module, "IN_FLIGHT", timedelta(seconds=0.7))
    monkeypatch.setattr(module, "MEND_SECONDS", 0.3)


async def artist(town: Town) -> Person:
    job = await town.studio.job(1)
    return Person(job.person_id, "Ada")


async def result(town: Town) -> list[Message]:
    return await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "is ready" in m.text()], 60
    )


async def test_before_it_is_let_in_nothing_is_taken_for_shown(town: Town) -> None:
    async with running(town):
        card = await town.published()
        await town.settled()
    await town.studio.desk.withdraw(await artist(town), 1)
    town.slack.faults.slow("auth.test", 1.0, times=1)
    async with running(town):
        await town.slack.until(lambda: card.deleted, 60)


@pytest.mark.usefixtures("_soon", "slack_room")
async def test_a_card_of_which_only_the_answer_was_lost_is_taken_away(town: Town) -> None:
    review = await town.in_review()
    await town.settled()
    town.slack.faults.lose_answer("chat.postMessage", times=None)
    await town.mo.react(review, "white_check_mark")
    await town.slack.until(lambda: town.showcase.messages, 60)
    await town.studio.desk.withdraw(await artist(town), 1)
    await town.studio.desk.broker.spread(1)
    town.slack.faults.clear()
    await town.slack.until(lambda: not town.showcase.messages, 30)


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_a_dead_token_costs_no_card(town: Town, error: str) -> None:
    async with running(town):
        await town.wish()
        await town.settled()
        job = await town.claim()
        town.put_files()
        town.team.refusal, town.team.installed = error, False
        before = len([r for r in town.slack.requests if r.method == "auth.test"])
        await town.studio.finish(job)
        await town.studio.desk.broker.spread(job.id)
        await town.slack.until(
            lambda: len([r for r in town.slack.requests if r.method == "auth.test"]) > before, 60
        )
        await town.quiet()
    town.team.installed = True
    async with town.db.read() as s:
        assert not await events.set_aside(s)
    async with town.db.begin() as s:  # what was put off is due
        await s.execute(update(Telling).values(not_before=utcnow()))
    async with running(town):
        await town.card(town.review)
        await result(town)


@pytest.mark.usefixtures("_soon", "slack_room")
@pytest.mark.parametrize("how", ["archived", "removed"])
async def test_hosts_are_told_once_of_a_channel_that_is_shut(town: Town, how: str) -> None:
    if how == "archived":
        town.review.archive()
    else:
        town.review.remove_bot()
    for _ in range(2):
        await town.wish()
        await town.render()
    await town.settled()
    said = [m.text() for m in town.showcase.messages if "review channel" in m.text()]
    assert len(said) == 1
    assert "No job is lost" in said[0]
    town.review.archived = False
    town.review.invite_bot()
    await town.slack.until(lambda: len(town.review.messages) == 2, 60)


@pytest.mark.usefixtures("_soon", "slack_room")
async def test_what_should_be_gone_from_a_shut_channel_goes_once_it_is_open(town: Town) -> None:
    card = await town.published()
    await town.settled()
    town.showcase.remove_bot()
    await town.studio.desk.withdraw(await artist(town), 1)
    await town.studio.desk.broker.spread(1)
    await town.settled()
    assert not card.deleted
    town.showcase.invite_bot()
    await town.slack.until(lambda: card.deleted, 60)


async def test_a_review_card_deleted_by_hand_leaves_no_clips_behind(town: Town) -> None:
    async with running(town):
        card = await town.in_review()
        (clips,) = await town.slack.until(lambda: [m for m in card.replies if m.files])
        await town.settled()
    await town.host.delete(card)
    async with running(town):
        await town.slack.until(lambda: clips.deleted, 60)
        await town.card(town.review)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (503, "text/plain", "upstream connect error"),
        (429, "text/plain", "slow down"),
        (502, "text/html", "<h1>Bad Gateway</h1>"),
        (200, "text/html", "<h1>Sign in to the network</h1>"),
        (200, "application/json", '{"ok": tr'),
        (200, "application/json", "[]"),
    ],
)
async def test_a_page_that_is_not_slacks_is_no_answer(status: int, kind: str, body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    async def token(_: str) -> str:
        return "xoxb-1"

    app = web.Application()
    app.router.add_post("/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    courier = Courier(token, f"http://127.0.0.1:{port}/")
    await courier.open()
    try:
        with pytest.raises(aiohttp.ClientError):
            await courier.call("T1", "chat.update", channel="C1", ts="1")
    finally:
        await courier.close()
        await runner.cleanup()
