"""Storyboards: several prompts in one wish, each of them a shot of one film. Pure functions."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

from db.models import Job
from db.offers import Offer
from db.states import Task
from moderation.films import put_together
from moderation.plan import plan, wish_of
from moderation.rules import Refused
from moderation.wish import SEED_LIMIT, Request, Wish
from moderation.words import clean

BETWEEN = re.compile(r"\s*[|\n]\s*")
FEWEST, MOST = 2, 6
"""How many shots a storyboard may have."""


def shots_of(prompt: str) -> list[str]:
    """The prompts between the bars or on the lines of one. Raises ``Refused``."""
    shots = [shot for shot in map(clean, BETWEEN.split(prompt)) if shot]
    if not FEWEST <= len(shots) <= MOST:
        has = "none" if not shots else "one" if len(shots) == 1 else str(len(shots))
        raise Refused(
            f"A storyboard has {FEWEST} to {MOST} shots, each on a line of its own or with | between "
            f"them; this one has {has}."
        )
    return shots


def again_as_storyboard(film: Job, shot: Job) -> Wish:
    """The wish behind a film and its shots, of which ``shot`` is one, without its seed."""
    return replace(wish_of(shot), prompt=film.prompt, private=film.private, storyboard=True)


def storyboard(
    wish: Wish, request: Request, person_id: int, offers: Sequence[Offer]
) -> tuple[Job, list[Job]]:
    """The film that this wish becomes, and its shots. Raises ``Refused`` with what is allowed instead.

    The shots are rendered in full, in one style, size and length; their seeds are neighbours. They are
    their artist's alone: it is the film that goes to review.
    """
    prompts = shots_of(wish.prompt)
    if wish.image or wish.last or wish.loop:
        raise Refused("A storyboard is made of words; leave out image, last and loop.")
    if wish.variations not in (None, 1):
        raise Refused("A storyboard makes one clip of each shot; leave out variations.")
    common = replace(wish, storyboard=False, variations=1, final=True, private=True)
    first = plan(replace(common, prompt=prompts[0]), request, person_id, offers)
    seed = secrets.randbelow(SEED_LIMIT + 1) if wish.seed is None else first.seed
    shots = [
        plan(
            replace(common, prompt=prompt, seed=(seed + number) % (SEED_LIMIT + 1)),
            replace(request, key=f"{request.key}:shot-{number + 1}"),
            person_id,
            offers,
        )
        for number, prompt in enumerate(prompts)
    ]
    shown = [(shot, 1) for shot in shots]
    title = " | ".join(prompts)
    film = put_together(Task.FILM, shown, request, person_id, title, private=wish.private)
    return film, shots
