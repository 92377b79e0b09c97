"""The scopes that the manifest asks for: all of them are used, and no other is needed."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from bot.announce import announce
from bot.on_slack.manifest import EVENTS, scopes
from bot.on_slack.room import SlackRoom
from db import clips, posts
from db.broker import Broker
from db.media import Media
from db.models import Note, utcnow
from db.session import Db
from db.states import Status
from tests.bot.on_slack.rooms import running, settings_of
from tests.doubles.on_slack import Channel, Slack, Upload, User, View
from tests.support.studio import ABLE, NO_BROKER, Studio


def png() -> Upload:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    return Upload("red.png", out.getvalue(), "image/png")


@pytest.mark.slow
async def test_a_whole_story_uses_all_of_them_and_no_other(sqlite_url: str, media: Media) -> None:
    db = Db(sqlite_url)
    studio = Studio(db, Broker(NO_BROKER))
    async with Slack(scopes=scopes(), events=[need.name for need in EVENTS]) as slack:
        team = slack.team("Atelier")
        ada, mo, lin, host = team.user("Ada"), team.user("Mo"), team.user("Lin"), team.owner
        general = team.channel("general", bot=False)
        showcase, review = team.channel("showcase"), team.channel("review", private=True)
        group = team.group("mods", [mo, lin])
        async with running(slack, db, settings_of(slack), media) as room:
            await studio.open([ABLE])
            asked = await host.slash(general, "/studio", "setup")
            form = await asked.showed()
            picked = {"showcase": showcase, "review": review, "group": group.id}
            assert not (await (await host.submit(form, picked)).acked()).errors

            await wish_with_picture(ada, general, slack)
            await told(db, room, 1)
            await slack.until(lambda: ada.dm.messages or ada.ephemerals())
            await rendered(studio, room, media)
            given = "Say who is in it"
            result = await slack.until(
                lambda: [m for m in ada.dm.messages if given in [b.label for b in m.buttons()]]
            )
            who = await (await ada.press(result[-1], label=given)).showed()
            await (await ada.submit(who, {"depicts": "myself"})).acked()
            await until_is(studio, Status.IN_REVIEW)
            await told(db, room, 1)
            await slack.until(lambda: "white_check_mark" in review.last.reactions)
            await mo.react(review.last, "one")
            await mo.unreact(review.last, "one")
            card = review.last
            await mo.react(card, "white_check_mark")
            await lin.react(card, "white_check_mark")  # of what begins with a picture two decide
            await until_is(studio, Status.PUBLISHED)
            await told(db, room, 1)
            await ada.opens_home()
            await slack.until(lambda: ada.home is not None)
            assert showcase.messages

            await found_again(db, room, slack)
            await ada.slash(general, "/studio", "withdraw 1")
            question = await slack.until(
                lambda: [w for w in ada.whispers if "Take it out" in w.text()]
            )
            await ada.press(question[-1], label="Yes, withdraw")
            await until_gone(studio, room, db, slack, showcase)
        refused = [(r.method, r.answer) for r in slack.requests if r.error == "missing_scope"]
        assert refused == []
        assert slack.scopes_used == set(scopes())
        assert slack.violations == []
    await db.close()


@pytest.fixture
def media(tmp_path: Any) -> Media:
    return Media(tmp_path / "media")


async def wish_with_picture(ada: User, general: Channel, slack: Slack) -> View:
    asked = await ada.slash(general, "/sora", "")
    form = await asked.showed()
    await (await ada.submit(form, {"prompt": "a red circle", "image": [png()]})).acked()
    return form


async def told(db: Db, room: SlackRoom, job_id: int) -> None:
    await announce(db, room, job_id)


async def rendered(studio: Studio, room: SlackRoom, media: Media) -> None:
    job = await studio.claim()
    assert job is not None
    assert await studio.finish(job)
    async with studio.db.read() as s:
        made = await clips.of(s, job.id)
    for clip in made:
        for key in (clip.video_key, clip.poster_key, clip.preview_key):
            path = media.path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"the bytes")
    await told(studio.db, room, job.id)


async def until_is(studio: Studio, status: Status) -> None:
    for _ in range(500):
        if (await studio.job(1)).status is status:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {status}")


async def found_again(db: Db, room: SlackRoom, slack: Slack) -> None:
    """As if all of Slack's answers had been lost some minutes ago."""
    async with db.begin() as s:
        for post in await posts.of(s, "slack", 1):
            post.message = post.digest = ""
            post.created_at = post.painted_at = utcnow() - timedelta(minutes=5)
        for note in await s.scalars(select(Note)):
            note.at -= timedelta(minutes=5)
    before = len(slack.requested("chat.postMessage"))
    await announce(db, room, 1)
    assert slack.requested("conversations.history")
    assert len(slack.requested("chat.postMessage")) == before


async def until_gone(
    studio: Studio, room: SlackRoom, db: Db, slack: Slack, showcase: Channel
) -> None:
    for _ in range(500):
        if (await studio.job(1)).status is Status.WITHDRAWN:
            break
        await asyncio.sleep(0.02)
    await told(db, room, 1)
    assert not showcase.messages
