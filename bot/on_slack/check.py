"""What `sora doctor` says of Slack. It asks and changes nothing, and never waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.finding import Finding, State
from bot.on_slack.asking import APP_TOKEN, AWAY, BOT_TOKEN, DEAD, ask, code
from bot.on_slack.ids import Channel
from bot.on_slack.manifest import EVENTS_PATH, INSTALL_PATH, scopes
from bot.on_slack.setup import CHANNELS
from bot.settings import BotSettings
from db.models import Install, Workspace
from moderation.words import listed

LIMIT_SECONDS = 10.0
"""For each step."""
AT_ONCE = 5
NETWORK = "Check the network, then ask again."
LINK = f"{INSTALL_PATH}?key=…"
NEEDS_KEY = "Give SORA_SLACK_INSTALL_KEY a key of your own, such as `openssl rand -hex 16` prints."
SETUP = "An admin or owner mends it there with the command: /studio setup"
NEW_SCOPES = (
    "Paste what `sora slack manifest` prints into the page “App Manifest” of your app, and install it "
    "again."
)
REACHED = (AWAY[0], AWAY[1], SlackApiError)


async def check(
    settings: BotSettings, houses: Sequence[Workspace], installs: Sequence[Install]
) -> AsyncIterator[Finding]:
    """``settings.slack`` is so; what is known of the workspaces, as far as the database can say."""
    finding = await _transport(settings)
    yield finding
    if settings.slack_bot_token is not None:
        tokens = {"": settings.slack_bot_token.get_secret_value()}
    else:
        tokens = {install.team: install.token for install in installs}
        if not tokens:
            found = "The app is in no workspace yet."
            mend = (
                f"Open {LINK} at the bot's public address, with the key in SORA_SLACK_INSTALL_KEY."
            )
            if settings.slack_install_key is None:
                mend = f"{NEEDS_KEY} {mend}"
            yield Finding("Slack workspaces", State.WARNING, found, mend)
    set_up = {house.id: house for house in houses}
    few = asyncio.Semaphore(AT_ONCE)

    async def look(team: str, token: str) -> Finding:
        async with few:
            return await _workspace(settings.slack_api, team, token, set_up)

    for finding in await asyncio.gather(*(look(*one) for one in tokens.items())):
        yield finding


async def _transport(settings: BotSettings) -> Finding:
    if settings.slack_app_token is None:
        where = f"http://{settings.slack_host}:{settings.slack_port}{EVENTS_PATH}"
        found = f"Slack comes in over HTTP, through your proxy, at {where}."
        return Finding("Slack", State.OK, found)
    token = settings.slack_app_token.get_secret_value()
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await ask(settings.slack_api, "apps.connections.open", token)
    except SlackApiError as error:
        found = f"Socket Mode isn't let in ({code(error)})."
        return Finding("Slack", State.BAD, found, APP_TOKEN.get(code(error), NETWORK))
    except AWAY as error:
        return Finding("Slack", State.BAD, f"It can't be reached ({_why(error)}).", NETWORK)
    return Finding("Slack", State.OK, "Socket Mode: the token of the app is accepted.")


async def _workspace(api: str, team: str, token: str, houses: Mapping[str, Workspace]) -> Finding:
    name = f"Slack workspace {team}".strip()
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            said = await ask(api, "auth.test", token)
    except SlackApiError as error:
        found = f"The token isn't accepted ({code(error)})."
        mend = BOT_TOKEN.get(code(error), NETWORK)
        if team and code(error) in DEAD:
            mend = f"Install the app there again, at {LINK} with SORA_SLACK_INSTALL_KEY."
        return Finding(name, State.BAD, found, mend)
    except AWAY as error:
        return Finding(name, State.BAD, f"It can't be reached ({_why(error)}).", NETWORK)
    name = f"Slack workspace “{said['team']}”"
    if lacking := _lacking(said.headers):
        found = f"The token lacks the scopes {listed(lacking, 'and')}."
        return Finding(name, State.BAD, found, NEW_SCOPES)
    house = houses.get(said["team_id"]) or Workspace(platform="slack", id=said["team_id"])
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            found = " ".join([await _channel(api, token, house, use) for use in CHANNELS]).strip()
    except REACHED as error:
        return Finding(name, State.WARNING, f"Its channels can't be looked at ({_why(error)}).")
    if found:
        return Finding(name, State.WARNING, found, SETUP)
    return Finding(name, State.OK, "The token is accepted, and the app is in its channels.")


def _lacking(headers: Mapping[str, Any]) -> list[str]:
    held = {one.strip() for one in str(headers.get("x-oauth-scopes", "")).split(",")}
    return [scope for scope in scopes() if scope not in held]


async def _channel(api: str, token: str, house: Workspace, use: str) -> str:
    """What keeps a channel from being used; empty for nothing."""
    place = getattr(house, use)
    if not place:
        return f"No {use} channel is picked."
    try:
        said = await ask(api, "conversations.info", token, channel=Channel.read(place).id)
    except SlackApiError as error:
        if code(error) != "channel_not_found":
            raise
        return f"{use.capitalize()} channel: it is gone, or private without the app in it."
    if said["channel"].get("is_archived"):
        return f"{use.capitalize()} channel: #{said['channel']['name']} is archived."
    if not said["channel"].get("is_member"):
        name = said["channel"]["name"]
        return f"{use.capitalize()} channel: the app isn't in #{name}; type /invite @Studio there."
    return ""


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return code(error)
    if isinstance(error, TimeoutError):
        return "it doesn't answer"
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
