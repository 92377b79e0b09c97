"""What cards say of the screen: to the artist all of it, to moderators what they need, to others nothing."""

from __future__ import annotations

from bot import films
from bot.buttons import APPEAL, FORGET, REMEMBER, REWORD, WITHDRAW
from bot.card import Button, Line, Tone
from bot.view import View
from db.models import Hit
from db.states import Status
from moderation.screening.remembering import KNOWN_AGAIN
from moderation.screening.words import rules

NO_CLIPS = (
    "The screen stopped it before it was rendered, so there are no clips. A yes has it rendered."
)
NOT_GRANTED = "The appeal was not granted, so it isn't rendered."
STATEMENT = (
    "Moderators look twice whether this person permits it, or whether it is satire; if they say no, say "
    "in your appeal which it is."
)


def stopped(view: View) -> tuple[Tone, tuple[Line, ...], tuple[Button, ...]]:
    """The receipt of what was blocked, for its artist."""
    match view.job.status:
        case Status.BLOCKED:
            lines = (
                Line("The screen stopped it before anything was rendered. Your words are kept."),
                *films.stopped(view),
                *(_rule(hit) for hit in view.hits if hit.hard),
                Line("Say it in other words, or appeal: then moderators read it and decide."),
            )
            return Tone.BAD, lines, (REWORD, APPEAL, WITHDRAW)
        case Status.APPEALED:
            lines = (Line("You appealed; moderators will read your words and decide."),)
            return Tone.WAITING, lines, (REWORD, WITHDRAW)
        case _:
            lines = (Line(NOT_GRANTED), *(_rule(hit) for hit in view.hits if hit.hard))
            return Tone.BAD, lines, (REWORD, WITHDRAW)


def verdict(view: View) -> list[Line]:
    """What was flagged, for its artist."""
    flagged = [hit for hit in view.hits if not hit.hard]
    lines = [_rule(hit) for hit in flagged]
    if any(hit.rule == "likeness" for hit in flagged):
        lines.append(Line(STATEMENT))
    return lines


def hits(view: View) -> list[Line]:
    """The same for moderators, who see the words when they want to; what was overturned is said too."""
    words_alone = view.job.status is Status.APPEALED and not view.clips
    return [
        *([Line(NO_CLIPS)] if words_alone else []),
        *(
            Line(
                f"Screen, {_where(hit)}: {_name(hit)}{', overturned' if hit.overturned_at else ''}.",
                ", ".join(hit.words),
                covered=True,
            )
            for hit in view.hits
        ),
    ]


def remembering(view: View) -> tuple[Button, ...]:
    """For moderators, of what was rejected for what its frames show."""
    if view.remembered:
        return (FORGET,)
    rejected = view.job.status in {Status.REJECTED, Status.REJECTED_FINALLY}
    for_frames = any(review.reason in KNOWN_AGAIN for _, review in view.reviews)
    hashed = any(clip.hashes for clip in view.clips)
    return (REMEMBER,) if rejected and for_frames and hashed else ()


def _rule(hit: Hit) -> Line:
    """Which rule, why, and by which of the artist's own words."""
    rule = rules().get(hit.rule)
    sentence = rule.sentence if rule else "This rule is no longer there."
    found = "Overturned by moderators." if hit.overturned_at else f"Found {_where(hit)}:"
    words = "" if hit.overturned_at else ", ".join(hit.words)
    return Line(f"{_name(hit)}: {sentence} {found}", words)


def _name(hit: Hit) -> str:
    rule = rules().get(hit.rule)
    return f"{rule.name if rule else hit.rule} (rule {hit.rule}, version {hit.version})"


def _where(hit: Hit) -> str:
    return f"in clip {hit.clip}" if hit.clip else "in the prompt"
