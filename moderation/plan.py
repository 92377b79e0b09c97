"""From a wish to a job that some model can render, or one sentence that says what is allowed."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence

from db.models import Job
from db.offers import Offer, Range, StyleOffer
from db.states import Descent, Task
from db.yours import WORDS
from moderation.rules import Refused
from moderation.wish import PROMPT_LIMIT, SEED_LIMIT, Picture, Request, Roots, Which, Wish
from moderation.words import SHOWS_NOTHING, clean, echo, figure, listed

ALONE = Roots()
CAN: Mapping[Task, str] = {
    Task.TEXT: "start from words alone",
    Task.IMAGE: "start from a picture",
    Task.FRAMES: "start from a picture and end with one",
    Task.EXTEND: "go on from the end of a clip",
    Task.VIDEO: "redraw a clip",
    Task.LOOP: "make a loop",
}
"""What a model that offers the task can do, after "it can" or "it can't"."""


def plan(
    wish: Wish, request: Request, person_id: int, offers: Sequence[Offer], roots: Roots = ALONE
) -> Job:
    """The job this wish becomes. Raises ``Refused`` with what is allowed instead."""
    prompt = _text(wish.prompt, "prompt")
    if SHOWS_NOTHING.fullmatch(prompt):
        raise Refused("Say what the clip should show: the prompt is empty.")
    if prompt == WORDS:
        raise Refused("Its words were those of somebody who left; ask for it in words of your own.")
    negative = _text(wish.negative, "negative prompt")
    task = roots.task or _task(wish)
    offer = _offer(wish, task, offers)
    style, style_strength = _style(wish.style, offer)
    aspect = wish.aspect or _aspect_like(wish.image, offer)
    if aspect not in offer.sizes:
        raise Refused(
            f"{offer.title} doesn't make {echo(aspect)}; choose {listed(offer.sizes, 'or')}."
        )
    frames = _frames(wish.duration, offer)
    variations = offer.variations if wish.variations is None else wish.variations
    if not 1 <= variations <= 4:
        raise Refused(f"variations is 1 to 4, not {figure(variations)}.")
    seed = secrets.randbelow(SEED_LIMIT + 1) if wish.seed is None else wish.seed
    if not 0 <= seed <= SEED_LIMIT:
        raise Refused(f"seed is a whole number from 0 to {SEED_LIMIT}, not {figure(seed)}.")
    final_steps = int(_within(wish.steps, offer.steps, "steps"))
    draft = None if wish.final else offer.draft
    width, height = offer.draft_size(aspect) if draft else offer.sizes[aspect]
    source, parent = roots.source or (None, None), roots.parent or (None, None)
    return Job(
        request_key=request.key,
        person_id=person_id,
        room=request.room,
        workspace=request.workspace,
        place=request.place,
        prompt=prompt,
        negative=negative,
        model=offer.name,
        aspect=aspect,
        width=width,
        height=height,
        frames=frames,
        fps=offer.fps,
        steps=min(draft.steps, final_steps) if draft else final_steps,
        final_steps=final_steps,
        guidance=_within(wish.guidance, offer.guidance, "guidance"),
        seed=seed,
        variations=variations,
        private=wish.private,
        draft=draft is not None,
        style=style,
        style_strength=style_strength,
        upscale=wish.upscale,
        smooth=wish.smooth,
        task=task,
        first_key=wish.image.key if wish.image else "",
        last_key=wish.last.key if wish.last else "",
        source_id=source[0],
        source_clip=source[1],
        strength=_strength(wish.strength, task, offer),
        near=[[seed, far] for seed, far in roots.near],
        vary=roots.vary,
        parent_id=parent[0],
        parent_clip=parent[1],
        descent=roots.descent,
    )


def wish_of(job: Job) -> Wish:
    """The wish behind a job, without its seed."""
    style = f"{job.style}:{job.style_strength}" if job.style else None
    return Wish(
        prompt=job.prompt,
        negative=job.negative,
        model=job.model,
        aspect=job.aspect,
        duration=job.frames / job.fps,
        variations=job.variations,
        steps=job.final_steps,
        guidance=job.guidance,
        private=job.private,
        image=Picture(job.first_key) if job.first_key else None,
        last=Picture(job.last_key) if job.last_key else None,
        loop=job.task is Task.LOOP,
        style=style,
        strength=job.strength,
        final=not job.draft,
        upscale=job.upscale,
        smooth=job.smooth,
    )


def roots_of(job: Job) -> Roots:
    """What a job grew out of, for another from the same roots.

    A final is that of one clip and its seed; another render is no final of it.
    """
    ours = job.descent is not Descent.FINAL
    return Roots(
        task=job.task if job.task in {Task.EXTEND, Task.VIDEO} else None,
        source=_which(job.source_id, job.source_clip),
        near=tuple((int(seed), far) for seed, far in job.near),
        vary=job.vary,
        parent=_which(job.parent_id, job.parent_clip) if ours else None,
        descent=job.descent if ours else None,
    )


def _which(job_id: int | None, number: int | None) -> Which | None:
    return None if job_id is None or number is None else (job_id, number)


def _text(text: str, what: str) -> str:
    cleaned = clean(text)
    if len(cleaned) > PROMPT_LIMIT:
        raise Refused(
            f"A {what} has at most {PROMPT_LIMIT:,} characters; this one has {len(cleaned):,}."
        )
    return cleaned


def _task(wish: Wish) -> Task:
    if wish.last is not None and wish.image is None:
        raise Refused("last is the picture it ends with; give the one it begins with as image.")
    if wish.last is not None and wish.loop:
        raise Refused("A loop ends where it begins; leave out loop or last.")
    if wish.loop:
        return Task.LOOP
    if wish.image is not None:
        return Task.FRAMES if wish.last is not None else Task.IMAGE
    return Task.TEXT


def _offer(wish: Wish, task: Task, offers: Sequence[Offer]) -> Offer:
    """The model that is named, or the first that can do it."""
    if not offers:
        raise Refused(
            "No worker has joined the studio yet, so nothing can be rendered; try again soon."
        )
    # From a picture, a loop is a clip that ends with the picture it begins with.
    needed = Task.FRAMES if task is Task.LOOP and wish.image else task
    able = [offer for offer in offers if needed in offer.tasks]
    can = CAN[task] if needed is task else f"{CAN[task]} from a picture"
    if wish.model is not None:
        named = next((offer for offer in offers if offer.name == wish.model), None)
        if named is None:
            allowed = ", ".join(offer.name for offer in offers)
            raise Refused(
                f"There is no model “{echo(wish.model)}” here; model is one of {allowed}."
            )
        if named not in able:
            others = (
                f"; {listed((o.name for o in able), 'and')} can" if able else ", nor can others"
            )
            raise Refused(f"{named.title} can't {can}{others}.")
        return named
    if not able:
        raise Refused(f"No model here can {can}.")
    return next((offer for offer in able if _named(wish.style, offer)), able[0])


def _style(asked: str | None, offer: Offer) -> tuple[str, float | None]:
    """The style's name and how strongly it acts."""
    if asked is None:
        return "", None
    style = _named(asked, offer)
    name, colon, amount = asked.partition(":")
    if style is None:
        has = listed((style.name for style in offer.styles), "or") if offer.styles else ""
        instead = f"choose {has}." if has else "it has none."
        raise Refused(f"{offer.title} has no style “{echo(name)}”; {instead}")
    try:
        strength = float(amount) if colon else style.strength.default
    except ValueError:
        raise Refused(
            f"A style's strength is a number, as in {style.name}:{style.strength.default:g}."
        ) from None
    return style.name, _within(strength, style.strength, f"the strength of {style.name}")


