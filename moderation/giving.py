"""Who may give credit or award it, and who puts a theme before everybody. Pure functions that raise
``Refused`` or return."""

from __future__ import annotations

import re

from db.models import Bug, Job, Theme
from db.states import Status, Task
from moderation.people import Person, Role
from moderation.rules import Refused

TITLE_LIMIT, WORD_LIMIT = 80, 30
LONGEST_THEME = 60
"""In days."""
MOST_POOLED = 100_000


def may_tip(person: Person, job: Job) -> None:
    if job.person_id == person.id:
        raise Refused("This job is yours; a tip is for somebody else's.")
    if job.task is Task.REEL:
        raise Refused("This reel is everybody's; tip whose clip you like best.")
    if job.status is not Status.PUBLISHED:
        raise Refused(f"There is no job {job.id} in the showcase whose artist could be tipped.")


def may_judge_bug(person: Person, bug: Bug, finder_id: int) -> None:
    """``finder_id``: who is now whoever found it."""
    if not person.moderates:
        raise Refused("Only moderators decide whether a report deserves credit.")
    if finder_id == person.id:
        raise Refused("This report is yours; two others have to decide.")
    if bug.accepted is not None:
        raise Refused(f"Report {bug.id} is {'accepted' if bug.accepted else 'declined'} already.")


def may_begin_theme(person: Person, title: str, word: str, days: int, pool: int) -> None:
    if Role.HOST not in person.roles:
        raise Refused("Only hosts begin a theme.")
    if not title or len(title) > TITLE_LIMIT:
        raise Refused(f"A theme has a title of 1 to {TITLE_LIMIT} characters.")
    if not re.fullmatch(r"\w[\w-]*", word) or len(word) > WORD_LIMIT:
        raise Refused(f"Its word is a single word of at most {WORD_LIMIT} letters.")
    if not 1 <= days <= LONGEST_THEME:
        raise Refused(f"A theme is open for 1 to {LONGEST_THEME} days.")
    if not 0 <= pool <= MOST_POOLED:
        raise Refused(f"Its winner gets at most {MOST_POOLED:,} credits.")


def may_end_theme(person: Person, theme: Theme) -> None:
    if Role.HOST not in person.roles:
        raise Refused("Only hosts end a theme.")
    if theme.closed_at is not None:
        raise Refused(f"Theme {theme.id} is over.")
