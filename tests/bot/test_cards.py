"""What cards say."""

from __future__ import annotations

from typing import Any

import pytest

from bot import buttons, cards
from bot.signs import Sign
from bot.view import View
from db.models import Job, Review
from db.states import Reason, Status, Verdict
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
        ({"verdict": REJECT, "reason": Reason.SPAM}, "Mo said no: spam."),
        ({"verdict": REJECT, "reason": Reason.OTHER}, "Mo said no."),
        ({"verdict": REJECT, "reason": Reason.GORE, "clips": [2]}, "Mo said no to clip 2: gore."),
        (
            {"verdict": REJECT, "reason": Reason.SPAM, "of_appeal": True, "clips": [1, 2]},
            "Mo said no to the appeal for clips 1 and 2: spam.",
        ),
    ],
)
def test_a_decision_is_a_sentence(review: dict[str, Any], words: str) -> None:
    assert [line.text for line in cards.review(seen(**review)).lines] == [words]


def test_taking_a_review_back_is_worded_here_for_all_rooms() -> None:
    button = buttons.TAKE_BACK_REVIEW
    assert (button.sign, button.label) == (Sign.TAKE_BACK_REVIEW, "Take my review back")
