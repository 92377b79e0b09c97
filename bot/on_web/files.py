"""Clips and previews, to those who may see them; to everybody else they aren't there."""

from __future__ import annotations

from aiohttp import web

from bot import pictures
from bot.on_web.described import PICTURE, VIDEO, described
from bot.on_web.site import SITE, visitor_of
from db import clips, jobs
from db.models import Clip
from db.states import Status
from moderation import rules

TYPES = {"mp4": "video/mp4", **pictures.KINDS}


@described(VIDEO | PICTURE, query={"download": str})
async def clip(request: web.Request) -> web.StreamResponse:
    """One clip, its poster or its small preview; with ``?download`` under a name of its own."""
    job_id, number = int(request.match_info["job"]), int(request.match_info["number"])
    kind = request.match_info["kind"]
    async with request.app[SITE].db.read() as s:
        job = await jobs.get(s, job_id)
        found = await clips.get(s, job_id, number) if job else None
    if job is None or found is None:
        raise web.HTTPNotFound
    if not rules.may_see(visitor_of(request).person, job, found):
        raise web.HTTPNotFound
    name = f"sora-{job_id}-{number}.{kind}" if "download" in request.query else ""
    return await _file(request, _key(found, kind), name)


@described(PICTURE)
async def picture(request: web.Request) -> web.StreamResponse:
    """A picture that clips begin or end with: for its artist, and for whoever decides about them."""
    async with request.app[SITE].db.read() as s:
        job = await jobs.get(s, int(request.match_info["job"]))
    if job is None or not rules.may_see_pictures(visitor_of(request).person, job):
        raise web.HTTPNotFound
    key = job.first_key if request.match_info["which"] == "first" else job.last_key
    return await _file(request, key)


@described(PICTURE)
async def preview(request: web.Request) -> web.StreamResponse:
    """What a render looks like so far; only its artist sees it."""
    async with request.app[SITE].db.read() as s:
        job = await jobs.get(s, int(request.match_info["job"]))
    if job is None or job.person_id != visitor_of(request).person.id:
        raise web.HTTPNotFound
    if job.status is not Status.RENDERING or not job.preview_key:
        raise web.HTTPNotFound
    return await _file(request, job.preview_key)


def _key(found: Clip, kind: str) -> str:
    return {"mp4": found.video_key, "jpg": found.poster_key, "webp": found.preview_key}[kind]


async def _file(request: web.Request, key: str, download_as: str = "") -> web.StreamResponse:
    """Always by this server, whatever store it is in: what it doesn't hand out, nobody can get."""
    media = request.app[SITE].media
    file = await media.bring(media.path(key)) if key else None
    if file is None:
        raise web.HTTPNotFound
    headers = {
        "Content-Type": TYPES[key.rpartition(".")[2]],
        # Kept by the browser, but asked for each time: what is withdrawn is gone at once.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{download_as}"' if download_as else "inline",
    }
    return web.FileResponse(file, headers=headers)
