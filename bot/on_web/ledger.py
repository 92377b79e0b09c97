"""The ledger of credit: its page and the whole of it as a file. Nobody has to say who they are."""

from __future__ import annotations

from aiohttp import web

from bot import credits
from bot.ledger_files import Ledger, csv_lines, json_lines
from bot.on_web.described import HTML, JSON, described
from bot.on_web.site import SITE, number, page
from db import books, ledger

PAGE = 50


@described(HTML, query={"account": str, "job": int, "before": int})
async def transactions(request: web.Request) -> web.Response:
    """What was booked, newest first; of one account or about one job where that is asked for."""
    account, job = request.query.get("account", "")[:40], number(request, "job")
    if not account.isprintable():
        raise web.HTTPNotFound
    before = number(request, "before")
    async with request.app[SITE].db.read() as s:
        head = await books.head(s)
        found = await books.newest(
            s, account=account or None, job_id=job, before=before, limit=PAGE + 1
        )
        shown = await credits.told(s, found[:PAGE])
        holder = await credits.holder(s, account) if account else None
        holds = await ledger.held(s, account) if account else []
    return page(
        request,
        "ledger.html",
        head=head,
        transactions=shown,
        account=account,
        holder=holder,
        holds=[credits.amount(number, unit) for unit, number in holds],
        job=job,
        rules=credits.rules().lines,
        more=found[PAGE - 1].id if len(found) > PAGE else None,
    )


@described({JSON: Ledger})
async def as_json(request: web.Request) -> web.StreamResponse:
    """All of it, as it is hashed."""
    return await _file(request, "application/json", "json")


@described({"text/csv": str})
async def as_csv(request: web.Request) -> web.StreamResponse:
    """All of it, a line for each posting."""
    return await _file(request, "text/csv", "csv")


async def _file(request: web.Request, content_type: str, ending: str) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type, response.charset = content_type, "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="ledger.{ending}"'
    await response.prepare(request)
    db = request.app[SITE].db
    async for line in csv_lines(db) if ending == "csv" else json_lines(db):
        await response.write(line.encode())
    await response.write_eof()
    return response
