"""From `/sora` to the result: answered at once, private, and never lost."""

from __future__ import annotations

from datetime import timedelta

from db import jobs, replies
from db.models import Reply, utcnow
from db.states import Purpose, Status
from tests.bot.on_discord.world import World, buttons, text


async def test_the_receipt_is_private_and_becomes_the_result(world: World) -> None:
    asked = await world.wish(prompt="a red circle", variations=2)
    assert asked.deferred
    assert asked.ephemeral
    await world.tell()
    assert asked.response is not None
    assert "Job 1" in text(asked.response)
    assert "a red circle" in text(asked.response)
    assert buttons(asked.response) == {"Cancel": "press:cancel:1:0"}
    await world.render()
    assert "Job 1 is ready" in text(asked.response)
    assert [a.filename for a in asked.response.attachments] == [
        "job-1-clip-1.mp4",
        "job-1-clip-2.mp4",
    ]
    assert world.direct(world.ada) == []
    assert world.general.history() == []


async def test_what_is_refused_is_said_and_nothing_is_queued(world: World) -> None:
    asked = await world.wish(prompt="a red circle", duration=99.0)
    assert asked.response is not None
    assert "1 to 4" in text(asked.response)
    async with world.db.read() as s:
        assert await jobs.get(s, 1) is None


async def test_options_may_be_typed_after_the_prompt(world: World) -> None:
    await world.wish(prompt="a red circle --seed 7 --aspect 16:9")
    job = await world.studio.job(1)
    assert (job.prompt, job.seed, job.aspect) == ("a red circle", 7, "16:9")


async def test_an_interaction_told_twice_is_one_job(world: World) -> None:
    asked = await world.wish()
    job = await world.studio.job(1)
    assert job.request_key == f"discord:{asked._interaction.id}"


async def test_after_a_quarter_of_an_hour_the_receipt_goes_on_in_a_direct_message(
    world: World,
) -> None:
    asked = await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=30))
    await world.studio.change(1, prompt="a blue circle")
    await world.later()
    (direct,) = world.direct(world.ada)
    assert "Job 1" in text(direct)
    assert asked.response is not None
    assert "This goes on in your direct messages" in text(asked.response)
    await world.render()
    messages = [text(message) for message in world.direct(world.ada)]
    assert len(messages) == 2
    assert "Job 1 is ready" in messages[-1]


async def test_a_late_result_is_a_message_of_the_bots_own(world: World) -> None:
    await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=-1))
    await world.render()
    assert any("Job 1 is ready" in text(message) for message in world.direct(world.ada))
    post = await world.post(Purpose.RESULT)
    assert post.message.startswith(f"{world.ada.user.dm_channel.id}/")


async def test_who_takes_no_direct_messages_gets_a_private_thread(world: World) -> None:
    await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=-1))
    closed(world)
    await world.render()
    (thread,) = world.general.threads
    assert any("Job 1 is ready" in text(message) for message in thread.history())
    closed(world)
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    assert len(world.general.threads) == 1  # one for all their jobs
    assert any("Published: job 1" in text(message) for message in thread.history())


async def test_who_can_be_reached_in_no_way_loses_nothing(world: World) -> None:
    await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=-1))
    closed(world, times=9)
    world.env.inject_error("POST", "/channels/*/threads", status=403, times=9)
    await world.render()
    assert (await world.post(Purpose.RESULT)).message == "-"
    assert (await world.studio.job(1)).status is Status.IN_REVIEW


async def test_cancel_works_from_the_receipt(world: World) -> None:
    asked = await world.wish()
    await world.tell()
    assert asked.response is not None
    pressed = await world.ada.click(asked.response.message, custom_id="press:cancel:1:0")
    assert (await world.studio.job(1)).status is Status.CANCELLED
    assert "Job 1 is cancelled" in text(pressed.followups[0])
    await world.later()
    assert "You cancelled it" in text(asked.response)


async def test_a_press_by_somebody_else_changes_nothing(world: World) -> None:
    await world.published()
    shown = world.card(world.showcase)
    assert "press:withdraw:1:0" not in buttons(shown).values()
    result = await world.bo.click(shown, custom_id="press:info:1:0")
    assert result.ephemeral
    assert result.response is not None
    assert "seed" in text(result.response)


async def test_a_wish_in_a_direct_message_is_answered_by_messages_that_stay(world: World) -> None:
    await world.ada.user.slash("sora", prompt="a red circle")
    await world.tell()
    await world.render()
    texts = [text(message) for message in world.direct(world.ada)]
    assert any("Job 1 is ready" in each for each in texts)


async def test_a_receipt_is_repainted_every_two_seconds_at_most(world: World) -> None:
    await world.wish()
    await world.tell()
    await world.studio.change(1, prompt="another")
    assert 0 < await world.tell() <= 2


async def expires_in(world: World, left: timedelta) -> None:
    """As if so much of Discord's quarter of an hour were left."""
    async with world.db.begin() as s:
        job = await world.studio.job(1)
        reply = await s.get(Reply, ("discord", job.place))
        assert reply is not None
        reply.expires_at = utcnow() + left
    async with world.db.read() as s:
        alive = await replies.living(s, "discord", job.place)
    assert (alive is not None) == (left > timedelta(0))


def closed(world: World, times: int = 1) -> None:
    """Ada takes no direct messages."""
    channel = world.ada.user.dm_channel.id
    world.env.inject_error(
        "POST", f"/channels/{channel}/messages", status=403, code=50007, times=times
    )


async def test_the_receipt_follows_the_render_with_a_picture_of_it(world: World) -> None:
    asked = await world.wish()
    await world.tell()
    claimed = await world.studio.claim()
    assert claimed is not None
    for key, step in (("a" * 64, 1), ("b" * 64, 2)):
        picture = world.media.path(f"{key}.jpg")
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"a picture")
        await world.studio.change(1, step=step, steps=4, preview_key=f"{key}.jpg")
        await world.later()
        assert asked.response is not None
        assert f"{25 * step} %" in text(asked.response)
        (preview,) = asked.response.attachments
        assert preview.filename == f"preview-{key[:8]}.jpg"  # a name seen before would be cached
    await world.studio.finish(claimed)
    await world.later()
    assert asked.response is not None
    assert "is ready" in text(asked.response)
    assert not [a for a in asked.response.attachments if "preview" in a.filename]
