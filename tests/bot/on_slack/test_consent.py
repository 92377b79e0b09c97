"""Consent in Slack: the command, the form under one's own clips, and what goes from a thread."""

from __future__ import annotations

import pytest

from db import clips
from db.states import Flag
from moderation.consent import may
from moderation.people import Person
from tests.bot.on_slack.test_showcase import result
from tests.bot.on_slack.town import Town

LEFT = "Clip 2: a red circle"
live = pytest.mark.usefixtures("slack_room")


async def allowed(town: Town, number: int = 1) -> set[Flag]:
    async with town.studio.db.read() as s:
        clip = await clips.get(s, 1, number)
    assert clip is not None
    return {flag for flag in Flag if may(clip, flag)}


@live
async def test_it_is_typed_of_clips_to_come_and_of_a_job(town: Town) -> None:
    assert "Showcase: yes." in await town.says(town.ada, "/studio", "consent")
    said = await town.says(town.ada, "/studio", "consent remix yes")
    assert "begins with this: remix is allowed." in said
    await town.published()
    assert await allowed(town) == {Flag.SHOWCASE, Flag.REMIX}
    said = await town.says(town.ada, "/studio", "consent 1 2 dataset yes")
    assert "Job 1, clip 2: dataset is allowed." in said
    assert "Dataset: clip 2 only." in await town.says(town.bo, "/studio", "consent 1")
    assert "somebody else's" in await town.says(town.bo, "/studio", "consent 1 remix no")
    assert "Type: /studio consent" in await town.says(town.ada, "/studio", "consent 1 sell yes")


@live
async def test_the_form_has_what_is_so_and_changes_it(town: Town) -> None:
    await town.published()
    form = await (await town.ada.press(await result(town), label="Consent")).showed()
    (name,) = form.inputs()
    await town.ada.submit(form, {name: ["showcase", "training"]})
    await town.slack.until(lambda: "training is allowed" in town.ada.whispers[-1].text())
    assert await allowed(town, 2) == {Flag.SHOWCASE, Flag.TRAINING}


@live
async def test_the_file_of_a_clip_that_is_taken_back_goes(town: Town) -> None:
    card = await town.published()
    await town.slack.until(lambda: card.replies)
    job = await town.studio.job(1)
    await town.studio.desk.consent(Person(job.person_id, "Ada"), 1, {Flag.SHOWCASE: False}, 1)
    await town.slack.until(lambda: "Vote for it" in [b.label for b in card.buttons()], 60)
    await town.slack.until(
        lambda: [f.title for r in card.replies for f in r.files if not f.deleted] == [LEFT],
        20,
    )
    await town.studio.desk.consent(Person(job.person_id, "Ada"), 1, {Flag.SHOWCASE: False})
    await town.slack.until(lambda: card.deleted, 60)
