"""What goes wrong on demand, and what slack-bolt and slack_sdk make of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.on_slack import Act, Channel, Rates, Slack, User
from tests.doubles.on_slack.example import client, running


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        slack.delivery.retries = (0.0, 0.05, 0.05)
        yield slack
        assert not slack.violations


@pytest.fixture
def ada(slack: Slack) -> User:
    return slack.team("Studio").user("Ada")


@pytest.fixture
def room(ada: User) -> Channel:
    return ada.team.channel("clips")


@pytest.fixture
async def bot(slack: Slack, room: Channel) -> AsyncIterator[list[Any]]:
    async with running(slack) as heard:
        yield heard


@pytest.fixture
def api(slack: Slack, room: Channel) -> AsyncWebClient:
    return client(slack)


async def reacts(ada: User, room: Channel, name: str = "eyes") -> Act:
    act = await ada.react(await ada.send(room, "look"), name)
    assert act is not None
    return act


def heard_of(bot: list[Any], act: Act) -> list[int]:
    """With which retry numbers."""
    return [one[3] for one in bot if one[0] == "reaction" and one[2] == act.event_id]


# ── sockets ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["close", "abort", "refresh_requested", "warning"])
async def test_a_dropped_socket_is_replaced(
    slack: Slack, room: Channel, ada: User, bot: list[Any], how: str
) -> None:
    await slack.faults.drop_socket(how)
    told = await reacts(ada, room)
    await told.acked(within=3)
    asked = await ada.slash(room, "/lazy", "back")
    await asked.answered()
    assert heard_of(bot, told) == [0]
    assert len(slack.delivery.sockets.all) == 2


async def test_the_door_to_the_socket_can_be_shut(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    slack.answer_within = 0.3
    shut = slack.faults.next("socket", status=503, times=None)
    await slack.faults.drop_socket()
    asked = await ada.slash(room, "/lazy", "lost")
    await asked.over(within=5)
    assert asked.failed == "connection_failed"
    shut.remove()
    await slack.connected()


async def test_events_can_come_twice(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    slack.faults.twice("reaction_added")
    told = await reacts(ada, room)
    await slack.until(lambda: heard_of(bot, told) == [0, 1])
    slack.faults.twice("reaction_added", at_once=True)
    told = await reacts(ada, room)
    await slack.until(lambda: heard_of(bot, told) == [0, 1])
    slack.faults.twice("reaction_added", False)
    told = await reacts(ada, room)
    await told.acked()
    assert heard_of(bot, told) == [0]


async def test_events_are_delivered_until_they_are_acknowledged(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    slack.answer_within = 0.1
    slack.faults.late_acks("reaction_added", times=2)
    told = await reacts(ada, room)
    await told.acked()
    await slack.until(lambda: heard_of(bot, told) == [0, 1, 2])
    assert [a.trouble for a in told.attempts] == ["timeout", "timeout", ""]
    slack.faults.late_acks("reaction_added", times=None)
    told = await reacts(ada, room)
    await told.over()
    assert told.failed == "timeout"
    assert len(told.attempts) == 4


async def test_a_command_is_not_delivered_again(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    slack.answer_within = 0.2
    slack.faults.late_acks("/lazy")
    asked = await ada.slash(room, "/lazy", "hello")
    await asked.answered()
    await asked.over()
    assert (asked.failed, len(asked.attempts)) == ("timeout", 1)
    slack.faults.late_acks("/lazy", seconds=0.05)
    asked = await ada.slash(room, "/lazy", "hello")
    await asked.acked()
    assert asked.took >= 0.05


async def test_an_act_is_in_vain_while_nobody_listens(room: Channel, ada: User) -> None:
    asked = await ada.slash(room, "/sora")
    await asked.over(within=1)
    assert asked.failed == "not_connected"


# ── calls ────────────────────────────────────────────────────────────────────────────────


async def test_a_ratelimit_is_an_error_unless_a_handler_waits(
    slack: Slack, room: Channel, api: AsyncWebClient
) -> None:
    slack.faults.next("chat.*", error="ratelimited", retry_after=0, times=2)
    with pytest.raises(SlackApiError) as refused:
        await api.chat_postMessage(channel=room.id, text="hello")
    assert refused.value.response["error"] == "ratelimited"
    assert refused.value.response.status_code == 429
    api.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    await api.chat_postMessage(channel=room.id, text="hello")
    assert [r.status for r in slack.requested("chat.postMessage")] == [429, 429, 200]
    assert len(room.messages) == 1


async def test_nothing_but_429_for_a_while(
    slack: Slack, room: Channel, api: AsyncWebClient
) -> None:
    slack.faults.ratelimited("chat.*", seconds=0.1, retry_after=1)
    with pytest.raises(SlackApiError):
        await api.chat_postMessage(channel=room.id, text="hello")
    await asyncio.sleep(0.1)
    await api.chat_postMessage(channel=room.id, text="hello")


async def test_a_lost_answer_posts_twice(slack: Slack, room: Channel, api: AsyncWebClient) -> None:
    # slack_sdk's default handler tries again once: a card would be there twice.
    slack.faults.lose_answer("chat.postMessage")
    await api.chat_postMessage(channel=room.id, text="hello")
    assert len(room.messages) == 2
    api.retry_handlers.clear()
    slack.faults.lose_answer("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await api.chat_postMessage(channel=room.id, text="hello")
    assert len(room.messages) == 3


async def test_a_lost_request_does_nothing(
    slack: Slack, room: Channel, api: AsyncWebClient
) -> None:
    api.retry_handlers.clear()
    slack.faults.lose_request("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await api.chat_postMessage(channel=room.id, text="hello")
    assert not room.messages


async def test_errors_and_pages_of_proxies(
    slack: Slack, room: Channel, api: AsyncWebClient
) -> None:
    slack.faults.next("chat.*", error="fatal_error")
    with pytest.raises(SlackApiError, match="fatal_error"):
        await api.chat_postMessage(channel=room.id, text="hello")
    slack.faults.next("chat.*", status=503)
    with pytest.raises(SlackApiError) as refused:
        await api.chat_postMessage(channel=room.id, text="hello")
    assert refused.value.response.status_code == 503
    assert not room.messages


async def test_calls_can_be_slow_or_held(slack: Slack, room: Channel, api: AsyncWebClient) -> None:
    slow = slack.faults.slow("chat.*", 0.1)
    began = time.monotonic()
    await api.chat_postMessage(channel=room.id, text="slowly")
    assert time.monotonic() - began >= 0.1
    slow.remove()
    held = slack.faults.hold("chat.*")
    sending = asyncio.create_task(api.chat_postMessage(channel=room.id, text="hello"))
    await held.arrived.wait()
    assert len(room.messages) == 1
    held.release()
    await sending
    assert len(room.messages) == 2


async def test_a_lost_upload(slack: Slack, room: Channel, api: AsyncWebClient) -> None:
    slack.faults.lose_answer("files.completeUploadExternal")
    with pytest.raises(SlackApiError, match="file_not_found"):
        await api.files_upload_v2(content="x", filename="a.txt", channel=room.id)
    await slack.until(lambda: room.messages)


# ── limits in time ───────────────────────────────────────────────────────────────────────


async def test_rates_of_channels_and_methods() -> None:
    rates = Rates({"users.info": (1, 60.0)}, per_channel=(2, 60.0))
    async with Slack(rate_limits=rates) as slack:
        team = slack.team()
        room, other, api = team.channel("a"), team.channel("b"), client(slack)
        for _ in range(2):
            await api.chat_postMessage(channel=room.id, text="x")
        with pytest.raises(SlackApiError) as refused:
            await api.chat_postMessage(channel=room.id, text="x")
        assert 55 < int(refused.value.response.headers["Retry-After"]) <= 60
        await api.chat_postMessage(channel=other.id, text="x")
        await api.users_info(user=team.owner.id)
        with pytest.raises(SlackApiError, match="ratelimited"):
            await api.users_info(user=team.owner.id)


async def test_a_trigger_opens_one_view_in_three_seconds(
    slack: Slack, room: Channel, ada: User, api: AsyncWebClient, bot: list[Any]
) -> None:
    held = slack.faults.hold("views.open")
    late = await ada.global_shortcut("new_wish")
    await held.arrived.wait()
    slack.later(seconds=4)
    held.release()
    await slack.until(lambda: ("error", "expired_trigger_id") in bot)
    assert late.refusals[0]["error"] == "expired_trigger_id"
    good = await ada.global_shortcut("new_wish")
    view = (await good.showed()).payload
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await api.views_open(trigger_id=good.trigger_id, view=view)


async def test_a_response_url_is_good_for_five_times_and_half_an_hour(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    asked = await ada.slash(room, "/lazy", "once")
    await asked.answered()
    async with aiohttp.ClientSession() as session:
        answers = []
        for _ in range(5):
            async with session.post(asked.response_url, json={"text": "more"}) as answer:
                answers.append((answer.status, await answer.text()))
        assert answers[:4] == [(200, "ok")] * 4
        assert answers[4][0] == 404
        assert "used_url" in answers[4][1]
        asked = await ada.slash(room, "/lazy", "twice")
        await asked.answered()
        slack.later(minutes=31)
        async with session.post(asked.response_url, json={"text": "more"}) as answer:
            assert (await answer.json())["error"] == "expired_url"
