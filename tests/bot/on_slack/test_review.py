"""Review by reaction in Slack: one tap decides, only moderators' taps count, each exactly once."""

from __future__ import annotations

import pytest

from bot.on_slack import people
from bot.on_slack.signs import ALIASES, NAMES
from bot.on_slack.watching import MEANS_NOTHING
from bot.signs import REASONS, Sign
from db.states import Reason, Status, Verdict
from tests.bot.on_slack.town import Town

YES, NO = "white_check_mark", "x"
pytestmark = pytest.mark.usefixtures("slack_room")


@pytest.mark.parametrize("name", [n for n, s in ALIASES.items() if s is Sign.APPROVE])
async def test_one_tap_publishes(town: Town, name: str) -> None:
    card = await town.in_review()
    await town.mo.react(card, name)
    shown = await town.card(town.showcase)
    assert "by Ada" in shown.text()
    await town.slack.until(lambda: "Mo approved" in card.text())


async def test_the_card_hides_its_clips_and_offers_every_sign(town: Town) -> None:
    card = await town.in_review(text="a red circle --variations 2")
    await town.slack.until(lambda: len(card.reactions) == 11)
    left_out = {Sign("vote_3"), Sign("vote_4"), Sign.TIP}
    assert set(card.reactions) == {n for s, n in NAMES.items() if s not in left_out}
    assert [b.action_id for b in card.buttons()] == [
        "press:reject:1:0",
        "press:duty:1:0",
    ]
    assert not [b for b in card.blocks if b["type"] == "image"]
    await town.slack.until(lambda: card.replies)
    (reply,) = card.replies
    assert [f.name for f in reply.files] == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"]


async def test_stills_without_colours_come_before_the_clips(town: Town) -> None:
    for number in (1, 2):
        still = town.media.grey(f"{number:064x}.jpg")
        still.parent.mkdir(parents=True, exist_ok=True)
        still.write_bytes(b"grey")
    card = await town.in_review(text="a red circle --variations 2")
    await town.slack.until(lambda: card.replies)
    names = [f.name for f in card.replies[0].files]
    assert names[:2] == ["job-1-clip-1-grey.jpg", "job-1-clip-2-grey.jpg"]
    assert names[2:] == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"]


@pytest.mark.parametrize(
    "name",
    [n for n, s in ALIASES.items() if s in REASONS and s is not Sign.REJECT]
    + ["bust_in_silhouette::skin-tone-3"],
)
async def test_a_reason_in_one_tap(town: Town, name: str) -> None:
    card = await town.in_review()
    await town.mo.react(card, name)
    await town.is_(Status.REJECTED)
    (review,) = await town.reviews(1)
    sign = ALIASES[name.partition("::")[0]]
    assert (review.verdict, review.reason) == (Verdict.REJECT, REASONS[sign])
    told = await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "Rejected" in m.text()]
    )
    assert "press:appeal:1:0" in [b.action_id for b in told[-1].buttons()]


async def test_numbers_first_limit_the_decision(town: Town) -> None:
    card = await town.in_review(text="a red circle --variations 2")
    await town.mo.react(card, "two")
    await town.mo.react(card, YES)
    shown = await town.card(town.showcase)
    assert [b.action_id for b in shown.buttons()][:1] == ["press:vote_2:1:2"]
    await town.slack.until(lambda: shown.replies)
    assert [f.name for f in shown.replies[0].files] == ["job-1-clip-2.mp4"]


async def test_who_is_no_moderator_decides_nothing_and_is_told_quietly_once(town: Town) -> None:
    card = await town.in_review()
    for who in (town.bo, town.ada):
        await who.react(card, YES)
        assert "oderator" in (await town.told(who, 0, town.review)).text()
    await town.quiet()
    assert len(town.bo.ephemerals(town.review)) == 1
    assert await town.reviews() == []
    assert len(town.review.messages) == 1


async def test_nobody_decides_about_their_own_work(town: Town) -> None:
    card = await town.in_review(town.mo)
    await town.mo.react(card, YES)
    assert "own work" in (await town.told(town.mo, 0, town.review)).text()
    assert await town.reviews() == []
    await town.lin.react(card, YES)
    await town.is_(Status.PUBLISHED)


@pytest.mark.parametrize("name", ["pizza", "three", "some_custom_one"])
async def test_a_sign_that_means_nothing_is_said_to(town: Town, name: str) -> None:
    card = await town.in_review()
    await town.mo.react(card, name)
    assert (await town.told(town.mo, 0, town.review)).text() == MEANS_NOTHING
    assert await town.reviews() == []


