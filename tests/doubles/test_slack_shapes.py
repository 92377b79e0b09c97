"""The double's payloads and answers beside samples of Slack's own, where those are at hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.on_slack import Channel, Slack, Upload, User
from tests.doubles.on_slack.example import PNG, card, client, running

SPECS = Path(__file__).parents[3] / "shared/specs/slack"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the samples are not here")

Json = dict[str, Any]
RARE = {
    *("enterprise", "enterprise_id", "enterprise_name", "enterprise_user"),
    *("error", "needed", "warning", "provided", "response_metadata"),
    *("bot_access_token", "function_data", "interactivity"),
    *("authed_users", "authed_teams", "app_unfurl", "attachments", "expires_in", "app_name"),
}
"""Of big organisations, failures, workflows, and what Slack has given up: seldom there."""


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        yield slack


@pytest.fixture
def ada(slack: Slack) -> User:
    return slack.team("Studio").user("Ada", email="ada@example.com")


@pytest.fixture
def room(ada: User) -> Channel:
    return ada.team.channel("clips")


def sample(name: str) -> Json:
    found: Json = json.loads((SPECS / f"{name}.json").read_text())
    return found


def compare(ours: Json, name: str, *without: str, at: str = "") -> None:
    """We say nothing that Slack doesn't, and leave nothing out but what is rare or named."""
    theirs = sample(name)
    for key in at.split("/") if at else ():
        ours, theirs = ours[key], theirs[key]
    strange = set(ours) - set(theirs) - RARE
    assert not strange, f"{name}/{at} has no {strange}"
    missing = set(theirs) - set(ours) - RARE - {*without}
    assert not missing, f"{name}/{at} has {missing} too"


def inner(ours: Json, name: str, *path: str) -> None:
    """Below here, that we invent nothing."""
    theirs = sample(name)
    for key in path:
        ours, theirs = ours[key], theirs[key]
    assert not set(ours) - set(theirs), (path, set(ours) - set(theirs))


async def test_a_command(room: Channel, ada: User) -> None:
    act = await ada.slash(room, "/sora", "x")
    compare(act.payload, "app-backend/slash-commands/SlashCommandPayload")


async def test_buttons_and_shortcuts(slack: Slack, room: Channel, ada: User) -> None:
    await client(slack).chat_postMessage(channel=room.id, text="x", blocks=card("x"))
    pressed = (await ada.press(room.last, "good")).payload
    name = "app-backend/interactive-components/BlockActionPayload"
    compare(pressed, name, "view")
    for key in ("user", "team", "channel", "container", "message"):
        inner(pressed, name, key)
    assert not set(pressed["actions"][0]) - set(sample(name)["actions"][0])
    name = "app-backend/interactive-components/MessageShortcutPayload"
    used = (await ada.shortcut(room.last, "describe")).payload
    # The samples are older than this field, which Slack sends with every interaction.
    used.pop("api_app_id")
    compare(used, name)
    inner(used, name, "message")


async def test_forms(slack: Slack, room: Channel, ada: User) -> None:
    async with running(slack):
        view = await (await ada.global_shortcut("new_wish")).showed()
        sent = (await ada.submit(view, {"prompt": "x"})).payload
        view = await (await ada.global_shortcut("new_wish")).showed()
        closed = await ada.close(view)
    sent.pop("response_urls")  # newer than the samples
    compare(sent, "app-backend/views/ViewSubmissionPayload", "is_cleared")
    assert closed is not None
    compare(closed.payload, "app-backend/views/ViewClosedPayload")
    for payload in (sent, closed.payload):
        shown = set(payload["view"]) - {"blocks"}
        known = set(sample("app-backend/views/ViewSubmissionPayload")["view"])
        assert known - shown == {"submit_disabled"}
        assert not shown - known


