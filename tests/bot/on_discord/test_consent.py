"""Consent in Discord: the command, the form under one's own clips, and what goes from a card."""

from __future__ import annotations

from typing import Any

from db import clips
from db.states import Flag
from moderation.consent import may
from moderation.people import Person
from tests.bot.on_discord.test_studio import said
from tests.bot.on_discord.world import World, buttons, gallery, text


async def allowed(world: World, number: int = 1) -> set[Flag]:
    async with world.db.read() as s:
        clip = await clips.get(s, 1, number)
    assert clip is not None
    return {flag for flag in Flag if may(clip, flag)}


async def artist(world: World) -> Person:
    job = await world.studio.job(1)
    return Person(job.person_id, "Ada")


def ticks(modal: Any) -> dict[str, Any]:
    """The one field of the form."""
    (component,) = modal["components"]
    field: dict[str, Any] = component["component"]
    return field


async def test_defaults_are_read_and_changed(world: World) -> None:
    before = await said(world, "consent")
    assert "Showcase: yes. Everybody here may see it" in before
    assert "Remix: no." in before
    done = await said(world, "consent", allow="remix", answer="yes")
    assert "begins with this: remix is allowed." in done
    assert "Remix: yes." in await said(world, "consent")
    await world.rendered()
    assert await allowed(world) == {Flag.SHOWCASE, Flag.REMIX}


async def test_of_one_clip_and_of_a_job(world: World) -> None:
    await world.published()
    done = await said(world, "consent", job=1, clip=2, allow="prompt", answer="yes")
    assert "Job 1, clip 2: prompt is allowed." in done
    assert await allowed(world, 2) == {Flag.SHOWCASE, Flag.PROMPT_SHOWN}
    assert await allowed(world, 1) == {Flag.SHOWCASE}
    own = await said(world, "consent", job=1)
    assert "Prompt: clip 2 only." in own
    assert "Prompt of clip 2: allowed." in own
    others = await said(world, "consent", world.bo, job=1)
    assert "Prompt: clip 2 only." in others
    assert "allowed by your defaults" in own
    assert "defaults" not in others
    refused = await said(world, "consent", world.bo, job=1, allow="remix", answer="yes")
    assert "somebody else's" in refused
    assert "yes or no" in await said(world, "consent", job=1, allow="remix")


async def test_the_form_changes_what_was_changed_on_it(world: World) -> None:
    await world.published()
    shown = await world.ada.slash(world.general, "studio show", job=1)
    assert shown.response is not None
    opened = await world.ada.click(shown.response, label="Consent")
    field = ticks(opened.modal)
    assert [o["value"] for o in field["options"] if o.get("default")] == ["showcase"]
    # Meanwhile they say something elsewhere, which this form doesn't take back.
    await world.studio.desk.consent(await artist(world), 1, {Flag.TRAINING: True})
    values = {field["custom_id"]: ["showcase", "remix"]}
    sent = await world.ada.submit_modal(opened, values)
    assert "remix is allowed" in text(sent.followups[0])
    assert await allowed(world) == {Flag.SHOWCASE, Flag.REMIX, Flag.TRAINING}


async def test_nobody_else_is_given_the_form(world: World) -> None:
    await world.published()
    shown = await world.ada.slash(world.general, "studio show", job=1)
    assert shown.response is not None
    assert "Consent" in buttons(shown.response)
    others = await world.bo.slash(world.general, "studio show", job=1)
    assert others.response is not None
    assert "Consent" not in buttons(others.response)


async def test_a_clip_that_is_taken_back_goes_from_the_card_with_its_file(world: World) -> None:
    await world.published()
    assert len(gallery(world.card(world.showcase))) == 2
    await world.studio.desk.consent(await artist(world), 1, {Flag.SHOWCASE: False}, 1)
    await world.later()
    card = world.card(world.showcase)
    assert [a.filename for a in card.attachments] == ["job-1-clip-2.mp4"]
    assert len(gallery(card)) == 1
    assert "Vote for it" in str(card.components)
    review = world.card(world.review)
    assert [a.filename for a in review.attachments] == ["job-1-clip-2.mp4"]
