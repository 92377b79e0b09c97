"""What cards say of how a clip is made: asked for, really used, and to whose credit."""

from __future__ import annotations

from bot import films, said
from bot.card import CardPicture, Fact
from bot.view import View
from db.models import Job
from db.states import Descent, Status, Task


def asked(view: View) -> tuple[Fact, ...]:
    """What the artist sees while they wait."""
    if view.parts:
        return films.facts(view)
    facts = [Fact("model", view.model_title), *_made_from(view), _size(view.job)]
    facts.append(Fact("variations", str(view.job.variations)))
    return (*facts, *_draft(view.job))


def used(view: View) -> tuple[Fact, ...]:
    """What really went into the clips, so that anybody could make them again."""
    job = view.job
    if view.parts:
        return (*films.facts(view), _size(job))
    seeds = ", ".join(str(clip.seed) for clip in view.clips) or str(job.seed)
    facts = [*_model(view), *_made_from(view), *_style(view), _size(job)]
    facts.append(Fact("seed" if len(view.clips) < 2 else "seeds", seeds))
    facts += [Fact("steps", str(job.steps)), Fact("guidance", f"{job.guidance:g}")]
    if job.negative:
        facts.append(Fact("negative", job.negative))
    facts += _draft(job)
    if job.approximations:
        facts.append(Fact("approximations", ", ".join(job.approximations)))
    if job.compute_seconds:
        took = said.computing(job.compute_seconds, job.energy_wh or 0, bool(job.energy_measured))
        facts.append(Fact("computing", took))
    return tuple(facts)


def credit(view: View) -> tuple[Fact, ...]:
    """Whose work the clips stand on; of its artist's own what everybody may see as well."""
    if view.parts:
        return (*films.facts(view), *_tips(view))
    made_from = _made_from(view)
    if view.source is None:
        public = {n for n, job in view.kin.items() if job.status is Status.PUBLISHED}
        made_from = [fact for fact in made_from if fact.job in public]
    return (*_model(view), *_style(view), *made_from, *_tips(view))


def _tips(view: View) -> tuple[Fact, ...]:
    return (Fact("tips", f"{view.tips:,}"),) if view.tips else ()


def pictures(job: Job) -> tuple[CardPicture, ...]:
    """Those that were given, for the artist and for who decides."""
    given = [("first", "Begins with", job.first_key), ("last", "Ends with", job.last_key)]
    return tuple(CardPicture(which, label, key) for which, label, key in given if key)


def _model(view: View) -> list[Fact]:
    offer = view.offer
    licence = offer.licence if offer else "unknown"
    facts = [
        Fact("model", view.model_title),
        Fact("licence", licence, link=offer.licence_url if offer else ""),
    ]
    if offer and offer.restrictions:
        facts.append(Fact("restrictions", offer.restrictions))
    return facts


def _made_from(view: View) -> list[Fact]:
    """Nothing for words alone."""
    job = view.job
    source = said.clip_of(job.source_id, job.source_clip) + _whose(view)
    text = {
        Task.TEXT: "",
        Task.IMAGE: "a picture",
        Task.FRAMES: "two pictures",
        Task.EXTEND: f"the end of {source}",
        Task.VIDEO: f"{source}, at strength {job.strength or 0:g}",
        Task.LOOP: "a picture, as a loop" if job.first_key else "words, as a loop",
    }[job.task]
    name = "remix of" if job.descent is Descent.REMIX else "made from"
    goes_on = job.source_id if job.task in {Task.EXTEND, Task.VIDEO} else None
    facts = [Fact(name, text, job=goes_on or 0)] if text else []
    parent = said.clip_of(job.parent_id, job.parent_clip)
    if job.descent is Descent.FINAL:
        facts.append(Fact("final of", parent, job=job.parent_id or 0))
    elif job.descent is Descent.VARY:
        facts.append(Fact("varies", f"{parent}, by {job.vary:g}", job=job.parent_id or 0))
    return facts


def _whose(view: View) -> str:
    """Whose clip it goes on from, where that is somebody else's; credit outlives a withdrawal."""
    if view.source is None:
        return ""
    since = ""
    if view.source.status is Status.WITHDRAWN:
        since = " (withdrawn since)"
    elif view.source.id in view.unstated:
        since = " (who is in it was taken back since)"
    return f" by {view.source_artist}{since}"


def _style(view: View) -> list[Fact]:
    job = view.job
    if not job.style:
        return []
    styles = view.offer.styles if view.offer else ()
    style = next((style for style in styles if style.name == job.style), None)
    whose = f"{style.title} by {style.owner} ({style.licence})" if style else job.style
    return [Fact("style", f"{whose}, at strength {job.style_strength:g}")]


def _size(job: Job) -> Fact:
    size = f"{job.width} × {job.height}, {said.duration(job.frames, job.fps)}"
    later = [
        *(["made twice as large"] if job.upscale else []),
        *(["with twice as many frames"] if job.smooth else []),
    ]
    return Fact("size", ", then ".join([size, " and ".join(later)]) if later else size)


def _draft(job: Job) -> list[Fact]:
    if not job.draft:
        return []
    steps = "1 step" if job.final_steps == 1 else f"{job.final_steps} steps"
    return [Fact("draft", f"smaller or with fewer steps; its final takes {steps}")]