async def test_events(slack: Slack, room: Channel, ada: User) -> None:
    message = await ada.send(room, f"look, <@{ada.team.bot.id}>", files=[Upload("a.png", PNG)])
    await ada.react(message, "eyes")
    await ada.unreact(message, "eyes")
    await ada.send(room, "a reply", thread=message)
    await ada.edit(message, "look again")
    await ada.opens_home()
    ada.rename(display_name="lovelace")
    ada.team.user("Bo")
    await client(slack).chat_postMessage(channel=room.id, text="x")
    await ada.delete(message)
    await ada.team.uninstall()
    acts = {(a.name, a.payload["event"].get("subtype")): a.payload for a in slack.acts}
    bots = [a.payload for a in slack.acts if "bot_id" in a.payload["event"]]
    for kind, name in {
        ("reaction_added", None): "ReactionAdded",
        ("reaction_removed", None): "ReactionRemoved",
        ("file_shared", None): "FileShared",
        ("app_home_opened", None): "AppHomeOpened",
        ("app_uninstalled", None): "AppUninstalled",
        ("tokens_revoked", None): "TokensRevoked",
        ("team_join", None): "TeamJoin",
        ("user_change", None): "UserChange",
        ("app_mention", None): "AppMention",
        ("message", "file_share"): "MessageFileShare",
        ("message", "message_changed"): "MessageChanged",
        ("message", "message_deleted"): "MessageDeleted",
    }.items():
        payload, where = acts[kind], f"events/{name}Payload"
        compare(payload, where)
        extra = {
            "team",
            "client_msg_id",
            "files",
            "reactions",
            "event_ts",
        }  # the samples lack some of these
        assert not set(payload["event"]) - set(sample(where)["event"]) - extra, name
    for key in ("reaction_added", "reaction_removed", "file_shared"):
        compare(acts[key, None], f"events/{_title(key)}Payload", at="event")
        for one in ("authorizations",):
            known = sample(f"events/{_title(key)}Payload")[one][0]
            assert set(acts[key, None][one][0]) == set(known)
    assert bots[0]["event"]["bot_profile"]["app_id"] == slack.app_id
    person = acts["team_join", None]["event"]["user"]
    assert not set(person) - set(sample("events/TeamJoinPayload")["event"]["user"])


def _title(key: str) -> str:
    return "".join(word.title() for word in key.split("_"))


async def test_answers(slack: Slack, room: Channel, ada: User) -> None:
    api = client(slack)
    group = ada.team.group("mods", [ada])
    sent = await api.chat_postMessage(channel=room.id, text="x")
    ts = str(sent["ts"])
    answers: dict[str, Any] = {
        "auth.test": await api.auth_test(),
        "apps.connections.open": await api.apps_connections_open(app_token=slack.app_token),
        "chat.postEphemeral": await api.chat_postEphemeral(channel=room.id, user=ada.id, text="x"),
        "conversations.info": await api.conversations_info(channel=room.id),
        "usergroups.list": await api.usergroups_list(include_users=True),
        "usergroups.users.list": await api.usergroups_users_list(usergroup=group.id),
        "users.info": await api.users_info(user=ada.id),
        "reactions.add": await api.reactions_add(channel=room.id, timestamp=ts, name="eyes"),
        "files.getUploadURLExternal": await api.files_getUploadURLExternal(
            filename="a.png", length=1
        ),
        "files.completeUploadExternal": await api.files_upload_v2(
            content="x", filename="a.txt", channel=room.id
        ),
        "views.publish": await api.views_publish(
            user_id=ada.id, view={"type": "home", "blocks": []}
        ),
        "chat.delete": await api.chat_delete(channel=room.id, ts=ts),
    }
    for name, answer in answers.items():
        ours = {k: v for k, v in answer.data.items() if k != "file"}
        compare(ours, f"api/{name}", "app_id")
    for name, key in (("conversations.info", "channel"), ("users.info", "user")):
        inner(answers[name].data, f"api/{name}", key)
    inner(answers["users.info"].data, "api/users.info", "user", "profile")
    inner(answers["views.publish"].data, "api/views.open", "view")
    (listed,) = answers["usergroups.list"]["usergroups"]
    assert not set(listed) - set(sample("api/usergroups.list")["usergroups"][0])
    (file,) = answers["files.completeUploadExternal"]["files"]
    assert not set(file) - set(sample("api/files.completeUploadExternal")["files"][0])
