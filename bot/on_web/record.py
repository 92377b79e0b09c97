"""The public record: its page, its JSON, and the transparency report. Nobody has to say who they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from aiohttp import web

from bot import recorded
from bot.on_web.described import HTML, JSON, described
from bot.on_web.site import SITE, as_json, number, origin, page
from bot.transparency import credits_section, sections
from db import record
from db.models import utcnow
from moderation import transparency
from moderation.chronicle import RECORDED
from moderation.credited import Credited, credited
from moderation.transparency import Month

PAGE = 50
MOST_ENTRIES = 1000
"""That are handed out at once as JSON."""


@dataclass(frozen=True, slots=True)
class Entry:
    """As it hangs in the chain."""

    seq: int
    previous: str
    body: str
    """The very text that is hashed."""
    hash: str


@dataclass(frozen=True, slots=True)
class Entries:
    """Oldest first."""

    head: record.Head
    entries: list[Entry]
    next: int | None
    """The number to go on from."""


@dataclass(frozen=True, slots=True)
class Report(Month):
    """The report of one month, and of which others there are some."""

    months: list[str]


@dataclass(frozen=True, slots=True)
class Credits(Credited):
    """Those of one month."""

    month: str


@described(HTML, query={"kind": str, "job": int, "before": int})
async def entries(request: web.Request) -> web.Response:
    """What was recorded, newest first; of one kind or one job where that is asked for."""
    kind = request.query.get("kind", "")
    kind = kind if kind in RECORDED else ""
    job, before = number(request, "job"), number(request, "before")
    async with request.app[SITE].db.read() as s:
        head = await record.head(s)
        found = await record.newest(s, kind=kind, job=job, before=before, limit=PAGE + 1)
    return page(
        request,
        "record.html",
        head=head,
        entries=[recorded.told(entry) for entry in found[:PAGE]],
        kinds=[(one.value, recorded.title(one)) for one in RECORDED],
        kind=kind,
        job=job,
        more=found[PAGE - 1].seq if len(found) > PAGE else None,
        origin=origin(request),
    )


@described({JSON: Entries}, query={"from": int, "limit": int})
async def entries_json(request: web.Request) -> web.Response:
    """Entries from a number on, as they are hashed."""
    first = number(request, "from") or 1
    limit = number(request, "limit")
    limit = MOST_ENTRIES if limit is None else min(max(limit, 1), MOST_ENTRIES)
    async with request.app[SITE].db.read() as s:
        head = await record.head(s)
        found = await record.after(s, first - 1, limit)
    last = found[-1].seq if found else head.seq
    shown = [Entry(one.seq, one.previous, one.body, one.hash) for one in found]
    return as_json(Entries(head, shown, last + 1 if last < head.seq else None))


@described(HTML, query={"month": str})
async def report(request: web.Request) -> web.Response:
    """What the entries of one month add up to."""
    months, month = await _month(request)
    async with request.app[SITE].db.read() as s:
        found = await credited(s, month.month)
    return page(
        request,
        "report.html",
        months=months,
        month=month.month,
        sections=[*sections(month), credits_section(found)],
        origin=origin(request),
    )


@described({JSON: Report}, query={"month": str})
async def report_json(request: web.Request) -> web.Response:
    """What the entries of one month add up to, for programs."""
    months, month = await _month(request)
    return as_json(Report(**asdict(month), months=months))


@described({JSON: Credits}, query={"month": str})
async def credits_json(request: web.Request) -> web.Response:
    """The credits of the month, which are from the ledger and not from the record's entries."""
    _, month = await _month(request)
    async with request.app[SITE].db.read() as s:
        found = await credited(s, month.month)
    return as_json(Credits(**asdict(found), month=month.month))


async def _month(request: web.Request) -> tuple[list[str], Month]:
    """All months there are, newest first; and the one that was asked for, or the newest."""
    asked = request.query.get("month", "")
    async with request.app[SITE].db.read() as s:
        months = list(await record.months(s)) or [f"{utcnow():%Y-%m}"]
        if asked and asked not in months:
            raise web.HTTPNotFound
        month = asked or months[0]
        return months, transparency.summary(month, await record.statistics(s, month))
