"""The double of Slack, as an unmodified slack-bolt meets it on a socket."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.doubles.on_slack import Channel, Slack, Team, Upload, User
from tests.doubles.on_slack.example import PNG, button, client, plain, running

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        yield slack
        assert not slack.violations


@pytest.fixture
def team(slack: Slack) -> Team:
    return slack.team("Studio")


@pytest.fixture
def ada(team: Team) -> User:
    return team.user("Ada Lovelace", display_name="ada")


@pytest.fixture
def room(team: Team, ada: User) -> Channel:
    return team.channel("clips")


@pytest.fixture
async def bot(slack: Slack, room: Channel, ada: User) -> AsyncIterator[list[Any]]:
    async with running(slack) as heard:
        yield heard


@pytest.fixture
def api(slack: Slack, team: Team) -> AsyncWebClient:
    return client(slack)


# ── acts ─────────────────────────────────────────────────────────────────────────────────


async def test_a_command_is_answered(room: Channel, ada: User, bot: list[Any]) -> None:
    asked = await ada.slash(room, "/sora", "a red circle")
    await asked.acked(within=3)
    assert asked.took < 3
    assert await asked.answered(2)
    # Bolt looks for the acknowledgement every 10 ms: it may come after the words that follow it.
    assert sorted(m.text() for m in asked.messages) == ["drawing a red circle", "it is there"]
    assert ada.ephemerals(room) == asked.messages
    assert room.last.content == "a red circle"
    assert room.last.text() == "*a red circle* & more\nGood\nChange"
    assert [b.label for b in room.last.buttons()] == ["Good", "Change"]
    assert room.last.by_bot


async def test_a_lazy_listener(room: Channel, ada: User, bot: list[Any]) -> None:
    asked = await ada.slash(room, "/lazy", "turtle")
    await asked.answered()
    assert asked.text() == "slowly turtle"


async def test_buttons(room: Channel, ada: User, bot: list[Any]) -> None:
    await (await ada.slash(room, "/sora", "a circle")).answered(2)
    pressed = await ada.press(room.last, "good", value="1")
    await pressed.answered()
    assert pressed.text() == "thanks for 1"
    assert pressed.messages[0].ephemeral_to is ada
    with pytest.raises(AssertionError, match="no such button"):
        await ada.press(room.last, "bad")


async def test_a_form(slack: Slack, room: Channel, ada: User, bot: list[Any]) -> None:
    await (await ada.slash(room, "/sora", "a circle")).answered(2)
    pressed = await ada.press(room.last, label="Change")
    view = await pressed.showed()
    assert ada.views == [view]
    assert view.title == "A wish"
    assert view.state()["values"]["what"]["prompt"]["value"] == "before"

    pushed = await ada.press(view, "more")
    await pushed.showed()
    assert [v.title for v in ada.views] == ["A wish", "More"]
    assert await ada.close(ada.views[-1]) is None

    refused = await ada.submit(view, {"prompt": "a bad one"})
    await refused.acked()
    assert refused.errors == view.errors == {"what": "not that"}
    assert ada.views == [view]
    picture = Upload("me.png", PNG)
    sent = await ada.submit(view, {"prompt": "a star", "shape": "wide", "picture": [picture]})
    await sent.acked()
    assert not ada.views
    await slack.until(lambda: ada.dm.messages)
    assert ada.dm.last.text() == "making a star"
    values = {k: v for inner in bot[-1][1].values() for k, v in inner.items()}
    assert values["shape"]["selected_option"]["value"] == "wide"
    (file,) = values["picture"]["files"]
    assert (file["mimetype"], file["original_w"]) == ("image/png", 2)


async def test_what_a_person_could_not_do_is_the_tests_mistake(
    slack: Slack, team: Team, room: Channel, ada: User, bot: list[Any]
) -> None:
    view = await (await ada.global_shortcut("new_wish")).showed()
    with pytest.raises(AssertionError, match="must be filled in"):
        await ada.submit(view, {})
    with pytest.raises(AssertionError, match="characters"):
        await ada.submit(view, {"prompt": "x" * 101})
    with pytest.raises(AssertionError, match="can't be chosen"):
        await ada.submit(view, {"prompt": "x", "shape": "round"})
    closed = await ada.close(view)
    assert closed is not None
    await closed.acked()
    assert bot == ["closed"]
    stranger = team.user("Guest", guest=True)
    with pytest.raises(AssertionError, match="not invited"):
        await stranger.slash(room, "/sora")


async def test_menus(slack: Slack, room: Channel, ada: User, api: AsyncWebClient) -> None:
    options = [{"text": plain(name), "value": name} for name in ("good", "bad")]
    elements = [
        {"type": "static_select", "action_id": "verdict", "options": options},
        {"type": "external_select", "action_id": "style", "min_query_length": 1},
        {"type": "overflow", "action_id": "rest", "options": options},
        {"type": "users_select", "action_id": "who"},
    ]
    blocks: list[Any] = [{"type": "actions", "block_id": "b", "elements": elements}]
    async with running(slack):
        await api.chat_postMessage(channel=room.id, text="x", blocks=blocks)
        typed = await ada.suggest(room.last, "style", "water")
        await typed.acked()
        assert typed.options == ["Water"]
    chosen = await ada.select(room.last, "verdict", "bad")
    (action,) = chosen.payload["actions"]
    assert action["selected_option"]["value"] == "bad"
    assert chosen.payload["state"]["values"]["b"]["verdict"]["selected_option"] == {
        "text": plain("bad") | {"emoji": True},
        "value": "bad",
    }
    (action,) = (await ada.select(room.last, "rest", "good")).payload["actions"]
    assert (action["type"], action["selected_option"]["value"]) == ("overflow", "good")
    (action,) = (await ada.select(room.last, "who", ada)).payload["actions"]
    assert action["selected_user"] == ada.id
    with pytest.raises(AssertionError, match="can't be chosen"):
        await ada.select(room.last, "verdict", "so so")


async def test_what_only_one_person_sees_can_be_replaced(
    room: Channel, ada: User, api: AsyncWebClient
) -> None:
    buttons: list[Any] = [{"type": "actions", "elements": [button("Good", "good")]}]
    await api.chat_postEphemeral(channel=room.id, user=ada.id, text="x", blocks=buttons)
    (whisper,) = ada.ephemerals()
    pressed = await ada.press(whisper, "good")
    assert "message" not in pressed.payload
    assert pressed.payload["container"]["is_ephemeral"]
    answer: Any = AsyncWebhookClient(pressed.response_url)
    await answer.send_dict({"replace_original": True, "text": "done", "blocks": []})
    assert ada.ephemerals() == [whisper]
    assert whisper.text() == "done"
    await answer.send_dict({"delete_original": True})
    assert not ada.ephemerals()
    refused = await answer.send_dict({"colour": "red"})
    assert refused.status_code == 400
    with pytest.raises(AssertionError, match="no such button"):
        await ada.press(whisper, "good")


async def test_shortcuts_and_home(slack: Slack, room: Channel, ada: User, bot: list[Any]) -> None:
    message = await ada.send(room, "look")
    used = await ada.shortcut(message, "describe")
    await used.answered()
    assert used.text() == "it says look"
    await ada.opens_home()
    await slack.until(lambda: ada.home)
    assert ada.home is not None
    assert ada.home.text() == "your clips"


async def test_events(slack: Slack, team: Team, room: Channel, ada: User, bot: list[Any]) -> None:
    message = await ada.send(room, "look", files=[Upload("a.png", PNG)])
    assert message.event is not None
    await message.event.acked()
    told = await ada.react(message, "white_check_mark")
    assert told is not None
    await told.acked()
    await ada.unreact(message, "white_check_mark")
    assert not message.reactions
    hidden = team.channel("elsewhere", bot=False)
    assert await ada.react(await ada.send(hidden, "psst"), "eyes") is None
    await slack.until(lambda: len(bot) >= 2)
    assert bot[0] == ("message", "file_share", "look")
    assert bot[1][:2] == ("reaction", "white_check_mark")


async def test_a_bot_in_another_process(slack: Slack, room: Channel, ada: User) -> None:
    arguments = ["-m", "tests.doubles.on_slack.example", slack.api, slack.app_token]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments, slack.bot_token), cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await slack.connected()
        asked = await ada.slash(room, "/sora", "a circle")
        await asked.answered(2)
        assert room.last.content == "a circle"
    finally:
        process.terminate()
        await process.wait()


async def test_many_at_once(slack: Slack, room: Channel, team: Team, bot: list[Any]) -> None:
    slack.answer_within = 10
    people = [team.user(f"P{n}") for n in range(200)]
    acts = [await person.slash(room, "/lazy", "now") for person in people]
    await asyncio.gather(*(act.acked(within=10) for act in acts))
    await asyncio.gather(*(act.answered(within=10) for act in acts))
