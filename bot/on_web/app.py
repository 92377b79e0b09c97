"""The addresses of the web room."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.exporting import Exporter
from bot.health import Health
from bot.metrics import Metrics
from bot.on_web import (
    bugs,
    chains,
    consenting,
    deeds,
    files,
    guard,
    ledger,
    outside,
    pages,
    pools,
    record,
    stream,
    themes,
    watched,
    weeks,
    yours,
)
from bot.on_web.live import Hub
from bot.on_web.paint import FOLDER, Painter
from bot.on_web.people import People
from bot.on_web.site import SITE, Site
from db.credentials import Shelf
from db.media import Media
from db.session import Db
from moderation.desk import Desk

JOB = r"/jobs/{job:\d{1,9}}"
THEME = r"/themes/{theme:\d{1,9}}"
PICTURE = JOB + r"/{which:first|last}"
CLIP = JOB + r"/clips/{number:[1-4]}.{kind:mp4|jpg|webp}"
OUTSIDE = r"/feed/{job:\d{1,9}}/{number:[1-4]}.{kind:mp4|jpg}"


def make_app(
    db: Db,
    desk: Desk,
    media: Media,
    hub: Hub,
    known: Path | None = None,
    feed_url: str = "",
    health: Health | None = None,
    metrics: Metrics | None = None,
) -> web.Application:
    """The whole site, as an application that a runner serves on this machine.

    ``metrics``: what /metrics answers; without them there is no such page.
    """
    middlewares = [guard.in_words, guard.at_home, guard.introduced, guard.from_our_page]
    app = web.Application(middlewares=middlewares, client_max_size=guard.LARGEST_WORDS)
    app[SITE] = Site(
        db,
        desk,
        media,
        People(db),
        Painter(feed_url),
        hub,
        Shelf(known),
        Exporter(db, media),
        feed_url,
    )
    app.on_response_prepare.append(guard.harden)
    for path, handler in {
        "/": pages.studio,
        "/review": pages.review,
        "/showcase": pages.showcase,
        "/chains": chains.chains_page,
        "/line": pages.line,
        "/themes": themes.every,
        THEME: themes.one,
        "/bugs": bugs.bugs_page,
        "/best": weeks.every,
        "/help": pages.help_page,
        "/consent": consenting.defaults,
        "/yours": yours.everything,
        JOB: pages.one_job,
    }.items():
        app.router.add_get(path, pages.first_page)
        app.router.add_get(f"/as/{{who}}{path}", handler)
    for path, handler in {
        "/record": record.entries,
        "/record/report": record.report,
        "/ledger": ledger.transactions,
        "/pools": pools.every,
    }.items():
        app.router.add_get(path, handler)
        app.router.add_get(f"/as/{{who}}{path}", handler)
    app.router.add_get("/best.json", weeks.every_json)
    app.router.add_get("/feed.atom", outside.atom)
    app.router.add_get("/feed.json", outside.json_feed)
    app.router.add_get(OUTSIDE, outside.clip)
    app.router.add_get("/ledger.json", ledger.as_json)
    app.router.add_get("/ledger.csv", ledger.as_csv)
    app.router.add_get("/pools.json", pools.every_json)
    app.router.add_get("/record.json", record.entries_json)
    app.router.add_get("/record/report.json", record.report_json)
    app.router.add_get("/record/credits.json", record.credits_json)
    app.router.add_get("/as/{who}" + JOB + "/preview.jpg", files.preview)
    app.router.add_get("/as/{who}" + CLIP, files.clip)
    app.router.add_get("/as/{who}" + PICTURE, files.picture)
    app.router.add_get("/as/{who}/live", stream.live, allow_head=False)
    app.router.add_post("/as/{who}/sora", deeds.sora, name=guard.PICTURES_MAY_COME)
    app.router.add_post("/as/{who}/act", deeds.press)
    app.router.add_post("/as/{who}/chain", chains.chain)
    app.router.add_post("/as/{who}/theme", themes.theme)
    app.router.add_post("/as/{who}/bug", bugs.bug)
    app.router.add_post("/as/{who}/pools", pools.decide)
    app.router.add_post("/as/{who}/consent", consenting.prefer)
    app.router.add_get("/as/{who}/yours.zip", yours.download, allow_head=False)
    app.router.add_post("/as/{who}/yours/delete", yours.delete)
    app.router.add_post("/as/{who}" + JOB + "/consent", consenting.consent)
    watched.add_to(app, health or Health(db, desk.broker), metrics)
    app.router.add_static("/static", FOLDER / "static")
    return app
