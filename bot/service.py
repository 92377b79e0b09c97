"""The bot process: rooms, the feed of each, and the sweep. The one place where they are wired."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from bot.feed import Feed
from bot.heads import post_heads
from bot.on_web.members import Login
from bot.on_web.providers import providers
from bot.on_web.room import WebRoom
from bot.pools import show_pools
from bot.room import Room
from bot.settings import SWEEP_SECONDS, BotSettings, Shards
from bot.settings_web import networks
from bot.themes import show_themes
from bot.vouching import Voucher
from db.broker import Broker
from db.credentials import KNOWN
from db.media import Media
from db.session import Db
from moderation.desk import Desk
from moderation.leaving import forget_leavers
from moderation.sweep import sweep

NOTICE_SECONDS = 60.0

log = structlog.get_logger()


async def run(settings: BotSettings, shards: Shards | None = None) -> None:
    """Serve every configured room until SIGTERM or SIGINT.

    ``shards``: of Discord, which of how many this process runs; others run the rest.
    """
    async with studio(settings) as (db, _, desk):
        media = Media(settings.media)
        known = settings.credentials / KNOWN
        rooms: list[Room] = []
        vouchers: dict[str, Voucher] = {}
        if settings.discord_token is not None:
            from bot.on_discord.app import discord_room

            discord = discord_room(settings, db, desk, media, shards)
            vouchers[discord.name] = discord.vouching
            rooms.append(discord)
        if settings.slack:
            from bot.on_slack.app import slack_room

            slack = slack_room(settings, db, desk, media)
            vouchers[slack.name] = slack.vouching
            rooms.append(slack)
        login = None
        if settings.logins:
            proxies = networks(settings.trusted_proxy)
            login = Login(settings.public_url, providers(settings), vouchers, proxies)
        rooms.insert(0, WebRoom(db, desk, media, settings.host, settings.port, known, login))
        await serve(desk, rooms, media)


@asynccontextmanager
async def studio(settings: BotSettings) -> AsyncIterator[tuple[Db, Broker, Desk]]:
    """An open database, broker and desk."""
    db = Db(settings.database)
    broker = Broker(settings.broker)
    try:
        yield db, broker, Desk(db, broker, settings.rules())
    finally:
        await broker.close()
        await db.close()


async def serve(desk: Desk, rooms: Sequence[Room], media: Media) -> None:
    """Run the rooms, their feeds, the sweep and the notices until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(room.run()) for room in rooms]
        running += [tasks.create_task(Feed(desk.db, desk.broker, room).run()) for room in rooms]
        running.append(tasks.create_task(_sweeping(desk, media)))
        running.append(tasks.create_task(_noticing(desk.db, rooms)))
        await stopped.wait()
        for task in running:
            task.cancel()


async def _noticing(db: Db, rooms: Sequence[Room]) -> None:
    """Show what is of no job: the record's head once a day, themes and pools as they begin
    and end."""
    while True:
        for show in (post_heads, show_themes, show_pools):
            try:
                await show(db, rooms)
            except Exception:
                # A database that is away, say, is there again in a minute.
                log.exception("notices.failed")
        await asyncio.sleep(NOTICE_SECONDS)


async def _sweeping(desk: Desk, media: Media) -> None:
    while True:
        try:
            await sweep(desk.db, desk.broker, desk.rules)
            await forget_leavers(desk.db, desk.broker, media)
        except Exception:
            # Whatever could not be swept now, a database that is away say, is swept next time.
            log.exception("sweep.failed")
        await asyncio.sleep(SWEEP_SECONDS)
