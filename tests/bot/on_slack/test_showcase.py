"""The public card in Slack: votes by button and by sign, few repaints, and gone when it's withdrawn."""

from __future__ import annotations

import asyncio

import pytest

from bot.on_slack import room as module
from db.states import Purpose, Status
from moderation.sweep import closed_ballots
from tests.bot.on_slack.town import Town
from tests.doubles.on_slack import Message

live = pytest.mark.usefixtures("slack_room")
VOTE_1, VOTE_2 = "press:vote_1:1:1", "press:vote_2:1:2"


@live
async def test_the_card_credits_and_shows_its_clips(town: Town) -> None:
    card = await town.published()
    for said in ("by Ada", "model Toy", "licence Apache-2.0"):
        assert said in card.text()
    pictures = [b for b in card.blocks if b["type"] == "image"]
    assert [p["alt_text"] for p in pictures] == ["Clip 1: a red circle", "Clip 2: a red circle"]
    await town.slack.until(lambda: card.replies)
    assert [f.title for f in card.replies[0].files] == [
        "Clip 1: a red circle",
        "Clip 2: a red circle",
    ]


@live
async def test_a_button_and_a_sign_mean_the_same_vote(town: Town) -> None:
    card = await town.published()
    await town.presses(town.bo, card, VOTE_1)
    await town.votes({1: 1})
    assert "Your vote is for clip 1" in (await town.told(town.bo, 0)).text()
    await town.bo.react(card, "two")
    await town.votes({2: 1})
    await town.mo.react(card, "two")
    await town.votes({2: 2})
    await town.slack.until(lambda: "2️⃣ 2 votes" in card.text())
    await town.bo.unreact(card, "two")
    await town.votes({2: 1})


@live
async def test_a_vote_by_button_is_taken_back_by_button(town: Town) -> None:
    card = await town.published()
    await town.presses(town.bo, card, VOTE_1)
    said = await town.told(town.bo, 0)
    await town.votes({1: 1})
    await town.bo.press(said, label="Take my vote back")
    await town.votes({})


@live
async def test_artists_cannot_vote_for_themselves(town: Town) -> None:
    card = await town.published()
    before = len(town.ada.whispers)
    await town.presses(town.ada, card, VOTE_1)
    assert "don't vote on their own" in (await town.told(town.ada, before)).text()
    await town.ada.react(card, "one")
    assert "don't vote on their own" in (await town.told(town.ada, before + 1)).text()
    await town.votes({})


@live
async def test_people_may_put_anything_else_under_a_clip(town: Town) -> None:
    card = await town.published()
    await town.bo.react(card, "heart")
    await town.quiet()
    assert town.bo.whispers == []


@live
async def test_many_votes_are_few_edits(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    card = await town.published()
    await town.settled()
    monkeypatch.setitem(module.PACE, Purpose.SHOWCASE, 1.5)
    before = len(card.edits)
    for voter in (town.bo, town.mo, town.lin, town.host):
        await town.presses(voter, card, VOTE_2)
        await asyncio.sleep(0.1)
    await town.slack.until(lambda: "4 votes" in card.text())
    assert len(card.edits) - before <= 2


def test_the_tally_is_repainted_every_five_seconds_at_most() -> None:
    assert module.PACE[Purpose.SHOWCASE] == 5


@live
async def test_the_winner_is_shown_and_voting_is_over(town: Town) -> None:
    card = await town.published()
    await town.bo.react(card, "two")
    await town.votes({2: 1})
    await town.close_ballot()
    await closed_ballots(town.db)
    await town.studio.desk.broker.spread(1)
    await town.slack.until(lambda: "🏆 2️⃣ 1 vote" in card.text())
    assert not [b for b in card.buttons() if "vote" in b.action_id]


async def result(town: Town) -> Message:
    found = await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "Job 1 is ready" in m.text()]
    )
    return found[0]


@live
async def test_withdrawing_takes_all_of_it_away(town: Town) -> None:
    card = await town.published()
    await town.slack.until(lambda: card.replies)
    talk = await town.bo.send(town.showcase, "nice", thread=card)
    (clips,) = [m for m in card.replies if m.files]
    posters = [town.slack.files[b["slack_file"]["id"]] for b in card.blocks if b["type"] == "image"]
    assert len(posters) == 2
    await town.presses(town.ada, await result(town), "press:withdraw:1:0")
    await town.slack.until(lambda: card.deleted, 60)
    await town.slack.until(lambda: all(file.deleted for file in posters))
    assert clips.deleted
    assert all(file.deleted for file in clips.files)
    assert not talk.deleted
    assert town.showcase.messages == []


