"""What a workspace may have of its own: rules, and what they may be; and cards brought where it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.settings import LONGEST_BALLOT_HOURS
from db import events, posts
from db.models import Workspace
from moderation.desk import Desk
from moderation.rules import Refused, Rules
from moderation.words import echo, figure

MOST_REVIEWS = 20
MOST_JOBS = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and the column that it is kept in."""

    column: str
    label: str
    low: float
    high: float
    whole: bool = True


RULES = (
    Rule("quorum", "Reviews that decide about a job", 1, MOST_REVIEWS),
    Rule("newcomer_publications", "Somebody's first clips that two look at", 0, MOST_JOBS),
    Rule("queued_cap", "Jobs in line per person", 1, MOST_JOBS),
    Rule("ballot_hours", "Hours that a ballot lasts", 0.1, LONGEST_BALLOT_HOURS, whole=False),
)


def current(rule: Rule, house: Workspace, studio: Rules) -> tuple[str, str]:
    """What the workspace has set, or nothing; and what the studio has."""
    own = getattr(house, rule.column)
    hours = studio.ballot.total_seconds() / 3600
    common = hours if rule.column == "ballot_hours" else getattr(studio, rule.column)
    return "" if own is None else figure(own), figure(common)


def read(rule: Rule, typed: str) -> float | int | None:
    """What somebody typed; None for the studio's own. Raises ``Refused``."""
    text = typed.strip().replace(",", ".")
    if not text:
        return None
    number = float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else -1.0
    if not rule.low <= number <= rule.high or (rule.whole and number != int(number)):
        kind = "a whole number" if rule.whole else "a number"
        raise Refused(
            f"“{rule.label}” is {kind} from {figure(rule.low)} to {figure(rule.high)}, or empty for the "
            f"studio's own; not “{echo(typed)}”."
        )
    return int(number) if rule.whole else number


async def bring_cards(desk: Desk, room: str) -> None:
    """What waits for people appears where it belongs now; what is there already stays as it is."""
    async with desk.db.begin() as s:
        waiting = await posts.wanted(s)
        await events.tell_again(s, room, waiting)
    for job_id in waiting[:1]:
        await desk.broker.spread(job_id)  # any news wakes the feed
