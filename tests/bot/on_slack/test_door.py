"""`sora bot` for Slack: settings that contradict each other, a token that isn't accepted, and a process
that serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.on_slack.asking import NOT_LET_IN
from bot.settings import BotSettings
from db.settings import BadSettings
from tests.bot.on_slack.rooms import free_port
from tests.doubles.on_slack import Slack
from tests.support.processes import Processes

GOOD: dict[str, Any] = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"slack_bot_token": "xapp-1"}, "SORA_SLACK_BOT_TOKEN is the token that begins with xoxb-"),
        ({"slack_app_token": "xoxb-1"}, "SORA_SLACK_APP_TOKEN is the token that begins with xapp-"),
        ({"slack_bot_token": "xoxb-1"}, "SORA_SLACK_APP_TOKEN is missing"),
        ({"slack_app_token": "xapp-1"}, "SORA_SLACK_BOT_TOKEN is missing"),
        ({"slack_signing_secret": "1"}, "SORA_SLACK_BOT_TOKEN is missing"),
        (GOOD | {"slack_signing_secret": "1"}, "for Socket Mode and SORA_SLACK_SIGNING_SECRET"),
        (GOOD | {"slack_client_id": "1", "slack_client_secret": "2"}, "one workspace and"),
        ({"slack_app_token": "xapp-1", "slack_client_id": "1"}, "give both or neither"),
        ({"slack_app_token": "xapp-1", "slack_client_secret": "1"}, "give both or neither"),
        (GOOD | {"slack_install_key": "short"}, "SORA_SLACK_INSTALL_KEY is at least 16 letters"),
        (GOOD | {"slack_install_key": "a b c d e f g h i j k"}, "16 letters, digits, - and _"),
        (GOOD | {"slack_command": "studio"}, "SORA_SLACK_COMMAND is 1 to 32"),
        (GOOD | {"slack_api": "127.0.0.1"}, "SORA_SLACK_API is an address like"),
        (
            {"slack_bot_token": "xoxb-1", "slack_signing_secret": "1", "slack_port": 8040},
            "SORA_PORT and SORA_SLACK_PORT are both 8040",
        ),
    ],
)
def test_a_contradiction_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSettings) as refused:
        BotSettings(**given)
    (fault,) = refused.value.faults
    assert sentence in fault
    assert fault.endswith(".")
    assert fault.count(". ") == 0


def test_what_is_set_is_no_contradiction() -> None:
    assert not BotSettings().slack
    assert not BotSettings(slack_bot_token=" ", slack_app_token="").slack
    assert BotSettings(**GOOD).slack
    assert not BotSettings(**GOOD).slack_serves
    http: dict[str, Any] = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "1"}
    assert BotSettings(**http).slack_serves
    assert BotSettings(slack_api="http://127.0.0.1:1/api").slack_api == "http://127.0.0.1:1/api/"
    assert sorted(BotSettings(**GOOD).secrets) == ["xapp-1", "xoxb-1"]
    assert "k" * 16 in BotSettings(**GOOD, slack_install_key="k" * 16).secrets


# ── the door ─────────────────────────────────────────────────────────────────────────────


async def test_the_door_serves_slack(sora_process: Processes, tmp_path: Path) -> None:
    env = {"SORA_DATA": str(tmp_path / "data"), "SORA_PORT": str(free_port())}
    assert await sora_process.start("-m", "bot", "migrate", env=env).ends() == 0
    async with Slack() as slack:
        team = slack.team("Atelier")
        ada, room = team.user("Ada"), team.channel("clips")
        env |= {
            "SORA_SLACK_API": slack.api,
            "SORA_SLACK_BOT_TOKEN": slack.bot_token,
            "SORA_SLACK_APP_TOKEN": slack.app_token,
        }
        bot = sora_process.start("-m", "bot", "bot", env=env)
        await slack.connected()
        asked = await ada.slash(room, "/sora", "a canary over a blue background")
        await asked.acked()
        await slack.until(lambda: ada.dm.messages or ada.ephemerals(), 60)
        team.revoke()
        other = sora_process.start("-m", "bot", "bot", env=env | {"SORA_PORT": str(free_port())})
        assert await other.ends() == 1
        bot.kill9()  # before the double goes, to which it would come back at once
    assert NOT_LET_IN in other.said()
    for said in (bot.said(), other.said()):
        assert "Traceback" not in said
        assert "canary" not in said
        assert slack.app_token not in said
        assert team.bot_token not in said


async def test_a_contradiction_ends_the_door(sora_process: Processes, tmp_path: Path) -> None:
    env = {"SORA_DATA": str(tmp_path / "data"), "SORA_SLACK_BOT_TOKEN": "xoxb-canary"}
    bot = sora_process.start("-m", "bot", "bot", env=env)
    assert await bot.ends() == 2
    assert "For Slack, SORA_SLACK_APP_TOKEN is missing" in bot.said()
    assert "canary" not in bot.said()
