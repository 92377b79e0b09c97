"""The manifest: what Slack takes, made from what the code has; and the guide says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import studio
from bot.__main__ import app
from bot.on_slack import manifest as module
from bot.on_slack.listening import SHORTCUTS
from bot.on_slack.manifest import EVENTS, SCOPES, manifest, scopes
from bot.on_slack.pacer import PER_MINUTE
from bot.trouble import Misused
from tests.doubles.on_slack.events import SCOPES as OF_EVENTS
from tests.doubles.on_slack.scopes import ALL

ROOT = Path(__file__).parents[3]
ROOMS = ROOT / "docs" / "rooms.md"
LIMITS = {"name": 35, "description": 140, "display_name": 80}


def test_socket_mode_is_the_default() -> None:
    made = manifest("sora")
    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)
    assert "redirect_urls" not in made["oauth_config"]


def test_http_names_where_slack_reaches_the_bot() -> None:
    made = manifest("sora", "https://sora.example.org/")
    there = "https://sora.example.org/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == there
    assert made["settings"]["interactivity"]["request_url"] == there
    assert {one["url"] for one in made["features"]["slash_commands"]} == {there}
    assert made["oauth_config"]["redirect_urls"] == [
        "https://sora.example.org/slack/oauth_redirect"
    ]


def test_several_workspaces_with_socket_mode_name_where_people_come() -> None:
    made = manifest("sora", install_url="https://sora.example.org")
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["oauth_config"]["redirect_urls"] == [
        "https://sora.example.org/slack/oauth_redirect"
    ]
    assert "request_url" not in json.dumps(made)


@pytest.mark.parametrize("url", ["http://a.example", "a.example", "https://", "https://a/?b=1"])
def test_another_address_is_one_sentence(url: str) -> None:
    with pytest.raises(Misused, match="Slack takes an address like"):
        manifest("sora", url)


def test_it_has_the_code_s_own_commands_events_and_shortcuts() -> None:
    made = manifest("clip")
    commands = made["features"]["slash_commands"]
    assert [one["command"] for one in commands] == ["/clip", "/studio"]
    named = re.findall(r"\w+", commands[1]["usage_hint"])
    assert set(named) <= {one.name for one in studio.STUDIO}
    assert {one["callback_id"] for one in made["features"]["shortcuts"]} == set(SHORTCUTS)
    assert all(len(one["name"]) <= 24 for one in made["features"]["shortcuts"])
    assert made["oauth_config"]["scopes"] == {"bot": scopes()}
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert events == [need.name for need in EVENTS]
    assert not [name for name in events if name.startswith("message")], "it reads nobody's messages"


def test_every_text_is_as_short_as_slack_wants_it() -> None:
    made = manifest("sora")
    shown = made["display_information"]
    for key in ("name", "description"):
        assert len(shown[key]) <= LIMITS[key]
    assert len(made["features"]["bot_user"]["display_name"]) <= LIMITS["display_name"]
    for one in (*made["features"]["slash_commands"], *made["features"]["shortcuts"]):
        assert len(one["description"]) <= 150


def test_every_event_has_its_scope() -> None:
    needed = {OF_EVENTS[need.name] for need in EVENTS if need.name in OF_EVENTS}
    assert needed <= set(scopes())
    assert set(scopes()) <= ALL
    assert len(scopes()) == len(set(scopes()))


def test_events_that_are_listened_to_are_subscribed() -> None:
    listening = (ROOT / "bot" / "on_slack" / "listening.py").read_text()
    heard = set(re.findall(r'@app\.event\("(\w+)"\)', listening))
    assert heard | {"app_uninstalled", "tokens_revoked"} == {need.name for need in EVENTS}


def test_the_guide_says_what_each_scope_and_event_is_for() -> None:
    slack = ROOMS.read_text().partition("\n## Slack\n")[2]
    rows = re.findall(r"^\| `([a-z_:]+)` \| (.+) \|$", slack, re.MULTILINE)
    assert rows == [(need.name, need.why) for need in (*SCOPES, *EVENTS)]


def test_the_door_prints_what_slack_takes() -> None:
    said = CliRunner().invoke(app, ["slack", "manifest"], env={"SORA_SLACK_COMMAND": "clip"})
    assert said.exit_code == 0
    made: Any = json.loads(said.stdout)
    assert made == manifest("clip")
    said = CliRunner().invoke(app, ["slack", "manifest", "--url", "https://a.example"])
    assert json.loads(said.stdout) == manifest("sora", "https://a.example")


def test_every_hint_is_a_wish_that_is_understood() -> None:
    from bot import grammar

    hint = module._hint().replace("[", "").replace("]", "")
    assert grammar.read(hint).seed == 7
    assert PER_MINUTE
