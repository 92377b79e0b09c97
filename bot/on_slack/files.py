"""The files of cards in Slack: posters on the card itself, clips in its thread."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import structlog
from slack_sdk.errors import SlackApiError

from bot.card import Card
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.parts import SlackParts
from bot.on_slack.text import cut
from db import clips, notes, people
from db.models import Clip, Job, Post
from db.states import Purpose, Status

TITLE_LIMIT = 200
FOR_EVER = timedelta(days=36500)
UNSURE = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
"""What Slack says of its own troubles; whatever else it answers is a no."""
MAY_BE_DONE = UNSURE - {"ratelimited"} | {"team_added_to_org", "rollup_error"}

log = structlog.get_logger()


class Files:
    """Uploads each file to each workspace once."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts

    async def pictures(self, team: str, card: Card) -> dict[str, str]:
        """The ids of the pictures on a card, by what they show; those that are missing are left out."""
        wanted = {picture.which: picture.key for picture in card.pictures}
        if not card.spoiler:
            wanted |= {f"clip-{c.number}": c.poster_key for c in await self._clips(card)}
        found = {which: await self._id(team, key) for which, key in wanted.items()}
        return {which: file for which, file in found.items() if file}

    async def forget_pictures(self, team: str, card: Card) -> None:
        """Slack doesn't show them any more: the next time they are uploaded anew."""
        keys = [picture.key for picture in card.pictures]
        keys += [clip.poster_key for clip in await self._clips(card)]
        async with self._parts.db.begin() as s:
            for key in keys:
                await notes.take(s, _name(team, key), FOR_EVER)

    async def take_away_pictures(self, team: str, post: Post) -> None:
        """With a card that is removed from a workspace, because its job left the showcase, or its artist
        the studio."""
        async with self._parts.db.read() as s:
            job = await s.get_one(Job, post.job_id)
            gone = await people.leaving(s, [job.person_id])
            if post.purpose is not Purpose.SHOWCASE and not gone:
                return  # the artist's own card shows them
            if job.status is Status.PUBLISHED:
                return  # another showcase does
            keys = {job.first_key, job.last_key} - {""}
            keys |= {clip.poster_key for clip in await clips.of(s, job.id)}
        await self._forget(keys, team)

    async def _forget(self, keys: Collection[str], team: str) -> None:
        """Delete these pictures from a workspace."""
        async with self._parts.db.read() as s:
            known = {key: await notes.get(s, _name(team, key)) for key in keys}
        for key, file in known.items():
            if file:
                await self._parts.courier.delete_file(team, file)
                async with self._parts.db.begin() as s:
                    await notes.take(s, _name(team, key), FOR_EVER)

    async def take_away_clips(self, sent: Sent, card: Card) -> None:
        """What stands in the thread of clips that aren't on the card any more; and the poster of what
        its artist lets nobody see."""
        if not card.left_out:
            return
        gone = {_clip_name(card.job_id, number) for number in card.left_out}
        gone |= {_grey_name(card.job_id, number) for number in card.left_out}
        for message in await self._parts.courier.thread(sent):
            for file in message.get("files", ()):
                if file.get("name") in gone:
                    await self._parts.courier.delete_file(sent.team, file["id"])
        async with self._parts.db.read() as s:
            made = await clips.of(s, card.job_id)
        await self._forget({clip.poster_key for clip in made if not clip.showcase}, sent.team)

    async def share(self, sent: Sent, card: Card, *, again: bool = False) -> None:
        """Put the clips of a card into its thread; ``again``: unless they are there."""
        made = await self._clips(card)
        if not made or (again and await self._has_files(sent)):
            return
        files = await self._greys(card, made)
        for clip in made:
            path = self._parts.media.path(clip.video_key)
            if await self._parts.media.bring(path):
                title = cut(f"Clip {clip.number}: {card.quote}", TITLE_LIMIT)
                files.append((path, _clip_name(card.job_id, clip.number), title))
            else:
                log.warning("clip.missing", job=card.job_id, clip=clip.number)
        try:
            await self._parts.courier.upload(sent.team, files, sent.channel, sent.ts)
        except SlackApiError as error:
            if is_unsure(error):
                raise
            # A workspace without room for files still has its cards.
            log.warning("clips.not_shared", job=card.job_id, why=error.response.get("error"))

    async def _greys(self, card: Card, made: Collection[Clip]) -> list[tuple[Path, str, str]]:
        """What comes before clips that wait for review: a small still of each without colours."""
        found = []
        for clip in made if card.spoiler else ():
            still = self._parts.media.grey(clip.poster_key)
            if await self._parts.media.bring(still):
                title = cut(f"Clip {clip.number}, without colours: {card.quote}", TITLE_LIMIT)
                found.append((still, _grey_name(card.job_id, clip.number), title))
        return found

    async def _has_files(self, sent: Sent) -> bool:
        thread = await self._parts.courier.thread(sent)
        return any(message["ts"] != sent.ts and message.get("files") for message in thread)

    async def _clips(self, card: Card) -> list[Clip]:
        if not card.clips:
            return []
        async with self._parts.db.read() as s:
            made = {clip.number: clip for clip in await clips.of(s, card.job_id)}
        return [made[shown.number] for shown in card.clips if shown.number in made]

    async def _id(self, team: str, key: str) -> str:
        """Of a picture of the media store in Slack; empty when it is gone here."""
        name = _name(team, key)
        async with self._parts.db.read() as s:
            known = await notes.get(s, name)
        path = self._parts.media.path(key)
        if known or not await self._parts.media.bring(path):
            return known
        try:
            (file,) = await self._parts.courier.upload(team, [(path, path.name, "picture")])
        except SlackApiError as error:
            if is_unsure(error):
                raise
            log.warning("picture.not_uploaded", why=error.response.get("error"))
            return ""
        async with self._parts.db.begin() as s:
            await notes.put(s, name, file)
        return file


def is_unsure(error: SlackApiError) -> bool:
    """Whether trying again may help, and what was asked for may have been done all the same."""
    return error.response.status_code != 200 or error.response.get("error") in UNSURE


def may_be_done(error: SlackApiError) -> bool:
    """Whether what was asked for may have been done all the same."""
    return error.response.status_code >= 500 or error.response.get("error") in MAY_BE_DONE


def _clip_name(job_id: int, number: int) -> str:
    return f"job-{job_id}-clip-{number}.mp4"


def _grey_name(job_id: int, number: int) -> str:
    return f"job-{job_id}-clip-{number}-grey.jpg"


def _name(team: str, key: str) -> str:
    return f"{ROOM}:file:{team}:{key}"