async def test_a_no_asks_for_its_sentence(town: Town) -> None:
    card = await town.in_review(text="a red circle --variations 2")
    await town.mo.react(card, "two")
    await town.mo.react(card, NO)
    asked = await town.told(town.mo, 0, town.review)
    assert len(town.review.messages) == 1
    form = await (await town.mo.press(asked, "why:reject:1:0")).showed()
    await (await town.mo.submit(form, {"words": "Too *dark* <!channel>."})).acked()
    (review,) = await town.reviews(1)
    assert (review.reason, review.sentence) == (Reason.OTHER, "Too *dark* <!channel>.")
    assert review.clips == [2]


async def test_its_sentence_reaches_the_artist_as_it_is(town: Town) -> None:
    card = await town.in_review()
    form = await (await town.mo.press(card, "press:reject:1:0")).showed()
    await town.mo.submit(form, {"words": "Too *dark* <!channel>."})
    told = await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "Too *dark* <!channel>." in m.text()]
    )
    assert [ping for message in told for ping in message.pings() if "date" not in ping] == []


async def test_before_the_quorum_a_sign_is_taken_back(town: Town) -> None:
    await town.set_up(quorum=2)
    card = await town.in_review()
    await town.mo.react(card, YES)
    await town.reviews(1)
    await town.mo.unreact(card, YES)
    await town.reviews(0)
    await town.lin.react(card, YES)
    await town.reviews(1)
    await town.mo.react(card, YES)
    await town.is_(Status.PUBLISHED)


async def test_of_two_signs_that_say_the_same_one_is_enough(town: Town) -> None:
    await town.set_up(quorum=2)
    card = await town.in_review()
    await town.mo.react(card, YES)
    await town.mo.react(card, "heavy_check_mark")
    await town.reviews(1)
    await town.mo.unreact(card, YES)
    await town.quiet()
    await town.reviews(1)
    await town.mo.unreact(card, "heavy_check_mark")
    await town.reviews(0)


async def test_a_no_by_form_is_taken_back_by_button(town: Town) -> None:
    await town.set_up(quorum=2)
    card = await town.in_review()
    form = await (await town.mo.press(card, "press:reject:1:0")).showed()
    await town.mo.submit(form, {"words": "too dark"})
    said = await town.told(town.mo, 0, town.review)
    await town.reviews(1)
    await town.mo.press(said, label="Take my review back")
    await town.reviews(0)


async def test_after_the_decision_a_sign_changes_nothing(town: Town) -> None:
    card = await town.in_review()
    await town.mo.react(card, YES)
    await town.is_(Status.PUBLISHED)
    await town.lin.react(card, "underage")
    await town.mo.unreact(card, YES)
    await town.quiet()
    await town.is_(Status.PUBLISHED)
    assert len(await town.reviews()) == 1
    assert town.lin.ephemerals(town.review) == []


async def test_a_user_group_moderates(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "GROUP_SECONDS", 0.0)
    group = town.team.group("mods", [town.bo])
    await town.set_up(moderators=group.id)
    card = await town.in_review()
    await town.mo.react(card, YES)
    await town.told(town.mo, 0, town.review)
    await town.bo.react(card, YES)
    await town.is_(Status.PUBLISHED)


async def test_a_group_that_is_gone_leaves_the_hosts(town: Town) -> None:
    group = town.team.group("mods", [town.bo])
    await town.set_up(moderators=group.id)
    group.disabled = True
    card = await town.in_review()
    await town.bo.react(card, YES)
    await town.told(town.bo, 0, town.review)
    await town.host.react(card, YES)
    await town.is_(Status.PUBLISHED)


async def test_who_was_deactivated_decides_nothing(town: Town) -> None:
    card = await town.in_review()
    # They react in the last moment before.
    await town.mo.react(card, YES)
    town.mo.deactivated = True
    await town.quiet()
    assert await town.reviews() == []
    assert town.mo.whispers == []


async def test_a_listed_guest_decides(town: Town) -> None:
    guest = town.team.user("Gil", guest=True)
    town.review.invite(guest)
    await town.set_up(moderators=guest.id)
    card = await town.in_review()
    await guest.react(card, YES)
    await town.is_(Status.PUBLISHED)


async def test_slack_that_does_not_say_who_it_was_is_asked_again(town: Town) -> None:
    card = await town.in_review()
    town.slack.faults.next("users.info", error="internal_error", times=2)
    await town.mo.react(card, YES)
    await town.is_(Status.PUBLISHED)
    assert town.mo.ephemerals(town.review) == []


async def test_a_card_deleted_by_hand_comes_back(town: Town) -> None:
    await town.set_up(quorum=2)
    card = await town.in_review()
    await town.host.delete(card)
    await town.studio.desk.broker.spread(1)
    async with town.db.begin() as s:
        from db import events, posts

        await posts.forget_looks(s, "slack", 1)
        await events.tell_again(s, "slack", [1])
    await town.slack.until(lambda: town.review.messages)
    again = await town.card(town.review)
    assert again is not card
    await town.mo.react(again, YES)
    await town.lin.react(again, YES)
    await town.is_(Status.PUBLISHED)