@live
async def test_withdrawing_takes_copies_from_others_too(town: Town) -> None:
    card = await town.published()
    copy = await other_card(town)
    (clips,) = await town.slack.until(lambda: [m for m in copy.replies if m.files])
    await town.presses(town.ada, await result(town), "press:withdraw:1:0")
    await town.slack.until(lambda: card.deleted and copy.deleted, 60)
    assert all(file.deleted for file in clips.files)
    assert not (await result(town)).deleted


@live
async def test_what_was_deleted_by_hand_stays_away(town: Town) -> None:
    card = await town.published()
    await town.host.delete(card)
    await town.presses(town.bo, await other_card(town), VOTE_1)
    await town.settled()
    assert town.showcase.messages == []


async def other_card(town: Town) -> Message:
    """The same card, brought to somebody by a command."""
    await town.says(town.bo, "/studio", "show 1")
    found = await town.slack.until(lambda: [m for m in town.bo.dm.messages if m.buttons()])
    return found[-1]


@live
async def test_remix_extend_and_info(town: Town) -> None:
    card = await town.published()
    await town.presses(town.ada, await result(town), "press:allow_remix:1:0")
    await town.slack.until(lambda: [b for b in card.buttons() if b.label == "Remix"], 60)
    form = await (await town.bo.press(card, "press:remix:1:0")).showed()
    await town.bo.submit(form, {"clip": "2", "words": "a blue square --strength 0.4"})
    job = await town.studio.job(await next_job(town, 2))
    assert (job.prompt, job.source_id, job.source_clip) == ("a blue square", 1, 2)
    before = len(town.bo.whispers)
    await town.presses(town.bo, card, "press:extend:1:0")
    picked = await town.told(town.bo, before)
    assert "Which clip?" in picked.text()
    await town.bo.press(picked, label="Clip 1")
    assert (await town.studio.job(await next_job(town, 3))).source_clip == 1
    await town.presses(town.bo, card, "press:info:1:0")
    await town.slack.until(
        lambda: [
            m for m in town.bo.dm.messages if "About job 1" in m.text() and "seeds" in m.text()
        ]
    )


@live
async def test_a_remix_leads_to_what_it_is_a_remix_of(town: Town) -> None:
    parent = await town.published()
    await town.presses(town.ada, await result(town), "press:allow_remix:1:0")
    await town.slack.until(lambda: [b for b in parent.buttons() if b.label == "Remix"], 60)
    await town.says(town.bo, "/studio", "remix 1 2 a <blue> square")
    await town.render()
    card = await town.card(town.review, 2)
    await town.mo.react(card, "white_check_mark")
    public = await town.card(town.showcase, 2)
    address = f"https://{town.team.domain}.slack.com/archives/{town.showcase.id}/p"
    stamp = parent.ts.replace(".", "")
    assert f"see <{address}{stamp}|job 1>" in str(public.blocks)
    assert "remix of job 1, clip 2 by Ada" in public.text()

    said = await town.says(town.bo, "/studio", "lineage 1")
    assert "Job 1 by Ada (this one)." in said
    assert "└── Your job 2, a remix of job 1, clip 2." in said
    assert "a <blue> square" in said
    assert "no job 99 that you may see" in await town.says(town.bo, "/studio", "lineage 99")


async def next_job(town: Town, job: int) -> int:
    await town.slack.until(lambda: [w for w in town.bo.whispers if f"Job {job} is in" in w.text()])
    return job


@live
async def test_a_report_reaches_the_moderators(town: Town) -> None:
    card = await town.published()
    form = await (await town.bo.press(card, "press:report:1:0")).showed()
    await town.bo.submit(form, {"reason": "likeness", "words": "It is *me* <!here>."})
    shown = await town.slack.until(
        lambda: [m for m in town.review.messages if "Reported: job 1" in m.text()], 60
    )
    assert "It is *me* <!here>." in shown[-1].text()
    down = await (await town.mo.press(shown[-1], label="Take down")).showed()
    await town.mo.submit(down, {"words": "It is."})
    await town.is_(Status.REJECTED)
    await town.slack.until(lambda: card.deleted, 60)
