"""What a form that was sent says, and what no form of ours does."""

from __future__ import annotations

import pytest

from bot.press import OF_ANOTHER_VERSION, Press, Step
from bot.signs import Sign
from db.states import Reason
from moderation.rules import Refused

FORM = str(Press(Sign.REPORT, 7, 0, Step.SAY))


def test_what_was_picked_is_read() -> None:
    assert Press.sent(FORM, "2", Reason.SPAM) == (
        Press(Sign.REPORT, 7, 2, Step.SAY),
        Reason.SPAM,
    )
    assert Press.sent(FORM, "", "") == (Press(Sign.REPORT, 7, 0, Step.SAY), Reason.OTHER)


@pytest.mark.parametrize(
    ("form", "clip", "reason"), [("x", "", ""), (FORM, "9", ""), (FORM, "x", ""), (FORM, "", "x")]
)
def test_what_no_form_of_ours_offers_is_refused(form: str, clip: str, reason: str) -> None:
    with pytest.raises(Refused, match=OF_ANOTHER_VERSION):
        Press.sent(form, clip, reason)
