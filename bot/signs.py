"""What a button or an emoji means. One vocabulary for every room; each room translates at its edge."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from db.states import Reason


class Sign(StrEnum):
    CANCEL = "cancel"
    RETRY = "retry"
    AGAIN = "again"
    VARY = "vary"
    EXTEND = "extend"
    REDRAW = "redraw"
    FINAL = "final"
    PUBLISH = "publish"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    APPEAL = "appeal"
    APPROVE = "approve"
    REJECT = "reject"
    SEXUAL = "sexual"
    GORE = "gore"
    LIKENESS = "likeness"
    COPYRIGHT = "copyright"
    HATE = "hate"
    SPAM = "spam"
    TAKE_BACK_REVIEW = "take_back_review"
    VOTE_1 = "vote_1"
    VOTE_2 = "vote_2"
    VOTE_3 = "vote_3"
    VOTE_4 = "vote_4"
    TAKE_BACK_VOTE = "take_back_vote"


EMOJI: Mapping[Sign, str] = {
    Sign.APPROVE: "✅",
    Sign.REJECT: "❌",
    Sign.SEXUAL: "🔞",
    Sign.GORE: "🩸",
    Sign.LIKENESS: "👤",
    Sign.COPYRIGHT: "©️",
    Sign.HATE: "🚫",
    Sign.SPAM: "🗑️",
    Sign.VOTE_1: "1️⃣",
    Sign.VOTE_2: "2️⃣",
    Sign.VOTE_3: "3️⃣",
    Sign.VOTE_4: "4️⃣",
}

REASONS: Mapping[Sign, Reason] = {
    Sign.REJECT: Reason.OTHER,
    Sign.SEXUAL: Reason.SEXUAL,
    Sign.GORE: Reason.GORE,
    Sign.LIKENESS: Reason.LIKENESS,
    Sign.COPYRIGHT: Reason.COPYRIGHT,
    Sign.HATE: Reason.HATE,
    Sign.SPAM: Reason.SPAM,
}
"""What each sign of a no gives as its reason."""

OF_ONE_CLIP = frozenset({Sign.VARY, Sign.EXTEND, Sign.REDRAW, Sign.FINAL})
"""What goes on from one clip, which is to be picked where there are several."""

VOTES: tuple[Sign, ...] = (Sign.VOTE_1, Sign.VOTE_2, Sign.VOTE_3, Sign.VOTE_4)
"""The sign for clip number i + 1."""
