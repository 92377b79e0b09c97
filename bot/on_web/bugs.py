"""The page of reports about the studio: the form that makes one, and those that wait for moderators."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot import bugs as words
from bot import credits
from bot.on_web.deeds import fields_of, whole
from bot.on_web.described import HTML, described
from bot.on_web.live import ROOM
from bot.on_web.site import SITE, back_with, page, visitor_of
from bot.studio import NO, YES
from db import bugs, people
from db.states import BugKind
from moderation import credit
from moderation.linking import as_now
from moderation.rules import SENTENCE_LIMIT, Refused

MOST_SHOWN = 50


@described(HTML)
async def bugs_page(request: web.Request) -> web.Response:
    """For moderators all that wait, for everybody else their own."""
    return await _page(request, {})


@described({}, form={"verdict": str, "kind": BugKind, "number": int, "text": str})
async def bug(request: web.Request) -> web.Response:
    """Report one, or say whether one deserves credit."""
    visitor, sent = visitor_of(request), await fields_of(request)
    desk, verdict, kind = request.app[SITE].desk, sent.get("verdict", ""), sent.get("kind", "")
    if verdict not in {"", YES, NO} or kind not in {"", *BugKind}:
        raise web.HTTPBadRequest
    try:
        if verdict:
            said = await words.judge(desk, visitor.person, whole(sent, "number"), verdict == YES)
        else:
            said = await words.report(desk, visitor.person, kind, sent.get("text", ""), ROOM)
    except Refused as refused:
        if verdict:
            raise
        return await _page(request, sent, str(refused), 409)
    return back_with(request, said, f"{visitor.base}/bugs")


async def _page(
    request: web.Request, typed: Mapping[str, str], refusal: str = "", status: int = 200
) -> web.Response:
    async with request.app[SITE].db.read() as s:
        person = await as_now(s, visitor_of(request).person)
        found = await bugs.waiting(s, None if person.moderates else person.id)
        names = await people.names(s, {one.person_id for one in found})
    return page(
        request,
        "bugs.html",
        status,
        waiting=[(one, names[one.person_id]) for one in found[:MOST_SHOWN]],
        left_out=max(len(found) - MOST_SHOWN, 0),
        moderates=person.moderates,
        person_id=person.id,
        kinds=words.KINDS,
        typed={"text": "", "kind": "", **typed},
        refusal=refusal,
        longest=SENTENCE_LIMIT,
        reward=credits.amount(credit.table().found),
    )
