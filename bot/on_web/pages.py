"""The pages a person reads. Each reads what is so, once, and paints it for them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot import grammar, limits, lists
from bot.allowed import history
from bot.card import Fact, Line
from bot.cards_asked import info
from bot.cards_credentials import NONE, facts, standing
from bot.on_web import form
from bot.on_web.described import HTML, described
from bot.on_web.lineage import Drawing, drawing
from bot.on_web.live import ROOM, cursor_at
from bot.on_web.paint import Painted, to_relatives
from bot.on_web.people import FIRST
from bot.on_web.site import SITE, page, visitor_of
from bot.said import WORDS
from bot.view import View, view, views
from db import consents, jobs, posts, workers
from db.media import StoreTrouble
from db.models import Clip, Post, utcnow
from db.states import Flag, Purpose, Status
from moderation import forecast, lineage, rules
from moderation.consent import may
from moderation.plan import CAN
from moderation.words import listed

PAGE = 12
WAITING_PAGE = 30


class Signed(NamedTuple):
    """What one clip's file says of itself."""

    number: int
    standing: Line
    facts: tuple[Fact, ...]


@described({}, also={302: "There."})
async def first_page(request: web.Request) -> web.Response:
    """An address without a person in it: the same page, as the demo's first person."""
    raise web.HTTPFound(f"/as/{FIRST}{request.rel_url}")


@described(HTML, query={"before": int})
async def studio(request: web.Request) -> web.Response:
    """The prompt box, and below it one's own jobs."""
    return await studio_page(request, {})


async def studio_page(
    request: web.Request, typed: Mapping[str, str], refusal: str = "", status: int = 200
) -> web.Response:
    """The studio, with what was typed and why it could not be taken."""
    site, visitor, since = request.app[SITE], visitor_of(request), utcnow()
    async with site.db.read() as s:
        known = await workers.every(s)
        offers = await workers.offers(s)
        mine = await jobs.of_person(
            s, visitor.person.id, before=_number(request, "before"), limit=PAGE + 1
        )
        queued = any(job.status is Status.QUEUED for job in mine[:PAGE])
        turns = await forecast.of_line(s) if queued else {}
        seen = await views(s, [job.id for job in mine[:PAGE]], turns)
        painted = await site.painter.cards(
            s, visitor, [(Purpose.RESULT, seen.get(job.id), job.id) for job in mine[:PAGE]]
        )
        used = await limits.own(s, visitor.person, site.desk.rules)
    return page(
        request,
        "studio.html",
        status,
        since=cursor_at(since),
        fields=form.form(offers, typed),
        used=used,
        limits={offer.name: form.limits(offer) for offer in offers},
        about=offers[0].about if offers else "",
        prompt=typed.get("prompt", ""),
        refusal=refusal,
        key=typed.get("key") or secrets.token_urlsafe(12),
        idle=not any(workers.takes_jobs(worker) for worker in known),
        cards=painted,
        more=mine[PAGE - 1].id if len(mine) > PAGE else None,
    )


@described(HTML, query={"before": int, "after": int})
async def review(request: web.Request) -> web.Response:
    """The moderators' desk: what waits, longest first, then what was decided.

    Whoever asks how one of the two lists goes on is shown that list alone.
    """
    site, visitor, since = request.app[SITE], visitor_of(request), utcnow()
    if not visitor.person.moderates:
        return page(request, "not_a_moderator.html")
    before, after = _number(request, "before"), _number(request, "after")
    async with site.db.read() as s:
        waiting = await posts.awaiting_review(s, ROOM, "review")
        open_ids = {post.id for post in waiting}
        decided = await posts.standing(
            s, ROOM, "review", before=before, limit=PAGE + len(waiting) + 1
        )
        waiting = [post for post in waiting if before is None and post.id > (after or 0)]
        decided = [post for post in decided if after is None and post.id not in open_ids]
        cards = await _paint(request, s, waiting[:WAITING_PAGE])
        done = await _paint(request, s, decided[:PAGE])
    return page(
        request,
        "review.html",
        since=cursor_at(since),
        shows_waiting=before is None,
        shows_decided=after is None,
        cards=cards,
        further=waiting[WAITING_PAGE - 1].id if len(waiting) > WAITING_PAGE else None,
        decided=done,
        more=decided[PAGE - 1].id if len(decided) > PAGE else None,
    )


@described(HTML, query={"before": int})
async def showcase(request: web.Request) -> web.Response:
    """What the community published, with its ballots."""
    site, since = request.app[SITE], utcnow()
    async with site.db.read() as s:
        newest = await posts.standing(
            s, ROOM, "showcase", before=_number(request, "before"), limit=PAGE + 1
        )
        cards = await _paint(request, s, newest[:PAGE])
    more = newest[PAGE - 1].id if len(newest) > PAGE else None
    return page(request, "showcase.html", since=cursor_at(since), cards=cards, more=more)


