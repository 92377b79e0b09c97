"""The double's Web API, as slack_sdk's own client meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.on_slack import Channel, Slack, Team, Upload, User
from tests.doubles.on_slack.example import PNG, card, client, error_of


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
def api(slack: Slack, team: Team) -> AsyncWebClient:
    return client(slack)


async def test_messages_threads_and_metadata(
    slack: Slack, room: Channel, ada: User, api: AsyncWebClient
) -> None:
    metadata = {"event_type": "card", "event_payload": {"job": 7}}
    sent = await api.chat_postMessage(
        channel=room.id, text="one", blocks=card("one"), metadata=metadata, unfurl_links=False
    )
    ts = str(sent["ts"])
    assert room.last.payload["unfurl_links"] is False
    await api.chat_postMessage(channel=room.id, text="two", thread_ts=ts)
    assert [m.content for m in room.messages] == ["one"]
    assert [m.content for m in room.last.replies] == ["two"]
    history = await api.conversations_history(channel=room.id, include_all_metadata=True)
    (found,) = history["messages"]
    assert found["metadata"] == metadata
    assert found["reply_count"] == 1
    assert "metadata" not in (await api.conversations_history(channel=room.id))["messages"][0]
    thread = await api.conversations_replies(channel=room.id, ts=ts)
    assert [m["text"] for m in thread["messages"]] == ["one", "two"]
    await api.chat_update(channel=room.id, ts=ts, text="changed")
    assert room.last.content == "changed"
    assert room.last.blocks
    await api.chat_update(channel=room.id, ts=ts, text="changed", blocks=[])
    assert not room.last.blocks
    assert len(room.last.edits) == 2
    link = await api.chat_getPermalink(channel=room.id, message_ts=ts)
    assert room.id in str(link["permalink"])
    theirs = await ada.send(room, "mine")
    update = api.chat_update(channel=room.id, ts=theirs.ts, text="no")
    assert await error_of(update) == "cant_update_message"
    await api.chat_delete(channel=room.id, ts=ts)
    assert await error_of(api.chat_delete(channel=room.id, ts=ts)) == "message_not_found"


async def test_reactions_of_the_bot(room: Channel, ada: User, api: AsyncWebClient) -> None:
    message = await ada.send(room, "look")
    args: dict[str, Any] = {"channel": room.id, "timestamp": message.ts}
    await api.reactions_add(name="eyes", **args)
    assert await error_of(api.reactions_add(name="eyes", **args)) == "already_reacted"
    await ada.react(message, "eyes")
    got = await api.reactions_get(**args)
    assert got["message"]["reactions"][0]["count"] == 2
    await api.reactions_remove(name="eyes", **args)
    assert await error_of(api.reactions_remove(name="eyes", **args)) == "no_reaction"
    assert message.reactions == {"eyes": [ada.id]}


async def test_files(slack: Slack, room: Channel, ada: User, api: AsyncWebClient) -> None:
    card_ts = str((await api.chat_postMessage(channel=room.id, text="card"))["ts"])
    sent = await api.files_upload_v2(
        file=PNG, filename="a.png", title="A clip", channel=room.id, thread_ts=card_ts
    )
    assert not sent["file"]["shares"]
    await slack.until(lambda: room.last.replies)
    (reply,) = room.last.replies
    assert reply.file("a.png").data == PNG
    info = await api.files_info(file=sent["file"]["id"])
    (share,) = info["file"]["shares"]["public"][room.id]
    assert (share["ts"], share["thread_ts"]) == (reply.ts, card_ts)
    again = api.files_completeUploadExternal(files=[{"id": sent["file"]["id"], "title": "x"}])
    assert await error_of(again) == "file_not_found"

    theirs = await ada.send(room, "", files=[Upload("b.png", PNG)])
    url = (await api.files_info(file=theirs.files[0].id))["file"]["url_private"]
    token = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers=token) as answer:
            assert await answer.read() == PNG
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
    assert await error_of(api.files_delete(file=theirs.files[0].id)) == "cant_delete_file"
    await api.files_delete(file=sent["file"]["id"])
    assert reply.files[0].deleted


async def test_ephemerals_and_dms(
    team: Team, room: Channel, ada: User, api: AsyncWebClient
) -> None:
    await api.chat_postEphemeral(channel=room.id, user=ada.id, text="only you")
    assert [m.text() for m in ada.ephemerals(room)] == ["only you"]
    assert not room.messages
    opened = await api.conversations_open(users=ada.id)
    assert opened["channel"]["id"] == ada.dm.id
    other = team.user("Other bot", bot=True)
    assert await error_of(api.conversations_open(users=other.id)) == "cannot_dm_bot"
    gone = team.user("Gone", deactivated=True)
    assert await error_of(api.conversations_open(users=gone.id)) == "user_disabled"


async def test_people_and_groups(slack: Slack, team: Team, ada: User, api: AsyncWebClient) -> None:
    assert (await api.users_info(user=ada.id))["user"]["profile"]["display_name"] == "ada"
    assert await error_of(api.users_info(user="U0")) == "user_not_found"
    group = team.group("mods", [ada])
    groups = await api.usergroups_list(include_users=True)
    assert groups["usergroups"][0]["users"] == [ada.id]
    assert (await api.usergroups_users_list(usergroup=group.id))["users"] == [ada.id]
    free = client(slack, slack.team("Free", paid=False).bot_token)
    assert await error_of(free.usergroups_list()) == "paid_teams_only"
    assert (await api.team_info())["team"]["name"] == "Studio"
    assert (await api.auth_test())["bot_id"] == team.bot_id


async def test_channels(team: Team, room: Channel, api: AsyncWebClient) -> None:
    other = team.channel("other", bot=False)
    secret = team.channel("secret", private=True, bot=False)
    assert await error_of(api.conversations_history(channel=other.id)) == "not_in_channel"
    assert await error_of(api.conversations_info(channel=secret.id)) == "channel_not_found"
    listed = [c["name"] for c in (await api.conversations_list())["channels"]]
    assert listed == ["clips", "other"]
    await api.conversations_join(channel=other.id)
    assert team.bot in other.members
    mine = await api.users_conversations(types="public_channel,private_channel")
    assert [c["id"] for c in mine["channels"]] == [room.id, other.id]
    first = await api.conversations_members(channel=room.id, limit=1)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await api.conversations_members(channel=room.id, cursor=cursor)
    assert first["members"] + rest["members"] == [member.id for member in room.members]


async def test_pages_of_history(room: Channel, ada: User, api: AsyncWebClient) -> None:
    sent = [await ada.send(room, str(number)) for number in range(5)]
    pages = []
    async for page in await api.conversations_history(channel=room.id, limit=2):
        pages.append([message["text"] for message in page["messages"]])
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    between: dict[str, Any] = {"oldest": sent[1].ts, "latest": sent[3].ts}
    found = await api.conversations_history(channel=room.id, **between)
    assert [m["text"] for m in found["messages"]] == ["2"]
    found = await api.conversations_history(channel=room.id, inclusive=True, **between)
    assert [m["text"] for m in found["messages"]] == ["3", "2", "1"]
    wrong = api.conversations_history(channel=room.id, cursor="!")
    assert await error_of(wrong) == "invalid_cursor"


async def test_replies_may_be_shown_to_all(room: Channel, api: AsyncWebClient) -> None:
    ts = str((await api.chat_postMessage(channel=room.id, text="one"))["ts"])
    await api.chat_postMessage(channel=room.id, text="two", thread_ts=ts, reply_broadcast=True)
    assert [m.content for m in room.messages] == ["one", "two"]
    lost = api.chat_postMessage(channel=room.id, text="three", thread_ts="1.0")
    assert await error_of(lost) == "thread_not_found"


async def test_where_the_bot_can_not_write(
    slack: Slack, team: Team, room: Channel, ada: User, api: AsyncWebClient
) -> None:
    async def post(channel: str) -> str:
        return await error_of(api.chat_postMessage(channel=channel, text="x"))

    room.read_only = True
    assert await post(room.id) == "restricted_action_read_only_channel"
    room.read_only = False
    room.archive()
    assert await post(room.id) == "is_archived"
    secret = team.channel("secret", private=True)
    secret.remove_bot()
    assert await post(secret.id) == "channel_not_found"
    other = team.channel("other")
    other.delete()
    assert await post(other.id) == "channel_not_found"
    ada.deactivate()
    assert await post(ada.id) == "channel_not_found"
    names = [act.name for act in slack.acts]
    assert names[-4:] == ["channel_archive", "group_left", "channel_deleted", "user_change"]
