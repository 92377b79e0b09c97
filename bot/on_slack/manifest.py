"""What the app asks Slack for: each scope and event with its reason, and the manifest made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot import grammar, studio
from bot.grammar import Takes
from bot.on_slack.listening import SHORTCUTS
from bot.on_slack.typed import NAME
from bot.trouble import Misused

EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH = (
    "/slack/events",
    "/slack/install",
    "/slack/oauth_redirect",
)
TITLE = "Studio"
ABOUT = "A text-to-video studio that this community runs for itself."
COLOUR = "#2b2d31"
HINT_OPTIONS = ("aspect", "seed")


@dataclass(frozen=True, slots=True)
class Need:
    """A scope or an event, and what the code does with it."""

    name: str
    why: str


SCOPES = (
    Need("commands", "takes /sora and /studio, and the entries in a message's menu"),
    Need("chat:write", "posts the cards, follows a render in them, and answers people in private"),
    Need("files:write", "puts the clips into a card's thread, and takes them away again"),
    Need("files:read", "fetches the image that somebody gives it to begin a clip with"),
    Need("reactions:write", "puts the signs under a card, so that deciding and voting are one tap"),
    Need("reactions:read", "is told of the signs that people put under its cards"),
    Need("im:write", "brings people their own clips by direct message"),
    Need("users:read", "shows an artist's name on a card, and knows the workspace's admins"),
    Need("usergroups:read", "knows who is in the user group that moderates"),
    Need("channels:read", "says in the settings whether it is in the channel that was picked"),
    Need("groups:read", "does the same where the channel is private"),
    Need(
        "channels:history",
        "looks whether a card of its own has arrived when Slack's answer was lost, and what is in its "
        "thread",
    ),
    Need("groups:history", "does the same where the channel is private"),
    Need("im:history", "does the same in its own direct messages"),
)
"""All that the bot does in Slack needs, and no more."""
EVENTS = (
    Need("reaction_added", "somebody decides, votes or gives a tip"),
    Need("reaction_removed", "somebody takes that back"),
    Need("app_home_opened", "somebody opens the app's own page"),
    Need(
        "app_uninstalled", "the workspace removes the app: its token and its channels are forgotten"
    ),
    Need("tokens_revoked", "the same, where only the token was taken away"),
)
"""All that Slack tells the bot by itself. It is told of nobody's messages."""


def scopes() -> list[str]:
    return [need.name for need in SCOPES]


def manifest(command: str, url: str = "", install_url: str = "") -> dict[str, Any]:
    """For Socket Mode, or with ``url``, where Slack reaches the bot, for HTTP.

    ``install_url``: for several workspaces with Socket Mode, where their people reach it.
    """
    url, install_url = _address(url), _address(install_url)
    there = f"{url}{EVENTS_PATH}"
    address = {"url": there} if url else {}
    oauth: dict[str, Any] = {"scopes": {"bot": scopes()}}
    if url or install_url:
        oauth["redirect_urls"] = [f"{url or install_url}{REDIRECT_PATH}"]
    asked = {"request_url": there} if url else {}
    return {
        "display_information": {
            "name": TITLE,
            "description": ABOUT,
            "background_color": COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": TITLE, "always_online": True},
            "slash_commands": [
                {
                    "command": f"/{command}",
                    **address,
                    "description": "Make a clip; with nothing after it, a form opens.",
                    "usage_hint": _hint(),
                    "should_escape": False,
                },
                {
                    "command": f"/{NAME}",
                    **address,
                    "description": "Everything else: the line, your jobs, models, settings.",
                    "usage_hint": f"[{' | '.join(_few())} | …]",
                    "should_escape": False,
                },
            ],
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": id_, "description": about}
                for id_, (name, about) in SHORTCUTS.items()
            ],
        },
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": asked | {"bot_events": [need.name for need in EVENTS]},
            "interactivity": {"is_enabled": True} | asked,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def written(made: dict[str, Any]) -> str:
    """As Slack's page takes it."""
    return json.dumps(made, indent=2, ensure_ascii=False)


def _hint() -> str:
    options = [option for option in grammar.OPTIONS if option.name in HINT_OPTIONS]
    shown = [f"[--{o.name} {'9:16' if o.takes is Takes.ASPECT else '7'}]" for o in options]
    return " ".join(["what it should show", *shown])


def _few() -> Sequence[str]:
    """The commands that people need first."""
    return [one.name for one in studio.STUDIO if one.name in {"queue", "mine", "setup", "help"}]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not parts.netloc or parts.query or parts.fragment):
        raise Misused(f"Slack takes an address like https://sora.example.org, not {url}.")
    return url.rstrip("/")