@described(HTML)
async def line(request: web.Request) -> web.Response:
    """Who is being rendered and who waits; prompts only of one's own."""
    async with request.app[SITE].db.read() as s:
        turns = await lists.turns(s)
        idle = not any(workers.takes_jobs(worker) for worker in await workers.every(s))
    return page(request, "line.html", turns=turns, idle=idle)


@described(HTML, query={"page": int})
async def one_job(request: web.Request) -> web.Response:
    """A job brought back, in every form in which this person may see it."""
    job_id, since = int(request.match_info["job"]), utcnow()
    async with request.app[SITE].db.read() as s:
        seen = await view(s, job_id)
        cards = await cards_of(request, s, seen)
        tree = await _lineage(request, s, seen)
        told = await consents.history(s, job_id)
    if not cards:
        raise web.HTTPNotFound
    about = None
    if seen is not None and seen.job.status is Status.PUBLISHED:
        visitor = visitor_of(request)
        about = await to_relatives(info(visitor.person, job_id, seen), visitor, seen)
    signed = [] if seen is None else await _credentials(request, seen)
    own = seen is not None and seen.job.person_id == visitor_of(request).person.id
    return page(
        request,
        "job.html",
        since=cursor_at(since),
        job_id=job_id,
        cards=cards,
        about=about,
        lineage=tree,
        signed=signed,
        words=WORDS,
        allows=_allows(seen.clips) if seen and own else [],
        history=history(told) if own else [],
    )


async def _credentials(request: web.Request, seen: View) -> list[Signed]:
    """What the files of the clips that this person may see say of themselves, read from them."""
    site, person = request.app[SITE], visitor_of(request).person
    found = []
    for clip in seen.clips:
        if rules.may_see(person, seen.job, clip):
            with suppress(StoreTrouble):  # the page has more to say than that
                await site.media.bring(site.media.path(clip.video_key))
                said = await site.credentials.of(site.media.path(clip.video_key))
                line = NONE if said is None else standing(said)
                found.append(Signed(clip.number, line, facts(said) if said else ()))
    return found


def _allows(made: Sequence[Clip]) -> list[tuple[str, str, dict[Flag, bool]]]:
    """Clip by clip what is allowed."""
    several = len(made) > 1
    return [
        (
            str(clip.number),
            f"Clip {clip.number}" if several else "Yes",
            {flag: may(clip, flag) for flag in Flag},
        )
        for clip in made
    ]


@described(HTML)
async def help_page(request: web.Request) -> web.Response:
    """What everything means."""
    async with request.app[SITE].db.read() as s:
        offers = await workers.offers(s)
    return page(
        request,
        "help.html",
        offers=offers,
        options=grammar.OPTIONS,
        abilities={o.name: listed([CAN[task] for task in o.tasks], "and") for o in offers},
        rules=request.app[SITE].desk.rules,
    )


async def cards_of(request: web.Request, s: AsyncSession, seen: View | None) -> list[Painted]:
    """The cards of one job that this person may see; of no job there are none."""
    if seen is None:
        return []
    job_id = seen.job.id
    standing = {p.purpose for p in await posts.of(s, ROOM, job_id) if p.removed_at is None}
    wanted = [Purpose.RESULT, *sorted(standing & {Purpose.REVIEW, Purpose.SHOWCASE})]
    painter, visitor = request.app[SITE].painter, visitor_of(request)
    painted = await painter.cards(s, visitor, [(purpose, seen, job_id) for purpose in wanted])
    return [card for card in painted if card.html]


async def _lineage(request: web.Request, s: AsyncSession, seen: View | None) -> Drawing | None:
    """The drawn lineage of a job; None where there is nothing to draw for this person."""
    person = visitor_of(request).person
    if seen is None or not lineage.may_know(person, seen.job):
        return None
    found = await lineage.of_job(s, person, seen.job.id, _number(request, "page") or 1)
    return drawing(found, person)


async def _paint(request: web.Request, s: AsyncSession, shown: Sequence[Post]) -> list[Painted]:
    painter, visitor = request.app[SITE].painter, visitor_of(request)
    seen = await views(s, [post.job_id for post in shown])
    painted = await painter.cards(
        s, visitor, [(post.purpose, seen.get(post.job_id), post.job_id) for post in shown]
    )
    return [card for card in painted if card.html]


def _number(request: web.Request, name: str) -> int | None:
    """After which row a list goes on."""
    number = request.query.get(name, "")
    return int(number) if number.isdecimal() and len(number) < 10 else None
