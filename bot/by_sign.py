"""What every room does alike with a card: what is said of its state, and what is done by a sign and not
by a button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.card import Button, Card
from bot.press import Press
from bot.signs import EMOJI, VOTES, Sign
from db.states import Purpose

BAR = 20


def state(card: Card, moment: Callable[[datetime], str]) -> list[str]:
    """How far it is, how the votes stand and when they end; ``moment``: a time as the room writes it."""
    found = []
    if card.percent is not None:
        done = round(card.percent * BAR / 100)
        found.append(f"{'▰' * done}{'▱' * (BAR - done)} {card.percent} %")
    for clip in card.clips:
        if clip.votes is not None:
            votes = "1 vote" if clip.votes == 1 else f"{clip.votes} votes"
            crown = "🏆 " if clip.winner else ""
            found.append(f"{crown}{EMOJI[VOTES[clip.number - 1]]} {votes}")
    if card.closes_at is not None:
        found.append(f"The ballot closes {moment(card.closes_at)}.")
    return found


def seeds(card: Card) -> list[Sign]:
    """The signs that the bot puts under a card itself, so that they are one tap for everybody."""
    # Not a tip: that gives something away, which nobody should do by a tap in passing.
    tapped = EMOJI.keys() - {Sign.TIP}
    signs = [button.sign for button in card.buttons if button.sign in tapped]
    if signs and card.purpose is Purpose.REVIEW and len(card.clips) > 1:
        signs += [VOTES[clip.number - 1] for clip in card.clips]
    return signs


def legend(card: Card) -> str:
    """What the signs under a card mean that aren't buttons as well; empty where there are none."""
    meant = [button.label for button in card.buttons if not is_pressed(card, button)]
    if meant and len(card.clips) > 1:
        meant.append("a number first: only that clip")
    return " · ".join(meant)


def is_pressed(card: Card, button: Button) -> bool:
    """Moderators decide with a reaction; a button has what no sign means, or what needs a form."""
    by_sign = card.purpose is Purpose.REVIEW and button.sign in EMOJI
    return not by_sign or button.sign is Sign.REJECT


def press_of(card: Card, button: Button) -> Press:
    """What pressing it means."""
    clip = VOTES.index(button.sign) + 1 if button.sign in VOTES else 0
    return Press(button.sign, card.job_id, clip)
