"""What cards say of remixes, reports and take-downs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import buttons, cards, cards_asked
from bot.card import Card, Fact, Tone
from bot.signs import EMOJI, NEEDS_SENTENCE, Sign
from bot.view import View
from db.models import Clip, Job, Report, Review, utcnow
from db.offers import Offer
from db.states import Descent, Purpose, Reason, Status, Task, Verdict
from moderation.people import Person, Role
from tests.support.cards import job_of
from tests.support.studio import ABLE, OFFER

CAROL = Person(9, "Carol")


def seen(job: Job, offer: Offer = ABLE, *, remix: bool = False, **more: Any) -> View:
    keys: dict[str, Any] = {"video_key": "v", "poster_key": "p", "preview_key": "w"}
    clip = Clip(job_id=12, number=1, seed=7, bytes=9, shown=True, remix=remix, **keys)
    return View(job, "Ada", offer, clips=(clip,), **more)


def labels(card: Card) -> list[str]:
    return [button.label for button in card.buttons]


def texts(card: Card) -> list[str]:
    return [f"{line.text} {line.said}".strip() for line in card.lines]


def report(reason: Reason, sentence: str = "", person_id: int = 3, **more: Any) -> Report:
    return Report(job_id=12, person_id=person_id, reason=reason, sentence=sentence, **more)


@pytest.mark.parametrize(
    ("remix", "offer", "extra"),
    [
        (False, ABLE, []),
        (True, OFFER, []),
        (True, ABLE, ["Remix", "Extend"]),
        (True, ABLE.model_copy(update={"tasks": (Task.TEXT, Task.VIDEO)}), ["Remix"]),
        (True, ABLE.model_copy(update={"tasks": (Task.TEXT, Task.EXTEND)}), ["Extend"]),
    ],
)
def test_the_showcase_offers_what_is_allowed_and_can_be_made(
    remix: bool, offer: Offer, extra: list[str]
) -> None:
    card = cards.showcase(seen(job_of(), offer, remix=remix))
    assert labels(card) == ["Vote for it", *extra, "💜 Tip", "Info", "Report"]
    closed = cards.showcase(seen(job_of(winner=0), offer, remix=remix))
    assert labels(closed)[:-3] == extra


def test_its_artist_sees_whether_others_may_and_how_to_change_it() -> None:
    card = cards.result(seen(job_of()))
    assert "Allow remixes" in labels(card)
    assert texts(card) == ["It's in the showcase."]
    card = cards.result(seen(job_of(), remix=True))
    assert "Forbid remixes" in labels(card)
    assert texts(card) == ["It's in the showcase.", "Everybody may remix and extend it."]
    assert "Allow remixes" in labels(cards.result(seen(job_of(status=Status.READY))))
    gone = cards.result(seen(job_of(status=Status.WITHDRAWN)))
    assert not {"Allow remixes", "Forbid remixes"} & set(labels(gone))


@pytest.mark.parametrize(
    ("status", "whose"),
    [(Status.PUBLISHED, "by Ada"), (Status.WITHDRAWN, "by Ada (withdrawn since)")],
)
def test_a_remix_names_whose_clip_it_is_of(status: Status, whose: str) -> None:
    grown: dict[str, Any] = {"source_id": 3, "source_clip": 2, "parent_id": 3, "parent_clip": 2}
    remix = job_of(2, task=Task.VIDEO, strength=0.5, descent=Descent.REMIX, **grown)
    source: dict[str, Any] = {"source": job_of(status=status), "source_artist": "Ada"}
    lineage = Fact("remix of", f"job 3, clip 2 {whose}, at strength 0.5", job=3)
    assert lineage in cards.showcase(seen(remix, **source)).facts
    assert lineage in cards.result(seen(remix, **source)).facts
    assert lineage in cards_asked.info(CAROL, 12, seen(remix, **source)).facts
    sequel = job_of(2, task=Task.EXTEND, descent=Descent.EXTEND, **grown)
    lineage = Fact("made from", f"the end of job 3, clip 2 {whose}", job=3)
    assert lineage in cards.showcase(seen(sequel, **source)).facts
    own = job_of(task=Task.EXTEND, descent=Descent.EXTEND, **grown)
    assert not [f for f in cards.showcase(seen(own)).facts if f.name == "made from"]
    assert Fact("made from", "the end of job 3, clip 2", job=3) in cards.result(seen(own)).facts


@pytest.mark.parametrize(
    ("descent", "fact"),
    [
        (Descent.FINAL, Fact("final of", "job 3, clip 2", job=3)),
        (Descent.VARY, Fact("varies", "job 3, clip 2, by 0.35", job=3)),
    ],
)
def test_what_grew_out_of_ones_own_names_that_in_public_once_it_is_public(
    descent: Descent, fact: Fact
) -> None:
    grown = job_of(descent=descent, vary=0.35, parent_id=3, parent_clip=2)
    for status in Status:
        view = seen(grown, kin={3: job_of(id=3, status=status)})
        assert (fact in cards.showcase(view).facts) is (status is Status.PUBLISHED)
        assert fact in cards.result(view).facts


def test_pictures_that_were_given_are_not_told_of_in_public() -> None:
    grown = job_of(task=Task.IMAGE, descent=Descent.VARY, parent_id=3, parent_clip=2)
    card = cards.showcase(seen(grown, kin={3: job_of(id=3)}))
    assert "made from" not in [fact.name for fact in card.facts]


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        ([report(Reason.SPAM)], ["Reported by 1 person: spam."]),
        (
            [report(Reason.SEXUAL), report(Reason.SPAM, "It sells shoes.", 4)],
            ["Reported by 2 people: sexual, spam.", "Spam: It sells shoes."],
        ),
        (
            [report(Reason.OTHER, "It blinks."), report(Reason.OTHER, "It hurts.", 4)],
            ["Reported by 2 people: other.", "Other: It blinks.", "Other: It hurts."],
        ),
        (
            [report(Reason.SPAM, settled_at=utcnow()), report(Reason.LIKENESS, "", 4)],
            ["Reported by 1 person: likeness of a real person."],
        ),
    ],
)
def test_reports_stand_on_the_review_card_alone(reports: list[Report], says: list[str]) -> None:
    view = seen(job_of(), reports=tuple(reports))
    card = cards.review(view)
    assert (card.title, card.tone) == ("Reported: job 12", Tone.WAITING)
    assert texts(card) == says
    assert labels(card) == ["Take down", "Dismiss"]
    for other in (cards.showcase(view), cards.result(view), cards_asked.info(CAROL, 12, view)):
        assert not any("eported" in text for text in texts(other))


def test_settled_reports_leave_no_trace_on_the_card() -> None:
    view = seen(job_of(), reports=(report(Reason.SPAM, "x", settled_at=utcnow()),))
    card = cards.review(view)
    assert (card.title, card.tone) == ("Published: job 12", Tone.GOOD)
    assert (card.lines, card.buttons) == ((), ())


def test_its_artist_reads_that_it_was_taken_down_and_why() -> None:
    given = Review(
        job_id=12,
        person_id=2,
        round=2,
        verdict=Verdict.REJECT,
        reason=Reason.SPAM,
        sentence="It sells shoes.",
    )
    view = seen(job_of(status=Status.REJECTED), reviews=(("Lin", given),))
    taken_out = "It's yours to keep, but it was taken out of the showcase."
    statement = [
        "The rule: advertising, and the same over and over, isn't shown.",
        "Lin rejected it: spam. It sells shoes.",
        "Decided by a person (Lin), not by a machine.",
        "You may appeal once, to moderators who never reviewed it, until",
    ]
    card = cards.decision(view)
    assert (card.title, texts(card)) == ("Taken down: job 12", [taken_out, *statement])
    assert card.lines[-1].at == view.job.status_since + timedelta(days=14)
    assert labels(card) == ["Appeal", "Show it"]
    assert texts(cards.result(view)) == [taken_out, *statement]
    assert cards.review(view).title == "Taken down: job 12"
    never = seen(job_of(status=Status.REJECTED, published_at=None))
    assert cards.decision(never).title == "Rejected: job 12"
    assert texts(cards.result(never))[0].endswith("was not taken into the showcase.")


def test_new_signs_have_no_emoji_and_what_needs_words_asks_for_them() -> None:
    new = {Sign.REMIX, Sign.ALLOW_REMIX, Sign.FORBID_REMIX, Sign.REPORT, Sign.TAKE_DOWN}
    assert not {*new, Sign.DISMISS} & EMOJI.keys()
    assert all(buttons.QUESTIONS[sign] for sign in NEEDS_SENTENCE)


def test_moderators_bring_back_what_they_can_decide_about_with_its_buttons() -> None:
    mo = Person(9, "Mo", frozenset({Role.MODERATOR}))

    def signs(view: View) -> set[Sign]:
        card = cards_asked.shown_to(mo, 12, view)
        return {button.sign for button in card.buttons} if card.purpose is None else set()

    assert Sign.APPROVE in signs(seen(job_of(status=Status.IN_REVIEW)))
    reported = seen(job_of(), reports=(report(Reason.SPAM),))
    assert {Sign.TAKE_DOWN, Sign.DISMISS} <= signs(reported)
    assert Sign.REINSTATE in signs(seen(job_of(status=Status.REJECTED)))
    assert cards_asked.shown_to(CAROL, 12, reported).purpose is Purpose.SHOWCASE
