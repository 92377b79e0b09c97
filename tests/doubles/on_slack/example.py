"""A small, unmodified bolt app for the double's own tests; in another process too:

python -m tests.doubles.on_slack.example API APP_TOKEN BOT_TOKEN
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.on_slack import Slack

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def card(prompt: str) -> list[dict[str, Any]]:
    buttons = [button("Good", "good", value="1"), button("Change", "change", style="primary")]
    return [section(f"*{prompt}* &amp; more"), {"type": "actions", "elements": buttons}]


def form(prompt: str = "") -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "prompt", "max_length": 100}
    if prompt:
        field["initial_value"] = prompt
    choices = [{"text": plain(name), "value": name} for name in ("square", "wide")]
    shape = {"type": "static_select", "action_id": "shape", "options": choices}
    picture = {"type": "file_input", "action_id": "picture", "max_files": 1}
    return {
        "type": "modal",
        "callback_id": "wish",
        "title": plain("A wish"),
        "submit": plain("Make"),
        "notify_on_close": True,
        "blocks": [
            {"type": "input", "block_id": "what", "label": plain("What"), "element": field},
            {"type": "input", "label": plain("Shape"), "element": shape, "optional": True},
            {"type": "input", "label": plain("Picture"), "element": picture, "optional": True},
            {"type": "actions", "elements": [button("More", "more")]},
        ],
    }


def make(app: AsyncApp) -> list[Any]:
    """Give an app its listeners; the list is what it hears."""
    heard: list[Any] = []

    @app.command("/sora")
    async def sora(ack: Any, command: Any, client: Any, respond: Any) -> None:
        await ack(f"drawing {command['text']}")
        await client.chat_postMessage(
            channel=command["channel_id"], text=command["text"], blocks=card(command["text"])
        )
        await respond("it is there", response_type="ephemeral")

    async def lazily(ack: Any) -> None:
        await ack()

    async def afterwards(respond: Any, command: Any) -> None:
        await respond(f"slowly {command['text']}")

    app.command("/lazy")(ack=lazily, lazy=[afterwards])

    @app.action("good")
    async def good(ack: Any, action: Any, respond: Any) -> None:
        await ack()
        await respond(f"thanks for {action['value']}", replace_original=False)

    @app.action("change")
    async def change(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form("before"))

    @app.action("more")
    async def more(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_push(
            trigger_id=body["trigger_id"],
            view={"type": "modal", "title": plain("More"), "blocks": [section("details")]},
        )

    @app.view("wish")
    async def wish(ack: Any, body: Any, view: Any, client: Any) -> None:
        values = view["state"]["values"]
        prompt = values["what"]["prompt"]["value"]
        if "bad" in prompt:
            await ack(response_action="errors", errors={"what": "not that"})
            return
        await ack()
        heard.append(("wish", values))
        await client.chat_postMessage(channel=body["user"]["id"], text=f"making {prompt}")

    @app.view_closed("wish")
    async def closed(ack: Any) -> None:
        await ack()
        heard.append("closed")

    @app.shortcut("describe")
    async def describe(ack: Any, shortcut: Any, respond: Any) -> None:
        await ack()
        await respond(f"it says {shortcut['message']['text']}")

    @app.shortcut("new_wish")
    async def new_wish(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=form())

    @app.options("style")
    async def styles(ack: Any, payload: Any) -> None:
        await ack(options=[{"text": plain(payload["value"].title()), "value": "1"}])

    @app.event("reaction_added")
    async def reacted(event: Any, body: Any, request: Any) -> None:
        # On a socket the first delivery has this header too, with a 0.
        retry = request.headers.get("x-slack-retry-num", ["0"])[0]
        heard.append(("reaction", event["reaction"], body["event_id"], int(retry)))

    @app.event("message")
    async def said(event: Any) -> None:
        heard.append(("message", event.get("subtype"), event.get("text")))

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        view = {"type": "home", "blocks": [section("your clips")]}
        await client.views_publish(user_id=event["user"], view=view)

    @app.event("app_uninstalled")
    async def uninstalled() -> None:
        heard.append("uninstalled")

    @app.event("tokens_revoked")
    async def revoked() -> None:
        heard.append("revoked")

    @app.error
    async def failed(error: Exception) -> None:
        response = error.response if isinstance(error, SlackApiError) else None
        heard.append(("error", response["error"] if response else repr(error)))

    return heard


def client(slack: Slack, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=token or slack.bot_token, base_url=slack.api)


async def error_of(call: Awaitable[Any]) -> str:
    """The word with which Slack refuses this."""
    try:
        await call
    except SlackApiError as refused:
        return str(refused.response["error"])
    return ""


@asynccontextmanager
async def running(slack: Slack, **more: Any) -> AsyncIterator[list[Any]]:
    """The app on a socket of the double."""
    app = AsyncApp(client=client(slack), **more)
    heard = make(app)
    # Its own methods say no types.
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.3)
    try:
        await handler.connect_async()
        await slack.connected()
        yield heard
    finally:
        await handler.close_async()


@asynccontextmanager
async def serving(slack: Slack, app: AsyncApp | None = None) -> AsyncIterator[list[Any]]:
    """The app behind an address of its own."""
    app = app or AsyncApp(client=client(slack), signing_secret=slack.signing_secret)
    heard = make(app)
    runner = web.AppRunner(app.web_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        slack.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        await slack.connected()
        yield heard
    finally:
        await runner.cleanup()


async def main(api: str, app_token: str, bot_token: str) -> None:
    app = AsyncApp(client=AsyncWebClient(token=bot_token, base_url=api))
    make(app)
    handler: Any = AsyncSocketModeHandler(app, app_token)
    await handler.start_async()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
