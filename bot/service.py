"""The bot process: rooms, the feed of each, and the sweep. The one place where they are wired."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog

from bot.feed import Feed
from bot.heads import post_heads
from bot.health import Health
from bot.metrics import Metrics
from bot.on_web.members import Login
from bot.on_web.providers import providers
from bot.on_web.room import WebRoom
from bot.pools import show_pools
from bot.room import Room
from bot.settings import SWEEP_SECONDS, BotSettings, Shards
from bot.settings_web import networks
from bot.themes import show_themes
from bot.vouching import Voucher
from db import clips, lent
from db.broker import Broker
from db.credentials import KNOWN
from db.media import Media, StoreTrouble, media_of
from db.session import Db
from moderation import keeping
from moderation.desk import Desk
from moderation.leaving import forget_leavers
from moderation.sweep import sweep

NOTICE_SECONDS = 60.0
KEEPING_SECONDS = 300.0

log = structlog.get_logger()


async def run(settings: BotSettings, shards: Shards | None = None) -> None:
    """Serve every configured room until SIGTERM or SIGINT.

    ``shards``: of Discord, which of how many this process runs; others run the rest.
    """
    async with studio(settings) as (db, broker, desk):
        media = media_of(settings)
        known = settings.credentials / KNOWN
        chats: dict[str, Callable[[], bool]] = {}
        health = Health(db, broker, chats)
        metrics = Metrics(db, broker, health) if settings.metrics else None
        rooms: list[Room] = []
        vouchers: dict[str, Voucher] = {}
        if settings.discord_token is not None:
            from bot.on_discord.app import discord_room

            discord = discord_room(settings, db, desk, media, shards)
            chats[discord.name] = discord.is_connected
            vouchers[discord.name] = discord.vouching
            rooms.append(discord)
        if settings.slack:
            from bot.on_slack.app import slack_room

            slack = slack_room(settings, db, desk, media)
            chats[slack.name] = slack.is_connected
            vouchers[slack.name] = slack.vouching
            rooms.append(slack)
        login = None
        if settings.logins:
            proxies = networks(settings.trusted_proxy)
            login = Login(settings.public_url, providers(settings), vouchers, proxies)
        web = WebRoom(
            db,
            desk,
            media,
            settings.host,
            settings.port,
            known,
            settings.feed_url or (settings.public_url if login else ""),
            health,
            metrics,
            login,
        )
        rooms.insert(0, web)
        await serve(desk, rooms, media, settings.media_bytes)


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


async def serve(
    desk: Desk, rooms: Sequence[Room], media: Media, media_bytes: int | None = None
) -> None:
    """Run the rooms, their feeds, the sweep and the notices until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(room.run()) for room in rooms]
        running += [tasks.create_task(Feed(desk.db, desk.broker, room).run()) for room in rooms]
        running.append(tasks.create_task(media.tend()))
        # What may be slow, as a bucket may, is done beside the sweep. Notices are of no job: the record's
        # head once a day, themes and pools as they begin and end.
        notices = [partial(show, desk.db, rooms) for show in (post_heads, show_themes, show_pools)]
        for what, seconds, work in (
            ("sweep", SWEEP_SECONDS, [partial(_sweep, desk, media)]),
            (
                "clearing",
                SWEEP_SECONDS,
                [partial(lent.clear, desk.db, media), partial(clips.remove_noted, desk.db, media)],
            ),
            ("notices", NOTICE_SECONDS, notices),
            ("keeping", KEEPING_SECONDS, [partial(_keep, desk, media, media_bytes)]),
        ):
            running.append(tasks.create_task(_again_and_again(what, seconds, *work)))
        await stopped.wait()
        for task in running:
            task.cancel()


async def _again_and_again(
    what: str, seconds: float, *work: Callable[[], Awaitable[object]]
) -> None:
    """Do these one after the other, for ever; what fails, since the database is away say, is done again."""
    while True:
        for do in work:
            try:
                await do()
            except StoreTrouble as error:
                log.warning("store.away", why=str(error))
            except Exception:
                log.exception(f"{what}.failed")
        await asyncio.sleep(seconds)


async def _sweep(desk: Desk, media: Media) -> None:
    await sweep(desk.db, desk.broker, desk.rules)
    await forget_leavers(desk.db, desk.broker, media)


async def _keep(desk: Desk, media: Media, media_bytes: int | None) -> None:
    """Let go what isn't kept for ever, and see how much room is left."""
    await keeping.let_go(desk.db, media, desk.rules)
    await keeping.measure(desk.db, media, media_bytes)