def _named(asked: str | None, offer: Offer) -> StyleOffer | None:
    name = (asked or "").partition(":")[0].strip()
    return next((style for style in offer.styles if style.name == name), None)


def _aspect_like(picture: Picture | None, offer: Offer) -> str:
    """The shape that cuts least off the picture; the model's default when there is none."""
    if picture is None or not picture.width or not picture.height:
        return next(iter(offer.sizes))
    shape = picture.width / picture.height
    return min(
        offer.sizes,
        key=lambda aspect: abs(math.log(shape * offer.sizes[aspect][1] / offer.sizes[aspect][0])),
    )


def _frames(duration: float | None, offer: Offer) -> int:
    """How many frames; what an earlier job of the model lasted is right, even where its rule for
    frames took that a little out of the range of seconds."""
    low, high, step = offer.seconds.low, offer.seconds.high, offer.frames_rule[0] / offer.fps
    if duration is not None and low - step < duration < high + step:
        frames = offer.frames(duration)
        exact = frames / offer.fps == duration
        if exact and offer.frames(low) <= frames <= offer.frames(high):
            return frames
    return offer.frames(_within(duration, offer.seconds, "duration", unit=" seconds"))


def _strength(asked: float | None, task: Task, offer: Offer) -> float | None:
    if task is Task.VIDEO:
        return _within(asked, offer.strength, "strength")
    if asked is not None:
        raise Refused("strength is for a clip that is redrawn; leave it out here.")
    return None


def _within(value: float | None, allowed: Range, what: str, unit: str = "") -> float:
    if value is None:
        return allowed.default
    if not allowed.holds(value):
        raise Refused(
            f"{what} is {figure(allowed.low)} to {figure(allowed.high)}{unit}, not {figure(value)}."
        )
    return value
