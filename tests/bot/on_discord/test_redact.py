"""No token in any log: of the bot, of an interaction, in an address, an event, or an error's text."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot import redact
from bot.on_discord.app import discord_room
from bot.settings import BotSettings
from db import logs
from db.broker import Broker
from db.media import Media
from db.session import Db
from tests.doubles.on_discord import Discord
from tests.support.studio import Studio

TOKEN = "MTQ1NjA3NDQ0Mzk4MDgwMDAwMA.GcanaR.y-0123456789abcdefghijklmnopqrstuvwxyz"
ODD = "a token of no known shape"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, in the form for machines; afterwards everything is as it was before."""
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    root, library = logging.getLogger(), logging.getLogger("discord")
    before = (root.handlers[:], root.level, library.level, structlog.get_config())
    logs.configure("json")
    for handler in root.handlers[:]:
        root.removeHandler(handler)  # pytest's own, which force=True would close
    redact.install(TOKEN, ODD)
    yield said
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    library.setLevel(before[2])
    structlog.configure(**before[3])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("POST https://discord.com/api/v10/webhooks/12/aW50.x-_y/messages/@original", "/@original"),
        (
            "POST https://discord.com/api/v10/interactions/12/aW50.x-_y/callback?a=1",
            "/callback?a=1",
        ),
        ("{'op': 0, 'd': {'token': 'aW50.x-_y', 'type': 2}}", "'type': 2"),
        ('{"token": "aW50.x-_y", "type": 2}', "type"),
        ("{'Authorization': 'Bot aW50.x-_y', 'X': 1}", "'X': 1"),
        ("authorization: Bearer aW50.x-_y", "authorization"),
        (f"logged in with {TOKEN.replace('M', 'N')}!", "!"),
        (f"logged in with {ODD}!", "!"),
        ("Slack gave xoxb-12-aW50-x_y to us", "to us"),
        ("the app's own is xapp-1-A01-aW50x", "the app's own is"),
        ("POST https://hooks.slack.com/commands/T01AB/12/aW50.x-_y", "/commands/T01AB/"),
        ("POST https://hooks.slack.com/actions/T01AB/12/aW50x?a=1", "?a=1"),
        ("PUT https://files.slack.com/upload/v1/aW50.x-_y", "/upload/v1/"),
        ("wss://wss-primary.slack.com/link/?ticket=aW50x&app_id=4", "&app_id=4"),
        ("GET /slack/oauth_redirect?code=12.aW50&state=aW50x HTTP", "HTTP"),
    ],
)
def test_tokens_are_taken_out_of_what_libraries_log(
    written: io.StringIO, line: str, left: str
) -> None:
    logging.getLogger("discord.http").warning("it said %s", line)
    said = written.getvalue()
    assert "aW50" not in said
    assert "GcanaR" not in said
    assert ODD not in said
    assert redact.GONE in said
    assert left in said


def test_what_is_no_token_stays(written: io.StringIO) -> None:
    logging.getLogger("aiohttp.client").warning("GET /webhooks/12 and /channels/3/messages/4")
    said = written.getvalue()
    assert "GET /webhooks/12 and /channels/3/messages/4" in said
    assert '"library": "aiohttp.client"' in said
    assert '"level": "warning"' in said


@pytest.mark.parametrize("form", ["json", "console"])
def test_nor_are_they_in_the_texts_of_errors(
    written: io.StringIO, form: logs.LogFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", written)
    logs.configure(form)
    redact.install(TOKEN)
    try:
        raise ValueError(f"no answer from /webhooks/12/aW50.x-_y/messages, asked with {TOKEN}")
    except ValueError:
        logging.getLogger("discord.client").exception("Ignoring exception")
        structlog.get_logger().exception("interaction.broke", why="/interactions/1/aW50.x/callback")
    said = written.getvalue()
    assert said.count("Traceback") == 2
    assert "aW50" not in said
    assert TOKEN not in said


async def test_a_whole_interaction_at_debug_leaves_no_token(
    written: io.StringIO, sqlite_url: str, valkey: str, tmp_path: Path
) -> None:
    logging.getLogger("discord").setLevel(logging.DEBUG)
    logging.getLogger("aiohttp").setLevel(logging.DEBUG)
    db, broker = Db(sqlite_url), Broker(valkey)
    studio = await Studio(db, broker).open()
    async with Discord(token=TOKEN) as double:
        guild = double.guild("Atelier")
        channel = guild.channel("general")
        ada = guild.member("Ada")
        api = double.api.removesuffix("/api/v10")
        settings = BotSettings(discord_token=TOKEN, discord_api=api)
        room = discord_room(settings, db, studio.desk, Media(tmp_path))
        running = asyncio.create_task(room.run())
        try:
            await double.connected()
            await double.synced("sora")
            asked = await ada.slash(channel, "sora", prompt="a red circle")
            await asked.answered(within=3)
            await double.until(lambda: double.requested("POST", "/interactions/*"))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    await broker.close()
    await db.close()
    said = written.getvalue()
    assert "INTERACTION_CREATE" in said  # it does log at DEBUG
    assert f"/interactions/{asked.id}/{redact.GONE}/callback" in said
    assert asked.token not in said
    assert TOKEN not in said
