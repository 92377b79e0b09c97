"""What is asked of Slack before there is a workspace: is this token good, where is a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.trouble import Trouble

SLACK = AsyncWebClient.BASE_URL
CALL_SECONDS = 20
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
AWAY = (aiohttp.ClientError, OSError)
NOT_LET_IN = (
    "Slack doesn't accept SORA_SLACK_BOT_TOKEN; copy it again from the page “OAuth & Permissions” of "
    "your app at api.slack.com."
)
NOT_CONNECTED = (
    "Slack doesn't accept SORA_SLACK_APP_TOKEN; make another with the scope connections:write on the "
    "page “Basic Information” of your app at api.slack.com."
)
SOCKET_MODE_IS_OFF = (
    "Socket Mode is off for this app; switch it on, on the page “Socket Mode” of your app at "
    "api.slack.com."
)
DEAD = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type", "user_removed_from_team", "team_access_not_granted"}
)  # fmt: skip
"""What Slack answers to a token that is none, or none any more."""
SHUT = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "missing_scope",
     "cannot_dm_bot",
     "user_not_found", "user_disabled", "cant_update_message", "cant_delete_message",
     "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
     "restricted_action_non_threadable_channel", "messages_tab_disabled", "is_inactive",
     "edit_window_closed", "access_denied", "ekm_access_denied", "no_permission",
     "user_not_visible", "users_not_found"}
)  # fmt: skip
"""What Slack answers where nothing can be shown until somebody mends it."""
BOT_TOKEN = dict.fromkeys(DEAD, NOT_LET_IN)
APP_TOKEN = dict.fromkeys(DEAD | {"missing_scope", "no_permission"}, NOT_CONNECTED) | {
    "socket_mode_not_enabled": SOCKET_MODE_IS_OFF
}
"""What ends the bot, and the sentence that it ends with."""

T = TypeVar("T")
log = structlog.get_logger()


class NotSlacks(aiohttp.ClientError):
    """What came back isn't Slack's answer: what was asked for may have been done or not."""


async def ask(api: str, method: str, token: str = "", **fields: str) -> Any:
    """The answer of one method, asked once. Raises ``SlackApiError`` and whatever ``AWAY`` has."""
    client = AsyncWebClient(
        token=token or None, base_url=api or SLACK, timeout=CALL_SECONDS, retry_handlers=[]
    )
    return await client.api_call(method, data=fields)


async def call(client: AsyncWebClient, method: str, body: dict[str, Any]) -> Any:
    """Raises ``NotSlacks`` for an answer that is a proxy's page, say, or was cut off."""
    try:
        return await client.api_call(method, **body)
    except SlackApiError as error:
        said, status = getattr(error.response, "data", None), _status(error)
        if not isinstance(said, dict) or not (said or status == 429):
            raise NotSlacks(f"not an answer of Slack's to {method}, status {status}") from None
        raise
    except AttributeError:  # slack_sdk takes a text/plain answer for Slack's own
        raise NotSlacks(f"not an answer of Slack's to {method}") from None


def _status(error: SlackApiError) -> int:
    """Of the answer, which is aiohttp's own where slack_sdk couldn't read it."""
    answer = error.response
    return int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))


async def patiently(call: Callable[[], Awaitable[T]], final: Mapping[str, str]) -> T:
    """What a call answers once Slack can be reached; ``final``: the sentences for what waiting won't
    mend. Raises ``Trouble`` with one of them."""
    pause = FIRST_PAUSE
    while True:
        wait = pause
        try:
            return await call()
        except SlackApiError as error:
            why = code(error)
            if why in final:
                raise Trouble(final[why]) from None
            wait = max(pause, waits(error))
        except AWAY as error:
            why = type(error).__name__
        log.warning("slack.away", why=why, again_in=wait)
        await asyncio.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)


def code(error: SlackApiError) -> str:
    """Slack's word for what is wrong; of a page that isn't Slack's, its status."""
    try:
        return str(error.response.get("error") or f"status {error.response.status_code}")
    except AttributeError:
        return "not an answer of Slack's"


def waits(error: SlackApiError) -> float:
    """For how long Slack asks not to be asked."""
    try:
        return float(error.response.headers.get("Retry-After", 0))
    except (AttributeError, ValueError):
        return 0.0
