"""What cards say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot import buttons, cards, kept
from bot.card import Card, Fact
from bot.signs import Sign
from bot.view import View
from db.models import Clip, Job, Review
from db.states import Reason, Status, Verdict
from tests.support.cards import job_of
from tests.support.studio import OFFER

APPROVE, REJECT = Verdict.APPROVE, Verdict.REJECT


def seen(**review: Any) -> View:
    """A job in review on which Mo gave this."""
    job = Job(
        id=1,
        request_key="k",
        person_id=1,
        room="web",
        prompt="a red circle",
        model="toy",
        aspect="1:1",
        width=64,
        height=64,
        frames=16,
        fps=8,
        steps=4,
        final_steps=4,
        guidance=2,
        seed=7,
        variations=2,
        status=Status.IN_REVIEW,
    )
    given = Review(job_id=1, person_id=2, round=1, **review)
    return View(job, "Ada", OFFER, reviews=(("Mo", given),))


@pytest.mark.parametrize(
    ("review", "words"),
    [
        ({"verdict": APPROVE}, "Mo approved."),
        ({"verdict": APPROVE, "clips": [1]}, "Mo approved clip 1."),
        ({"verdict": APPROVE, "clips": [1, 3]}, "Mo approved clips 1 and 3."),
        ({"verdict": APPROVE, "of_appeal": True}, "Mo approved the appeal."),
        (
            {"verdict": APPROVE, "of_appeal": True, "clips": [2]},
            "Mo approved the appeal for clip 2.",
        ),
        ({"verdict": REJECT, "reason": Reason.SPAM}, "Mo rejected it: spam."),
        ({"verdict": REJECT, "reason": Reason.OTHER}, "Mo rejected it."),
        ({"verdict": REJECT, "reason": Reason.GORE, "clips": [2]}, "Mo rejected clip 2: gore."),
        (
            {"verdict": REJECT, "reason": Reason.SPAM, "of_appeal": True, "clips": [1, 2]},
            "Mo rejected the appeal for clips 1 and 2: spam.",
        ),
    ],
)
def test_a_decision_is_a_sentence(review: dict[str, Any], words: str) -> None:
    assert [line.text for line in cards.review(seen(**review)).lines] == [words]


def test_taking_a_review_back_is_worded_here_for_all_rooms() -> None:
    button = buttons.TAKE_BACK_REVIEW
    assert (button.sign, button.label) == (Sign.TAKE_BACK_REVIEW, "Take my review back")


MO, LIN = 2, 3


def gave(verdict: Verdict, *only: int, by: int = MO, round: int = 1) -> tuple[str, Review]:
    """What somebody said of two clips, or only of these."""
    reason = Reason.GORE if verdict is REJECT else None
    given = Review(
        job_id=12, person_id=by, round=round, verdict=verdict, reason=reason, clips=list(only)
    )
    return "Mo" if by == MO else "Lin", given


def of_two(
    *reviews: tuple[str, Review], status: Status = Status.IN_REVIEW, shown: tuple[int, ...] = ()
) -> View:
    keys: dict[str, Any] = {"video_key": "v", "poster_key": "p", "preview_key": "w"}
    clips = tuple(
        Clip(job_id=12, number=n, seed=n, bytes=9, shown=n in shown, **keys) for n in (1, 2)
    )
    job = job_of(status=status, variations=2, round=1)
    return View(job, "Ada", OFFER, clips=clips, reviews=reviews)


def texts(card: Card) -> list[str]:
    return [line.text for line in card.lines]


@pytest.mark.parametrize(
    ("reviews", "says"),
    [
        ([gave(REJECT), gave(APPROVE)], ["Mo approved."]),
        ([gave(REJECT, 1), gave(APPROVE)], ["Mo approved."]),
        (
            [gave(REJECT), gave(APPROVE, 1), gave(APPROVE, 2)],
            ["Mo approved clip 1.", "Mo approved clip 2."],
        ),
        ([gave(REJECT, 1), gave(APPROVE, 2)], ["Mo rejected clip 1: gore.", "Mo approved clip 2."]),
        ([gave(REJECT), gave(APPROVE, 1)], ["Mo rejected it: gore.", "Mo approved clip 1."]),
        ([gave(REJECT), gave(APPROVE, by=LIN)], ["Mo rejected it: gore.", "Lin approved."]),
        ([gave(REJECT), gave(APPROVE, round=2)], ["Mo rejected it: gore.", "Mo approved."]),
    ],
)
def test_what_a_moderator_replaced_is_not_shown(
    reviews: list[tuple[str, Review]], says: list[str]
) -> None:
    assert texts(cards.review(of_two(*reviews))) == says


def test_why_a_clip_was_left_out_stays_after_its_moderator_approved_the_job() -> None:
    reviews = (gave(REJECT, 1), gave(APPROVE))
    view = of_two(*reviews, status=Status.PUBLISHED, shown=(2,))
    assert texts(cards.review(view)) == ["Mo rejected clip 1: gore.", "Mo approved."]


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ((1,), "Clip 1 is in the showcase; clip 2 is not."),
        ((2,), "Clip 2 is in the showcase; clip 1 is not."),
        ((1, 2), "It's in the showcase."),
    ],
)
def test_its_artist_reads_which_clips_are_in_the_showcase(
    shown: tuple[int, ...], says: str
) -> None:
    given = gave(REJECT, *({1, 2} - set(shown)))
    view = of_two(given, status=Status.PUBLISHED, shown=shown)
    assert texts(cards.result(view))[0] == texts(cards.decision(view))[0] == says
    why = [
        line
        for n in (1, 2)
        if n not in shown
        for line in (
            "The rule: blood and cruelty aren't shown.",
            f"Mo rejected clip {n}: gore.",
            "Decided by a person (Mo), not by a machine.",
        )
    ]
    assert texts(cards.result(view))[1:] == why


def test_clips_are_told_of_together_where_several_are_in_or_out() -> None:
    keys: dict[str, Any] = {"video_key": "v", "poster_key": "p", "preview_key": "w"}
    clips = tuple(
        Clip(job_id=12, number=n, seed=n, bytes=9, shown=n < 3, **keys) for n in (1, 2, 3, 4)
    )
    card = cards.result(View(job_of(variations=4), "Ada", OFFER, clips=clips))
    assert texts(card) == ["Clips 1 and 2 are in the showcase; clips 3 and 4 are not."]


def test_the_showcase_says_the_number_that_commands_take() -> None:
    card = cards.showcase(of_two(status=Status.PUBLISHED, shown=(1, 2)))
    assert card.title == "Job 12 · by Ada"


@pytest.mark.parametrize(
    ("status", "shown", "hidden"),
    [
        (Status.IN_REVIEW, (), True),
        (Status.APPEALED, (), True),
        (Status.REJECTED, (), True),
        (Status.REJECTED_FINALLY, (), True),
        (Status.PUBLISHED, (2,), True),
        (Status.PUBLISHED, (1, 2), False),
    ],
)
def test_only_what_was_published_is_uncovered_for_moderators(
    status: Status, shown: tuple[int, ...], hidden: bool
) -> None:
    assert cards.review(of_two(status=status, shown=shown)).spoiler is hidden


@pytest.mark.parametrize(("steps", "takes"), [(1, "1 step"), (40, "40 steps")])
def test_a_draft_says_what_its_final_takes(steps: int, takes: str) -> None:
    card = cards.result(View(job_of(draft=True, final_steps=steps), "Ada", OFFER))
    fact = Fact("draft", f"smaller or with fewer steps; its final takes {takes}")
    assert fact in card.facts


def test_clips_that_are_kept_for_a_time_say_until_when_and_later_that_they_are_gone() -> None:
    clip = Clip(job_id=1, number=1, seed=1, video_key="", poster_key="", preview_key="", bytes=1)
    until = datetime(2026, 12, 3, tzinfo=UTC)
    now = job_of(status=Status.READY, kept_until=until)
    card = cards.result(View(now, "Ada", OFFER, clips=(clip,)))
    assert "until 3 December 2026" in texts(card)[-1]
    assert card.clips
    later = job_of(status=Status.READY, kept_until=until, let_go_at=until)
    card = cards.result(View(later, "Ada", OFFER, clips=(clip,)))
    assert texts(card)[-1] == kept.GONE
    assert not card.clips
    assert [button.sign for button in card.buttons] == [Sign.AGAIN]


def test_a_render_that_waits_for_the_store_says_so() -> None:
    job = job_of(status=Status.RENDERING, step=4, notes=["It waits."])
    assert "It waits." in texts(cards.receipt(View(job, "Ada", OFFER)))
