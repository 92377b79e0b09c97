"""What the double refuses, as Slack does, and what it remembers of that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.on_slack import Channel, Slack, Team, Upload, User
from tests.doubles.on_slack.example import button, client, error_of, form, plain, running, section

Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(unfurl_domains=["clips.example"]) as slack:
        yield slack


@pytest.fixture
def team(slack: Slack) -> Team:
    return slack.team("Studio")


@pytest.fixture
def ada(team: Team) -> User:
    return team.user("Ada")


@pytest.fixture
def room(team: Team, ada: User) -> Channel:
    return team.channel("clips")


@pytest.fixture
def api(slack: Slack, room: Channel) -> AsyncWebClient:
    return client(slack)


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def menu(**more: Any) -> Json:
    options = [{"text": plain("One"), "value": "1"}]
    return {"type": "static_select", "action_id": "m", "options": options, **more}


def video(**more: Any) -> Json:
    made = {"type": "video", "title": plain("A clip"), "alt_text": "a circle"}
    made |= {"video_url": "https://clips.example/1", "thumbnail_url": "https://clips.example/1.jpg"}
    return made | more


PICTURE = {"type": "image", "image_url": "https://clips.example/1.png", "alt_text": "x"}
LONG = "x" * 3001
REFUSED: list[tuple[str, list[Json]]] = [
    ("50 items", [section("x")] * 51),
    ("2999|3000", [section(LONG)]),
    ("missing required field", [section("")]),
    ("text or fields", [{"type": "section"}]),
    ("10 items", [{"type": "section", "fields": [plain("x")] * 11}]),
    ("2000", [{"type": "section", "fields": [plain("x" * 2001)]}]),
    ("150", [{"type": "header", "text": plain("x" * 151)}]),
    ("must be plain_text", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
    ("10 items", [{"type": "context", "elements": [plain("x")] * 11}]),
    ("25 items", [actions(*(button("x", f"b{n}") for n in range(26)))]),
    ("missing required field", [actions()]),
    ("75", [actions(button("x" * 76, "b"))]),
    ("255", [actions(button("x", "b" * 256))]),
    ("2000", [actions(button("x", "b", value="x" * 2001))]),
    ("primary or danger", [actions(button("x", "b", style="green"))]),
    ("action_id", [actions(button("x", "b"), button("y", "b"))]),
    ("action_id", [actions(button("x", "b")), actions(button("y", "b"))]),
    ("block_id", [section("x") | {"block_id": "a"}, section("x") | {"block_id": "a"}]),
    (
        "100 items",
        [actions(menu(options=[{"text": plain("x"), "value": str(n)} for n in range(101)]))],
    ),
    ("75", [actions(menu(options=[{"text": plain("x" * 76), "value": "1"}]))]),
    ("one of the options", [actions(menu(initial_option={"text": plain("2"), "value": "2"}))]),
    ("2000", [PICTURE | {"alt_text": "x" * 2001}]),
    ("missing required field", [{"type": "image", "image_url": "https://x.example/"}]),
    ("invalid slack file", [{"type": "image", "slack_file": {"id": "F0"}, "alt_text": "x"}]),
    ("https", [video(video_url="http://clips.example/1")]),
    ("unfurl domains", [video(video_url="https://elsewhere.example/1")]),
    ("missing|text object", [video(title=None)]),
    ("unsupported type", [{"type": "carousel of horrors"}]),
    ("no such field", [section("x") | {"text": {"type": "mrkdwn", "text": "x", "emoji": True}}]),
]


@pytest.mark.parametrize(("reason", "blocks"), REFUSED, ids=range(len(REFUSED)))
async def test_blocks_that_are_refused(
    slack: Slack, room: Channel, api: AsyncWebClient, reason: str, blocks: list[Json]
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await api.chat_postMessage(channel=room.id, text="x", blocks=blocks)
    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    said = " ".join(answer["response_metadata"]["messages"])
    assert any(part in said for part in reason.split("|")), said
    assert "json-pointer:/blocks" in said
    assert slack.violations
    assert not room.messages


async def test_blocks_that_are_taken(slack: Slack, room: Channel, api: AsyncWebClient) -> None:
    confirm = {key: plain("x") for key in ("title", "text", "confirm", "deny")}
    blocks = [
        *(section("x") for _ in range(41)),
        section("<@U1> " + "x" * 2990) | {"accessory": menu(action_id="n")},
        {"type": "header", "text": plain("x" * 150)},
        {"type": "context", "elements": [PICTURE, plain("x")]},
        {"type": "divider"},
        PICTURE | {"title": plain("x")},
        video(),
        actions(button("x", "b", confirm=confirm), menu()),
        {"type": "section", "fields": [plain("x" * 2000)] * 10},
    ]
    await api.chat_postMessage(channel=room.id, text="x", blocks=blocks)
    assert not slack.violations
    ids = [block["block_id"] for block in room.last.blocks]
    assert len(set(ids)) == len(ids)
    assert room.last.pings() == ["<@U1>"]
    assert "https://clips.example/1" in room.last.media()


async def test_texts(slack: Slack, room: Channel, api: AsyncWebClient) -> None:
    long = api.chat_postMessage(channel=room.id, text="x" * 40_001)
    assert await error_of(long) == "msg_too_long"
    # Its own method warns where there is no text, which is an error in these tests.
    empty = api.api_call("chat.postMessage", json={"channel": room.id})
    assert await error_of(empty) == "no_text"
    bad = {"event_type": "x"}
    posted = api.chat_postMessage(channel=room.id, text="x", metadata=bad)
    assert await error_of(posted) == "invalid_metadata_format"
    assert len(slack.violations) == 3


async def test_views(slack: Slack, ada: User, room: Channel, api: AsyncWebClient) -> None:
    async with running(slack):
        act = await ada.global_shortcut("new_wish")
        await act.showed()
    act.trigger_used = False
    home: Json = {"type": "home", "blocks": []}
    for reason, view in (
        ("24", form() | {"title": plain("x" * 25)}),
        ("24", form() | {"submit": plain("x" * 25)}),
        ("24", form() | {"close": plain("x" * 25)}),
        ("required with an input", {k: v for k, v in form().items() if k != "submit"}),
        ("3000", form() | {"private_metadata": LONG}),
        ("255", form() | {"callback_id": "x" * 256}),
        ("100", form() | {"blocks": [section("x")] * 101}),
        ("no such field", form() | {"colour": "red"}),
        ("modal or home", form() | {"type": "window"}),
    ):
        with pytest.raises(SlackApiError) as refused:
            await api.views_open(trigger_id=act.trigger_id, view=view)
        assert refused.value.response["error"] == "invalid_arguments"
        assert reason in str(refused.value.response["response_metadata"])
    await api.views_publish(user_id=ada.id, view=home)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await api.views_publish(user_id=ada.id, view=home, hash="old")


async def test_a_stored_picture_can_be_shown(
    slack: Slack, room: Channel, ada: User, api: AsyncWebClient
) -> None:
    sent = await ada.send(room, files=[Upload("a.png", b"\x89PNG")])
    shown = {"type": "image", "slack_file": {"id": sent.files[0].id}, "alt_text": "x"}
    await api.chat_postMessage(channel=room.id, text="x", blocks=[shown])
    assert not slack.violations


# ── tokens and scopes ────────────────────────────────────────────────────────────────────


async def test_tokens(slack: Slack, team: Team, room: Channel) -> None:
    assert await error_of(client(slack, "xoxb-nothing").auth_test()) == "invalid_auth"
    assert await error_of(client(slack, slack.app_token).auth_test()) == "not_allowed_token_type"
    assert await error_of(AsyncWebClient(base_url=slack.api).auth_test()) == "not_authed"
    opened = client(slack).apps_connections_open(app_token=team.bot_token)
    assert await error_of(opened) == "not_allowed_token_type"
    token = team.bot_token
    team.revoke("token_revoked")
    assert await error_of(client(slack, token).auth_test()) == "token_revoked"
    assert await error_of(client(slack, token).api_call("chat.sing")) == "unknown_method"


async def test_scopes() -> None:
    async with Slack(scopes=["chat:write", "channels:read"]) as slack:
        team = slack.team()
        ada = team.user("Ada")
        room, secret = team.channel("clips"), team.channel("secret", private=True)
        away, api = team.channel("away", bot=False), client(slack)
        await api.chat_postMessage(channel=room.id, text="x")
        await api.conversations_info(channel=room.id)
        with pytest.raises(SlackApiError) as refused:
            await api.conversations_info(channel=secret.id)
        answer = refused.value.response
        assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:read")
        assert answer["provided"] == "channels:read,chat:write"
        assert await error_of(api.users_info(user=ada.id)) == "missing_scope"
        posted = api.chat_postMessage(channel=away.id, text="x")
        assert await error_of(posted) == "not_in_channel"
        assert await ada.react(room.last, "eyes") is None
        with pytest.raises(AssertionError, match="commands"):
            await ada.slash(room, "/sora")
        assert slack.scopes_used == {"chat:write", "channels:read"}
        team.install(["chat:write", "chat:write.public"])
        await api.chat_postMessage(channel=away.id, text="x")
        assert away.last.content == "x"


async def test_subscriptions() -> None:
    async with Slack(events=["reaction_added", "message.im"]) as slack:
        ada = slack.team().user("Ada")
        room = ada.team.channel("clips")
        message = await ada.send(room, "look")
        assert message.event is None
        assert await ada.react(message, "eyes")
        assert await ada.unreact(message, "eyes") is None
        assert (await ada.send(ada.dm, "hello")).event
