"""What the bot answers over HTTP: Slack's own requests, and whoever takes the app into a workspace."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.on_slack.asking import AWAY, SLACK, ask, code
from bot.on_slack.ids import ROOM
from bot.on_slack.installs import STATE_LASTS, Installs
from bot.on_slack.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, scopes
from bot.settings import BotSettings
from bot.trouble import Trouble
from db import logs

COOKIE = "sora-slack-state"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<h1>{title}</h1><p>{text}</p></html>"""
NO_KEY = (
    "Whoever runs this studio decides which workspaces it goes into: ask them for the link that has "
    "its key in it."
)
STALE = "That took too long, or began in another browser. Open the link that you were given again."
DENIED = "Nothing has changed. To try again, open the link that you were given."
FAILED = "Slack didn't give the app its token ({why}). Open the link that you were given again."
MOMENT = re.compile(r"[0-9]{1,12}")
BROKEN = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What reading a request raises that isn't of Slack's making."""
ORGANISATION = "This app goes into one workspace at a time, not into a whole organisation."

log = structlog.get_logger()


class Pages:
    """One per process; which of them there are depends on the settings."""

    def __init__(self, settings: BotSettings, app: AsyncApp, installs: Installs) -> None:
        self._settings, self._app, self._installs = settings, app, installs

    async def run(self) -> None:
        """Serve until cancelled. Raises ``Trouble``."""
        pages = web.Application()
        if self._settings.slack_signing_secret is not None:
            pages.router.add_post(EVENTS_PATH, self._events)
        if self._settings.slack_client_id:
            pages.router.add_get(INSTALL_PATH, self._install)
            pages.router.add_get(REDIRECT_PATH, self._back)
        runner = web.AppRunner(pages, access_log=None, shutdown_timeout=2)
        await runner.setup()
        host, port = self._settings.slack_host, self._settings.slack_port
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise Trouble(
                    f"Slack's door can't be opened at {host}:{port} ({error.strerror}); name another "
                    "with SORA_SLACK_PORT."
                ) from None
            log.info("slack.door_opened", host=host, port=port)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _events(self, request: web.Request) -> web.Response:
        moment = request.headers.get("X-Slack-Request-Timestamp", "0")
        signature = request.headers.get("X-Slack-Signature", "")
        if not MOMENT.fullmatch(moment) or not signature.isascii():
            return web.Response(status=401)
        try:
            asked = await to_bolt_request(request)
        except BROKEN:
            return web.Response(status=400)
        with logs.of_request(ROOM):
            return await to_aiohttp_response(await self._app.async_dispatch(asked))

    async def _install(self, request: web.Request) -> web.Response:
        key = self._settings.slack_install_key
        if key is None or not _same(request.query.get("key", ""), key.get_secret_value()):
            return _page("Not open to everybody", NO_KEY, 403)
        state = await self._installs.new_state()
        asked = {
            "client_id": self._settings.slack_client_id,
            "scope": ",".join(scopes()),
            "state": state,
        }
        api = self._settings.slack_api or SLACK
        link = f"{api.removesuffix('api/')}oauth/v2/authorize?{urlencode(asked)}"
        text = f'<a href="{html.escape(link)}">Choose a workspace at Slack</a>'
        page = _page("Take the studio into a workspace", text)
        # Whoever comes back must be the browser that began, or a stranger's link could do it.
        page.set_cookie(
            COOKIE,
            state,
            max_age=int(STATE_LASTS.total_seconds()),
            path=REDIRECT_PATH,
            secure=True,
            httponly=True,
            samesite="Lax",
        )
        return page

    async def _back(self, request: web.Request) -> web.Response:
        asked = request.query
        state = asked.get("state", "")
        same = _same(state, request.cookies.get(COOKIE, ""))
        if not state or not same or not await self._installs.take_state(state):
            return _page("Not installed", STALE, 400)
        if not asked.get("code"):
            return _page("Not installed", DENIED, 403)
        try:
            said = await self._exchange(asked["code"])
        except SlackApiError as error:
            log.warning("slack.not_installed", why=code(error))
            why = html.escape(code(error))
            return _page("Not installed", FAILED.format(why=why), 502)
        except AWAY as error:
            log.warning("slack.not_installed", why=type(error).__name__)
            why = "it doesn't answer"
            return _page("Not installed", FAILED.format(why=why), 502)
        if said.get("is_enterprise_install") or not said.get("team"):
            return _page("Not installed", ORGANISATION, 400)
        await self._installs.keep(said)
        name = html.escape(said["team"].get("name") or "your workspace")
        text = f"The studio is in {name}. An admin or owner goes on there with: /studio setup"
        done = _page("Done", text)
        done.del_cookie(COOKIE, path=REDIRECT_PATH)
        return done

    async def _exchange(self, given: str) -> Any:
        secret = self._settings.slack_client_secret
        return await ask(
            self._settings.slack_api,
            "oauth.v2.access",
            client_id=self._settings.slack_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            code=given,
        )


def _same(given: str, ours: str) -> bool:
    return given.isascii() and ours.isascii() and secrets.compare_digest(given, ours)


def _page(title: str, text: str, status: int = 200) -> web.Response:
    made = PAGE.format(title=title, text=text)
    return web.Response(text=made, status=status, content_type="text/html", headers=HEADERS)
