"""The addresses of the web room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

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
    lending,
    lending_door,
    limits,
    openapi,
    outside,
    pages,
    pools,
    record,
    sign_in,
    stream,
    themes,
    watched,
    weeks,
    yours,
)
from bot.on_web.limits import LIMITS, Limits
from bot.on_web.live import Hub
from bot.on_web.members import Login, Members
from bot.on_web.openapi import DESCRIBED, Described
from bot.on_web.paint import FOLDER, Painter
from bot.on_web.people import Demos
from bot.on_web.site import OPEN, SITE, Site
from db.credentials import Shelf
from db.media import Media
from db.session import Db
from moderation.desk import Desk

JOB = r"/jobs/{job:\d{1,9}}"
THEME = r"/themes/{theme:\d{1,9}}"
PICTURE = JOB + r"/{which:first|last}"
CLIP = JOB + r"/clips/{number:[1-4]}.{kind:mp4|jpg|webp}"
OUTSIDE = r"/feed/{job:\d{1,9}}/{number:[1-4]}.{kind:mp4|jpg}"


PAGES: Mapping[str, Handler] = {
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
}
"""What is painted for whoever looks."""
ANYBODYS: Mapping[str, Handler] = {
    "/record": record.entries,
    "/record/report": record.report,
    "/ledger": ledger.transactions,
    "/pools": pools.every,
}
"""What nobody has to say who they are for, in a demo too."""
FILES: Mapping[str, Handler] = {
    JOB + "/preview.jpg": files.preview,
    CLIP: files.clip,
    PICTURE: files.picture,
}
DATA: Mapping[str, Handler] = {
    "/best.json": weeks.every_json,
    "/openapi.json": openapi.openapi,
    "/feed.atom": outside.atom,
    "/feed.json": outside.json_feed,
    OUTSIDE: outside.clip,
    "/ledger.json": ledger.as_json,
    "/ledger.csv": ledger.as_csv,
    "/pools.json": pools.every_json,
    "/record.json": record.entries_json,
    "/record/report.json": record.report_json,
    "/record/credits.json": record.credits_json,
}
STREAMED = (ledger.as_json, ledger.as_csv)
"""Written as it is read: whoever only asks for the head would get all of it."""
DEEDS: Mapping[str, Handler] = {
    "/act": deeds.press,
    "/chain": chains.chain,
    "/theme": themes.theme,
    "/bug": bugs.bug,
    "/pools": pools.decide,
    "/consent": consenting.prefer,
    "/yours/delete": yours.delete,
    JOB + "/consent": consenting.consent,
}
OPEN_TO_ALL = frozenset(
    {
        *DATA.values(),
        record.entries,
        record.report,
        pages.help_page,
        sign_in.sign_in,
        sign_in.away,
        sign_in.back,
    }
) - {weeks.every_json}
"""What is there for whoever isn't signed in: what names nobody, and of clips the feed, which asks what each
artist shows elsewhere. All else is closed."""


def make_app(
    db: Db,
    desk: Desk,
    media: Media,
    hub: Hub,
    known: Path | None = None,
    feed_url: str = "",
    health: Health | None = None,
    metrics: Metrics | None = None,
    login: Login | None = None,
) -> web.Application:
    """The whole site: for those who sign in, or without ``login`` for this machine, with the demo's
    people.

    ``metrics``: what /metrics answers; without them there is no such page.
    """
    middlewares = [
        guard.in_words,
        guard.at_home,
        lending_door.by_key,
        limits.by_address,
        guard.introduced,
        limits.by_person,
        guard.from_our_page,
    ]
    app = web.Application(middlewares=middlewares, client_max_size=guard.LARGEST_WORDS)
    app[SITE] = Site(
        db,
        desk,
        media,
        Members(db, login) if login else Demos(db),
        Painter(feed_url),
        hub,
        Shelf(known),
        Exporter(db, media),
        feed_url,
        login,
    )
    app[OPEN], app[LIMITS], app[DESCRIBED] = OPEN_TO_ALL, Limits(), Described(app)
    app[lending_door.LENDER_LIMITS] = lending_door.LenderLimits()
    app.on_response_prepare.append(guard.harden)
    for path, handler in DATA.items():
        app.router.add_get(path, handler, allow_head=handler not in STREAMED)
    if login is None:
        for path in PAGES:
            app.router.add_get(path, pages.first_page)
        for path, handler in ANYBODYS.items():
            app.router.add_get(path, handler)
        _mount(app.router, "/as/{who}")
    else:
        _mount(app.router, "")
        app.router.add_get("/sign-in", sign_in.sign_in)
        app.router.add_get("/sign-in/{provider}", sign_in.away, allow_head=False)
        app.router.add_get("/sign-in/{provider}/back", sign_in.back, allow_head=False)
        app.router.add_post("/sign-out", sign_in.sign_out)
        app.router.add_post("/yours/sign-out", sign_in.sign_out_there)
    lending.add_to(app.router)
    watched.add_to(app, health or Health(db, desk.broker), metrics)
    app.router.add_static("/static", FOLDER / "static")
    return app


def _mount(router: web.UrlDispatcher, base: str) -> None:
    """All that people come for, under their ``base``."""
    for path, handler in {**PAGES, **ANYBODYS, **FILES}.items():
        router.add_get(base + path, handler)
    router.add_get(base + "/live", stream.live, allow_head=False)
    router.add_get(base + "/yours.zip", yours.download, allow_head=False)
    router.add_post(base + "/sora", deeds.sora, name=guard.PICTURES_MAY_COME)
    for path, handler in DEEDS.items():
        router.add_post(base + path, handler)
