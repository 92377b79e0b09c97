"""Stacks of modals, answers of forms, and what becomes of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from tests.doubles.on_slack import Channel, Slack, User, View
from tests.doubles.on_slack.example import client, error_of, form, plain, section


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        yield slack


@pytest.fixture
def ada(slack: Slack) -> User:
    return slack.team("Studio").user("Ada")


@pytest.fixture
def room(ada: User) -> Channel:
    return ada.team.channel("clips")


def titled(title: str, **more: Any) -> dict[str, Any]:
    return form() | {"title": plain(title)} | more


@pytest.fixture
async def bot(slack: Slack, room: Channel) -> AsyncIterator[dict[str, Any]]:
    """Answers forms with whatever the test puts into this."""
    app, answer = AsyncApp(client=client(slack)), dict[str, Any]()

    @app.shortcut("open")
    async def opens(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=titled("One"))

    @app.view("wish")
    async def submitted(ack: Any) -> None:
        await ack(**answer)

    @app.view_closed("wish")
    async def closed(ack: Any) -> None:
        await ack()

    @app.command("/loud")
    async def loud(ack: Any) -> None:
        await ack(response_type="in_channel", text="to all", blocks=[section("*to all*")])

    handler: Any = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    await slack.connected()
    yield answer
    await handler.close_async()


@pytest.fixture
async def view(ada: User, bot: dict[str, Any]) -> View:
    return await (await ada.global_shortcut("open")).showed()


async def test_a_form_can_become_another(ada: User, view: View, bot: dict[str, Any]) -> None:
    bot |= {"response_action": "update", "view": titled("Two")}
    act = await ada.submit(view, {"prompt": "kept"})
    await act.acked()
    assert act.view is view
    assert (view.title, view.updates) == ("Two", 1)
    assert view.state()["values"]["what"]["prompt"]["value"] == "kept"


async def test_forms_are_stacked_three_high(
    slack: Slack, ada: User, view: View, bot: dict[str, Any]
) -> None:
    for number in (2, 3):
        bot |= {"response_action": "push", "view": titled(str(number))}
        await (await ada.submit(ada.views[-1], {"prompt": "x"})).acked()
        assert len(ada.views) == number
    assert ada.views[-1].previous is ada.views[1]
    assert ada.views[-1].root is view
    act = await ada.submit(ada.views[-1], {"prompt": "x"})
    await act.acked()
    assert act.failed == "push_limit_reached"
    bot.clear()
    bot["response_action"] = "clear"
    await (await ada.submit(ada.views[-1], {"prompt": "x"})).acked()
    assert not ada.views
    update = client(slack).views_update(view_id=view.id, view=titled("late"))
    assert await error_of(update) == "not_found"


async def test_what_slack_can_not_use(
    slack: Slack, ada: User, view: View, bot: dict[str, Any]
) -> None:
    bot |= {"response_action": "errors", "errors": {"nowhere": "no"}}
    act = await ada.submit(view, {"prompt": "x"})
    await act.acked()
    assert act.failed == "invalid_response"
    assert ada.views == [view]
    assert "nowhere" in slack.violations[0]


async def test_an_old_hash_loses(slack: Slack, view: View, room: Channel) -> None:
    api, first = client(slack), view.hash
    await api.views_update(view_id=view.id, hash=first, view=titled("Two", external_id="mine"))
    again = api.views_update(view_id=view.id, hash=first, view=titled("Three"))
    assert await error_of(again) == "hash_conflict"
    await api.views_update(external_id="mine", view=titled("Four"))
    assert view.title == "Four"


async def test_a_whole_stack_can_be_closed(ada: User, view: View) -> None:
    act = await ada.close(view, whole_stack=True)
    assert act is not None
    assert act.payload["is_cleared"]
    await act.acked()
    with pytest.raises(AssertionError, match="not in front"):
        await ada.submit(view, {"prompt": "x"})


async def test_an_acknowledgement_can_speak_to_all(
    room: Channel, ada: User, bot: dict[str, Any]
) -> None:
    await (await ada.slash(room, "/loud")).answered()
    assert room.last.text() == "*to all*"
    assert not ada.ephemerals()
