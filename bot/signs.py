"""What a button or an emoji means. One vocabulary for every room; each room translates at its edge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from db.states import Reason


class Sign(StrEnum):
    CANCEL = "cancel"
    RETRY = "retry"
    AGAIN = "again"
    REWORD = "reword"
    VARY = "vary"
    EXTEND = "extend"
    REDRAW = "redraw"
    REMIX = "remix"
    FINAL = "final"
    PUBLISH = "publish"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    ALLOW_REMIX = "allow_remix"
    FORBID_REMIX = "forbid_remix"
    CONSENT = "consent"
    STATE = "state"
    APPEAL = "appeal"
    APPROVE = "approve"
    REJECT = "reject"
    SEXUAL = "sexual"
    GORE = "gore"
    LIKENESS = "likeness"
    COPYRIGHT = "copyright"
    HATE = "hate"
    SPAM = "spam"
    DUTY = "duty"
    LOOKING = "looking"
    LOOK_AWAY = "look_away"
    TAKE_BACK_REVIEW = "take_back_review"
    VOTE_1 = "vote_1"
    VOTE_2 = "vote_2"
    VOTE_3 = "vote_3"
    VOTE_4 = "vote_4"
    TAKE_BACK_VOTE = "take_back_vote"
    TIP = "tip"
    TAKE_BACK_TIP = "take_back_tip"
    REPORT = "report"
    TAKE_DOWN = "take_down"
    DISMISS = "dismiss"
    REINSTATE = "reinstate"
    REMEMBER = "remember"
    FORGET = "forget"
    GO_ON = "go_on"
    HAND_ON = "hand_on"
    SHOW = "show"
    INFO = "info"


EMOJI: Mapping[Sign, str] = {
    Sign.APPROVE: "✅",
    Sign.REJECT: "❌",
    Sign.SEXUAL: "🔞",
    Sign.GORE: "🩸",
    Sign.LIKENESS: "👤",
    Sign.COPYRIGHT: "©️",
    Sign.HATE: "🚫",
    Sign.SPAM: "🗑️",
    Sign.LOOKING: "👀",
    Sign.VOTE_1: "1️⃣",
    Sign.VOTE_2: "2️⃣",
    Sign.VOTE_3: "3️⃣",
    Sign.VOTE_4: "4️⃣",
    Sign.TIP: "💜",
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

_PRESENTATION = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
"""Whether a sign is drawn in colour, and with what skin: the same sign all the same."""


def _bare(emoji: str) -> str:
    return _PRESENTATION.sub("", emoji)


_BY_EMOJI = {_bare(emoji): sign for sign, emoji in EMOJI.items()}


def read(emoji: str) -> Sign | None:
    """What an emoji means; None for those that mean nothing here."""
    return _BY_EMOJI.get(_bare(emoji))


NEEDS_PROMPT = frozenset({Sign.REWORD, Sign.REDRAW, Sign.REMIX, Sign.GO_ON})
"""Of those below, those whose words are a prompt; the others' are a sentence."""
NEEDS_SENTENCE = NEEDS_PROMPT | {
    Sign.REJECT,
    Sign.APPEAL,
    Sign.REPORT,
    Sign.TAKE_DOWN,
    Sign.STATE,
    Sign.DUTY,
}
"""Of the buttons that ask something first, those that ask for words; the others ask "really?"."""
NEEDS_PICK = frozenset({Sign.REPORT, Sign.STATE})
"""Those that ask first for one of a few things; a sentence may follow."""

OF_ONE_CLIP = frozenset({Sign.VARY, Sign.EXTEND, Sign.REDRAW, Sign.REMIX, Sign.FINAL})
"""What goes on from one clip, which is to be picked where there are several."""
LOOKS = frozenset({Sign.SHOW, Sign.INFO, Sign.CONSENT})
"""What shows something, or a form, and does nothing."""

VOTES: tuple[Sign, ...] = (Sign.VOTE_1, Sign.VOTE_2, Sign.VOTE_3, Sign.VOTE_4)
"""The sign for clip number i + 1."""
