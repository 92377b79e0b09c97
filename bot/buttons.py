"""The buttons under cards, and what they ask before they act."""

from __future__ import annotations

from bot import said
from bot.card import Button
from bot.signs import EMOJI, REASONS, Sign
from bot.view import View
from db.states import Flag, Reason, Task
from moderation import rules
from moderation.consent import may

QUESTIONS = {
    Sign.WITHDRAW: "Take it out of everything public?",
    Sign.APPEAL: "Why should others look at it again?",
    Sign.REWORD: "What should it show, in other words?",
    Sign.REDRAW: "What should it show instead?",
    Sign.REMIX: "What should yours show?",
    Sign.GO_ON: "What happens next?",
    Sign.HAND_ON: "Let the next in line have the turn?",
    Sign.REJECT: "Why? One sentence for the artist.",
    Sign.REPORT: "What is wrong with it?",
    Sign.DUTY: "How many an hour, and what not to see?",
    Sign.STATE: "Who is the person in it?",
    Sign.TAKE_DOWN: "Why? One sentence for the artist.",
}
"""What a button asks before it acts."""
LIMITS = "Such as: 20, gore, hate. Nothing is no limit."
OPTIONS_MAY_FOLLOW = "Options may follow: --strength 0.5"
"""After a question whose answer is a prompt."""
AGAIN = Button(Sign.AGAIN, "Again")
RETRY_SHOTS = Button(Sign.RETRY, "Retry", strong=True)
"""Of a film: those of its shots that came to nothing."""
REWORD = Button(Sign.REWORD, "Reword", asks=QUESTIONS[Sign.REWORD], strong=True)
REMEMBER = Button(Sign.REMEMBER, "Know its frames again")
FORGET = Button(Sign.FORGET, "Forget its frames")
WITHDRAW = Button(Sign.WITHDRAW, "Withdraw", asks=QUESTIONS[Sign.WITHDRAW], danger=True)
APPEAL = Button(Sign.APPEAL, "Appeal", asks=QUESTIONS[Sign.APPEAL])
TIP = Button(Sign.TIP, f"{EMOJI[Sign.TIP]} Tip")
REPORT = Button(Sign.REPORT, "Report", asks=QUESTIONS[Sign.REPORT])
DUTY = Button(Sign.DUTY, "My limits", asks=f"{QUESTIONS[Sign.DUTY]} {LIMITS}")
"""For whoever moderates: what they take on."""
SHOW = Button(Sign.SHOW, "Show it")
TAKE_BACK_REVIEW = Button(Sign.TAKE_BACK_REVIEW, "Take my review back")
LOOK_AWAY = Button(Sign.LOOK_AWAY, "I'm not looking any more")
TAKE_BACK_VOTE = Button(Sign.TAKE_BACK_VOTE, "Take my vote back")
TAKE_BACK_TIP = Button(Sign.TAKE_BACK_TIP, "Take my tip back")
"""For whoever did what can still be taken back."""


def growing(view: View) -> tuple[Button, ...]:
    """What may grow out of these clips, as far as their model can."""
    if view.offer is None:
        return ()
    buttons = [Button(Sign.VARY, "Vary")]
    if Task.EXTEND in view.offer.tasks:
        buttons.append(Button(Sign.EXTEND, "Extend"))
    if Task.VIDEO in view.offer.tasks:
        asks = f"{QUESTIONS[Sign.REDRAW]} {OPTIONS_MAY_FOLLOW}"
        buttons.append(Button(Sign.REDRAW, "Redraw", asks=asks))
    if view.job.draft:
        buttons.append(Button(Sign.FINAL, "Final"))
    return tuple(buttons)


def remixing(view: View) -> tuple[Button, ...]:
    """What everybody may do with these clips, where their artist allows it and their model can."""
    allowed = any(clip.shown and may(clip, Flag.REMIX) for clip in view.clips)
    if view.offer is None or not allowed:
        return ()
    buttons = []
    if Task.VIDEO in view.offer.tasks:
        asks = f"{QUESTIONS[Sign.REMIX]} {OPTIONS_MAY_FOLLOW}"
        buttons.append(Button(Sign.REMIX, "Remix", asks=asks))
    if Task.EXTEND in view.offer.tasks:
        buttons.append(Button(Sign.EXTEND, "Extend"))
    return tuple(buttons)


def permission(view: View) -> tuple[Button, ...]:
    """What may be done with the clips is their artist's to change at any time."""
    all_may = all(may(clip, Flag.REMIX) for clip in view.clips)
    remix = (
        (Sign.FORBID_REMIX, "Forbid remixes") if all_may else (Sign.ALLOW_REMIX, "Allow remixes")
    )
    consent = Button(Sign.CONSENT, "Consent")
    return (consent,) if view.parts else (Button(*remix), consent)  # nothing goes on from a film


def settling(view: View) -> tuple[Button, ...]:
    """What moderators can do about reports that wait, and about what was taken down by mistake."""
    if rules.is_taken_down(view.job):
        return (Button(Sign.REINSTATE, "Put it back"),)
    if not view.complaints:
        return ()
    asks = QUESTIONS[Sign.TAKE_DOWN]
    return (
        Button(Sign.TAKE_DOWN, "Take down", asks=asks, danger=True),
        Button(Sign.DISMISS, "Dismiss"),
    )


def deciding() -> tuple[Button, ...]:
    """What moderators decide with, while a job waits for it."""
    labels = {
        Sign.APPROVE: "Approve",
        Sign.REJECT: "Reject …",
        Sign.SEXUAL: said.REASON[Reason.SEXUAL],
        Sign.GORE: said.REASON[Reason.GORE],
        Sign.LIKENESS: said.REASON[Reason.LIKENESS],
        Sign.COPYRIGHT: said.REASON[Reason.COPYRIGHT],
        Sign.HATE: said.REASON[Reason.HATE],
        Sign.SPAM: said.REASON[Reason.SPAM],
        Sign.LOOKING: "I'm looking",
    }
    return tuple(
        Button(
            sign,
            f"{EMOJI[sign]} {label}",
            asks=QUESTIONS.get(sign, ""),
            strong=sign is Sign.APPROVE,
            danger=sign in REASONS,
        )
        for sign, label in labels.items()
    )
