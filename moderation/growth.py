"""Jobs that grow out of a clip: near it, after it, over it, or its full render. Pure functions.

They belong to whoever asks, which need not be whoever made the clip. What goes on from a clip or draws
it anew therefore leaves the pictures behind that its artist gave: they were never published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from db.models import Clip, Job
from db.offers import Offer, Range
from db.states import Descent, Task
from moderation.plan import plan, roots_of, wish_of
from moderation.rules import Refused
from moderation.wish import Request, Roots, Wish
from moderation.words import figure

VARY = Range(low=0.05, high=1, default=0.35)
"""How far a variation may go from its clip."""


def varied(
    job: Job,
    clip: Clip,
    request: Request,
    person_id: int,
    offers: Sequence[Offer],
    vary: float,
) -> Job:
    """The same wish, near this clip, which may itself be near another."""
    if not VARY.holds(vary):
        raise Refused(
            f"A variation goes {figure(VARY.low)} to {figure(VARY.high)} away, not {figure(vary)}."
        )
    kept = roots_of(job)
    roots = replace(
        kept,
        near=(*kept.near, (clip.seed, kept.vary if kept.near else 1.0)),
        vary=vary,
        parent=(job.id, clip.number),
        descent=Descent.VARY,
    )
    return plan(wish_of(job), request, person_id, offers, roots)


def extended(
    job: Job, clip: Clip, request: Request, person_id: int, offers: Sequence[Offer]
) -> Job:
    """What happens after this clip, in the same words."""
    roots = _upon(job, clip, Task.EXTEND, Descent.EXTEND)
    wish = replace(wish_of(job), image=None, last=None, loop=False, strength=None)
    return plan(wish, request, person_id, offers, roots)


def redrawn(
    job: Job,
    clip: Clip,
    request: Request,
    person_id: int,
    offers: Sequence[Offer],
    wish: Wish,
    descent: Descent = Descent.REDRAW,
) -> Job:
    """This clip drawn anew as the wish says; what it leaves open stays as it was."""
    roots = _upon(job, clip, Task.VIDEO, descent)
    if wish.image or wish.last or wish.loop or wish.storyboard:
        raise Refused("A clip is redrawn from itself; leave out image, last, loop and storyboard.")
    plain = replace(wish_of(job), image=None, last=None, loop=False, strength=None)
    return plan(in_words(plain, wish), request, person_id, offers, roots)


def in_words(kept: Wish, said: Wish) -> Wish:
    """A wish in other words, with what they leave open as it was."""
    given = {
        field.name: getattr(said, field.name)
        for field in fields(said)
        if getattr(said, field.name) not in (None, "", False)
    }
    return replace(kept, **{"prompt": said.prompt, **given})


def final(job: Job, clip: Clip, request: Request, person_id: int, offers: Sequence[Offer]) -> Job:
    """The full render of a draft's clip, from its seed."""
    if not job.draft:
        raise Refused(f"Job {job.id} is no draft: its clips are final already.")
    roots = replace(roots_of(job), parent=(job.id, clip.number), descent=Descent.FINAL)
    wish = replace(wish_of(job), variations=1, seed=clip.seed, final=True)
    return plan(wish, request, person_id, offers, roots)


def _upon(job: Job, clip: Clip, task: Task, descent: Descent) -> Roots:
    this = (job.id, clip.number)
    return Roots(task=task, source=this, parent=this, descent=descent)
