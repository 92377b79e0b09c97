"""The feed: what may be shown outside of the community, for everybody, as Atom and as JSON.

It is the one part of the site that may be served to more than this machine, under the address that a host
has given it. Whoever keeps a copy on the way keeps it for a minute at most.
"""

from __future__ import annotations

import hashlib
import re

from aiohttp import web

from bot import outside
from bot.on_web.described import PICTURE, VIDEO, described
from bot.on_web.feed_json import ABOUT, TITLE, Author, Feed, FeedItem, Model, Sora, Video
from bot.on_web.files import TYPES
from bot.on_web.site import SITE, Site
from bot.outside import BEGINNING, Item, Page
from db import outside as rows

PAGE = 20
OPEN = {
    "Cache-Control": "public, max-age=60, must-revalidate",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Readers in a browser come from other sites, and may."""
BEFORE = {"before": str}
UNCHANGED = {304: "It is as it was."}
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@described({"application/atom+xml": str}, query=BEFORE, also=UNCHANGED)
async def atom(request: web.Request) -> web.Response:
    """RFC 4287, with the pages of RFC 5005."""
    page, base = await _page(request), _base(request)
    text = request.app[SITE].painter.page(
        "feed.atom",
        title=TITLE,
        about=ABOUT,
        base=base,
        here=_here(request, base),
        following=_following(base, "atom", page),
        updated=max((item.updated for item in page.items), default=BEGINNING),
        items=page.items,
    )
    return _answer(request, NOT_IN_XML.sub("", text), "application/atom+xml")


@described({"application/feed+json": Feed}, query=BEFORE, also=UNCHANGED)
async def json_feed(request: web.Request) -> web.Response:
    """JSON Feed 1.1."""
    page, base = await _page(request), _base(request)
    following = _following(base, "json", page)
    feed = Feed(
        feed_url=f"{base}/feed.json",
        next_url=following or None,
        items=[_as_json(item, base) for item in page.items],
    )
    text = feed.model_dump_json(by_alias=True, exclude_none=True)
    return _answer(request, text, "application/feed+json")


@described(VIDEO | PICTURE)
async def clip(request: web.Request) -> web.StreamResponse:
    """The video or poster of a clip that is in the feed at this moment."""
    job_id, number = int(request.match_info["job"]), int(request.match_info["number"])
    site: Site = request.app[SITE]
    async with site.db.read() as s:
        found = await rows.get(s, job_id, number)
    if found is None:
        raise web.HTTPNotFound
    kind = request.match_info["kind"]
    key = found.video_key if kind == "mp4" else found.poster_key
    path = await site.media.bring(site.media.path(key))
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={**OPEN, "Content-Type": TYPES[kind]})


async def _page(request: web.Request) -> Page:
    typed = request.query.get("before", "")
    before = outside.place(typed)
    if typed and before is None:
        raise web.HTTPNotFound
    async with request.app[SITE].db.read() as s:
        return await outside.page(s, PAGE, before)


def _base(request: web.Request) -> str:
    """What all addresses in the feed begin with."""
    return request.app[SITE].feed_url or f"{request.scheme}://{request.host}"


def _here(request: web.Request, base: str) -> str:
    before = request.query.get("before", "")
    return f"{base}/feed.atom?before={before}" if before else f"{base}/feed.atom"


def _following(base: str, kind: str, page: Page) -> str:
    return f"{base}/feed.{kind}?before={page.following}" if page.following else ""


def _answer(request: web.Request, text: str, kind: str) -> web.Response:
    """The text, unless whoever asks has it already."""
    tag = hashlib.sha256(text.encode()).hexdigest()[:32]
    if {known.value for known in request.if_none_match or ()} & {tag, "*"}:
        response = web.Response(status=304, headers=OPEN)
    else:
        response = web.Response(text=text, content_type=kind, headers=OPEN)
    response.etag = tag
    return response


def _as_json(item: Item, base: str) -> FeedItem:
    address = _address(base, item.job, item.number)
    video = Video(
        url=f"{address}.mp4",
        mime_type=TYPES["mp4"],
        size_in_bytes=item.bytes,
        duration_in_seconds=round(item.seconds, 3),
    )
    return FeedItem(
        id=address,
        url=f"{address}.mp4",
        title=item.title,
        content_text=item.text,
        image=f"{address}.jpg",
        date_published=item.published.isoformat(timespec="seconds"),
        date_modified=item.updated.isoformat(timespec="seconds"),
        authors=[Author(name=item.artist)] if item.artist else None,
        attachments=[video],
        sora=Sora(
            models=[Model(m.title, m.licence, m.licence_url, m.restrictions) for m in item.models],
            prompt=item.prompt or None,
            made_from=[_address(base, *which) for which in item.made_from],
        ),
    )


def _address(base: str, job_id: int, number: int) -> str:
    return f"{base}/feed/{job_id}/{number}"
