"""What cards say of films: what they are put together from, and how far that is."""

from __future__ import annotations

from bot import said
from bot.buttons import RETRY_SHOTS
from bot.card import Button, Fact, Line
from bot.view import Shown, View
from db.states import FINISHED, Status
from moderation.films import STOPPED
from moderation.words import listed

FAILED = frozenset({Status.FAILED, Status.CANCELLED})


def artists(view: View) -> str:
    """Whose film it is; of one that nobody shares, its artist's."""
    return listed(dict.fromkeys(shown.artist for shown in view.parts) or [view.artist], "and")


def facts(view: View) -> tuple[Fact, ...]:
    """Whose clips are in a film, and which models made them."""
    shared = len({shown.job.person_id for shown in view.parts}) > 1
    clips = [
        said.clip_of(shown.part.job_id, shown.part.clip) + (f" by {shown.artist}" if shared else "")
        for shown in view.parts
    ]
    models = {shown.job.model: shown.offer for shown in view.parts}
    titles = [f"{o.title} ({o.licence})" if o else name for name, o in models.items()]
    name = "model" if len(models) == 1 else "models"
    return (Fact("made of", "; ".join(clips)), Fact(name, listed(titles, "and")))


def waiting(view: View) -> tuple[Line, ...]:
    """How far the clips are that a film waits for; nothing where all are there."""
    done = sum(_is_done(shown) for shown in view.parts)
    if done == len(view.parts):
        return ()
    failed = [shown for shown in view.parts if shown.job.status in FAILED]
    return (
        Line(f"{done} of {len(view.parts)} shots are rendered."),
        *(Line(_why(shown), shown.job.prompt) for shown in failed),
    )


def in_line(view: View) -> tuple[Line, ...]:
    """How far a job is that waits: its place, or of a film what it waits for."""
    return waiting(view) or (Line(said.place(view.forecast)),)


def percent(view: View) -> int | None:
    """How much of all shots together is rendered; None for what waits for no shots."""
    if not view.parts or all(_is_done(shown) for shown in view.parts):
        return None
    return round(sum(_share(shown) for shown in view.parts) / len(view.parts))


def mending(view: View) -> tuple[Button, ...]:
    """What can be done about shots that came to nothing."""
    failed = any(shown.job.status in FAILED for shown in view.parts)
    return (RETRY_SHOTS,) if failed else ()


def stopped(view: View) -> tuple[Line, ...]:
    """Which shots the screen stopped, and the film with them."""
    found = [shown for shown in view.parts if shown.job.reason == STOPPED]
    return tuple(
        Line(f"Shot {shown.part.position} was stopped:", shown.job.prompt) for shown in found
    )


def withdrawn(view: View) -> str:
    """What is said of a film that is in nobody's sight any more."""
    if any(shown.job.status is Status.WITHDRAWN for shown in view.parts):
        return "A clip in it was withdrawn, and the film with it."
    return "You withdrew it; its clips stay with their artists."


def working(view: View) -> tuple[Line, ...]:
    """What is said of a film while it is put together."""
    return (Line("The clips are being put together."),) if view.parts else ()


def _is_done(shown: Shown) -> bool:
    return shown.job.status in FINISHED


def _share(shown: Shown) -> float:
    if _is_done(shown):
        return 100
    rendering = shown.job.status is Status.RENDERING
    return 100 * shown.job.step / max(shown.job.steps, 1) if rendering else 0


def _why(shown: Shown) -> str:
    if shown.job.status is Status.CANCELLED:
        return f"Shot {shown.part.position} was cancelled."
    return f"Shot {shown.part.position} failed. {shown.job.reason}"
