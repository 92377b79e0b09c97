"""Consent on the web: what may be done with the clips of one job, and with what all begin."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.allowed import FLAGS, changed, changed_defaults
from bot.consenting import NOTHING
from bot.on_web.described import HTML, described
from bot.on_web.site import SITE, back_with, page, visitor_of
from bot.said import WORDS
from db import consents
from db.states import Flag
from moderation.linking import as_now

ALL = "all"
"""In place of a clip's number: all that are made from now on."""
CHANGED = {"was": list[str], "allow": list[str]}
"""A clip's number or ``ALL``, a hyphen and a flag: what the form showed, and what is ticked now."""


@described(HTML)
async def defaults(request: web.Request) -> web.Response:
    """What one's clips begin with."""
    async with request.app[SITE].db.read() as s:
        person = await as_now(s, visitor_of(request).person)
        allowed = await consents.defaults(s, person.id)
    return page(request, "consent.html", words=WORDS, allowed=allowed, all=ALL)


@described({}, form=CHANGED)
async def prefer(request: web.Request) -> web.Response:
    """Change what one's clips begin with."""
    visitor = visitor_of(request)
    choices = (await _choices(request)).get(ALL, {})
    if choices:
        await request.app[SITE].desk.consent_by_default(visitor.person, choices)
    said = changed_defaults(choices) if choices else NOTHING
    return back_with(request, said, f"{visitor.base}/consent")


@described({}, form=CHANGED)
async def consent(request: web.Request) -> web.Response:
    """Change what may be done with each clip of a job."""
    visitor, job_id = visitor_of(request), int(request.match_info["job"])
    desk, said = request.app[SITE].desk, []
    for clip, choices in (await _choices(request)).items():
        if choices and len(clip) == 1 and clip.isdecimal():
            made = await desk.consent(visitor.person, job_id, choices, int(clip))
            said.append(changed(job_id, choices, made))
    return back_with(request, " ".join(said) or NOTHING, f"{visitor.base}/jobs/{job_id}")


async def _choices(request: web.Request) -> Mapping[str, Mapping[Flag, bool]]:
    """By clip, what somebody changed on the form: what it showed is sent along, so that nothing is
    changed back that was changed elsewhere meanwhile."""
    sent = await request.post()
    before, now = set(sent.getall("was", [])), set(sent.getall("allow", []))
    found: dict[str, dict[Flag, bool]] = {}
    for name in map(str, before ^ now):
        clip, _, typed = name.partition("-")
        if typed in FLAGS:
            found.setdefault(clip, {})[FLAGS[typed]] = name in now
    return {clip: found[clip] for clip in sorted(found)}
