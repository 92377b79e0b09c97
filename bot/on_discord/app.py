"""Puts the Discord room together."""

from __future__ import annotations

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.on_discord.client import StudioClient
from bot.on_discord.room import DiscordRoom
from bot.settings import BotSettings, Shards
from db.media import Media
from db.session import Db
from moderation.desk import Desk


def discord_room(
    settings: BotSettings, db: Db, desk: Desk, media: Media, shards: Shards | None = None
) -> DiscordRoom:
    """The room as it is configured; ``settings`` has a token."""
    if settings.discord_token is None:
        raise ValueError("no token for Discord")
    point_at(settings.discord_api)
    # There is no voice here, and so no need to warn of what voice would need.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    client = StudioClient(
        db,
        desk,
        media,
        settings.discord_token.get_secret_value(),
        command=settings.discord_command,
        shards=shards,
        cdn=settings.discord_api,
    )
    return client.room


def point_at(api: str) -> None:
    """Send all that discord.py asks to another server that speaks its API; empty: to Discord."""
    if api:
        base = yarl.URL(api)
        Route.BASE = str(base / "api/v10")
        scheme = "wss" if base.scheme == "https" else "ws"
        DiscordWebSocket.DEFAULT_GATEWAY = base.with_scheme(scheme).with_path("/gateway/")
