"""The stream of changes that every open window listens to (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.on_web.described import described
from bot.on_web.live import Window, cursor_at
from bot.on_web.paint import Painted
from bot.on_web.people import Visitor
from bot.on_web.site import SITE, introduce, visitor_of
from bot.view import view
from db import jobs
from db.line import Forecast
from db.models import Post
from db.states import Status
from moderation import forecast

HEARTBEAT_SECONDS = 15.0
PATIENCE_SECONDS = 30.0
"""A window that takes nothing for so long is gone, or comes back by itself."""

log = structlog.get_logger()


@described(
    {"text/event-stream": str},
    query={"place": list[str], "job": int, "since": str},
)
async def live(request: web.Request) -> web.StreamResponse:
    """Tell a window what changes on its page, from where it last was, until it is closed."""
    visitor, hub = visitor_of(request), request.app[SITE].hub
    job = request.query.get("job", "")
    job_id = int(job) if job.isdecimal() and len(job) < 10 else None
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    with hub.window(_places(visitor, request.query.getall("place", [])), job_id) as window:
        await hub.catch_up(
            window, request.headers.get("Last-Event-ID") or request.query.get("since", "")
        )
        with suppress(TimeoutError, ConnectionError):  # the window is gone
            await _write(stream, "retry: 1000\n: hello\n\n")
            while not window.closed:
                await _tell(request, stream, window)
    return stream


async def _tell(request: web.Request, stream: web.StreamResponse, window: Window) -> None:
    changed = await window.take(HEARTBEAT_SECONDS)
    if window.behind:
        window.behind = False
        await _write(stream, "event: refetch\ndata: {}\n\n")
    elif not changed:
        await _write(stream, ": still here\n\n")
    if changed and not await _still_there(request):
        window.close()
        return
    line: dict[int, Forecast] = {}
    for number, post in enumerate(changed, start=1):
        painted = await _paint(request, post, line)
        if painted is not None:
            # Only the last of a batch moves the cursor: a window that is cut off before it gets all.
            moves = number == len(changed)
            last = cursor_at(max(p.painted_at for p in changed)) if moves else ""
            mark = f"id: {last}\n" if moves else ""
            await _write(stream, f"{mark}event: card\ndata: {json.dumps(asdict(painted))}\n\n")


async def _still_there(request: web.Request) -> bool:
    """Whether whoever opened the window is still who they were; they are painted for as what they are."""
    was, now = visitor_of(request), await request.app[SITE].people.visitor(request)
    introduce(request, now)
    return now.person.id == was.person.id


async def _paint(request: web.Request, post: Post, line: dict[int, Forecast]) -> Painted | None:
    """The card as it is now; the first that waits in line reads the ``line`` for the others."""
    site, visitor = request.app[SITE], visitor_of(request)
    try:
        async with site.db.read() as s:
            if not line and await _waits(s, post.job_id):
                line.update(await forecast.of_line(s))
            seen = await view(s, post.job_id, line)
            painted = await site.painter.card(s, visitor, post.purpose, seen, post.job_id)
    except Exception:
        # One card that can't be painted must not silence the others.
        log.exception("card.paint_failed", room="web", job=post.job_id)
        return None
    if post.removed_at is not None and painted.place != "mine":
        return Painted(painted.slot, painted.place)
    return painted


async def _waits(s: AsyncSession, job_id: int) -> bool:
    job = await jobs.get(s, job_id)
    return job is not None and job.status is Status.QUEUED


async def _write(stream: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await stream.write(text.encode())


def _places(visitor: Visitor, asked: list[str]) -> frozenset[str]:
    """What this person may listen to, of what the page shows."""
    person = visitor.person
    allowed = {"mine": f"mine:{person.id}", "showcase": "showcase"}
    if person.moderates:
        allowed["review"] = "review"
    return frozenset(allowed[place] for place in asked if place in allowed)
