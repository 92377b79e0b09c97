"""How figures and reasons are put into words, the same on every card."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from db.line import Forecast
from db.models import Job
from db.states import Depicts, Flag, Reason, Status
from moderation.words import listed

REASON: Mapping[Reason, str] = {
    Reason.OTHER: "Other",
    Reason.SEXUAL: "Sexual",
    Reason.GORE: "Gore",
    Reason.LIKENESS: "Likeness of a real person",
    Reason.COPYRIGHT: "Somebody else's work",
    Reason.HATE: "Hate or harassment",
    Reason.SPAM: "Spam",
}


@dataclass(frozen=True, slots=True)
class Words:
    """How something that an artist allows is called, typed and explained."""

    title: str
    typed: str
    about: str


WORDS: Mapping[Flag, Words] = {
    Flag.SHOWCASE: Words(
        "Showcase", "showcase", "Everybody here may see it and vote, once moderators approve it."
    ),
    Flag.REMIX: Words(
        "Remix", "remix", "Others may remix and extend it while it is in the showcase."
    ),
    Flag.DATASET: Words(
        "Dataset", "dataset", "While it is in the showcase, it may be in a dataset, with your name."
    ),
    Flag.TRAINING: Words(
        "Training", "training", "Models may be trained on it, if it may be in a dataset as well."
    ),
    Flag.ELSEWHERE: Words(
        "Elsewhere",
        "elsewhere",
        "While it is in the showcase, everybody may see it in the public feed.",
    ),
    Flag.NAMED: Words("Name", "name", "Its file and the feed say that you made it."),
    Flag.PROMPT_SHOWN: Words(
        "Prompt", "prompt", "Its file, a dataset and the feed say with which prompt."
    ),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """How a statement of who is in a clip is offered to its artist, told to moderators, and recorded."""

    offered: str
    told: str
    recorded: str


DEPICTS: Mapping[Depicts, Statement] = {
    Depicts.MYSELF: Statement("It is me", "the person in it is themselves", "it shows themselves"),
    Depicts.AGREED: Statement(
        "They agreed, as I say below", "the person in it agreed", "who is in it agreed"
    ),
    Depicts.NOBODY: Statement(
        "Nobody real, or no person", "nobody real is in it", "nobody real is in it"
    ),
}


def duration(frames: int, fps: int) -> str:
    return f"{frames / fps:.1f} s at {fps} fps"


def clip_of(job_id: int | None, number: int | None) -> str:
    return f"job {job_id}, clip {number}"


def computing(seconds: float, watt_hours: float, measured: bool) -> str:
    """What a render took: ``1.2 s, 0.02 Wh``, or ``about 0.02 Wh`` where that is an estimate."""
    energy = f", {'' if measured else 'about '}{watt_hours:.2g} Wh" if watt_hours else ""
    return f"{seconds:.1f} s{energy}"


def about(seconds: float | None) -> str:
    """A wait in words that don't flicker; empty when it is unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds"
    # Rounded before the unit is chosen: "60 seconds" is a minute.
    tens, minutes = round(seconds / 10) * 10, round(seconds / 60)
    hours, days = round(seconds / 3600), round(seconds / 86400)
    if tens < 60:
        return f"about {tens} seconds"
    if minutes < 60:
        return f"about {minutes} minutes" if minutes > 1 else "about a minute"
    if hours < 24:
        return f"about {hours} hours" if hours > 1 else "about an hour"
    return f"about {days} days" if days > 1 else "about a day"


def which(numbers: Collection[int]) -> str:
    """``clip 1``, or ``clips 1 and 3``."""
    word = "clips" if len(numbers) > 1 else "clip"
    return f"{word} {listed(map(str, sorted(numbers)), 'and')}"


def place(forecast: Forecast | None) -> str:
    """Where a job stands in the line, and when it should be done; None: nobody here could render it."""
    if forecast is None:
        return "No worker here can take this now; the job waits until one can."
    where = "Next in line" if forecast.place == 1 else f"Number {forecast.place} in line"
    wait = about(forecast.seconds)
    return f"{where}, ready in {wait}." if wait else f"{where}; its time isn't known yet."


def progress(step: int, steps: int, remaining: float | None) -> str:
    if step >= steps:
        return "All steps are done; the clips are being stored."
    if step == 0:
        return "A worker has taken it."
    wait = about(remaining)
    return f"Step {step} of {steps}" + (f", {wait} to go." if wait else ".")


def entered(job: Job, how: str = "") -> str:
    """The answer to whoever has put a job into the line; ``how``: what it is, after a colon."""
    if job.status is Status.BLOCKED:
        return f"Job {job.id} was stopped by the screen; its card says why."
    return f"Job {job.id} is in line{': ' if how else ''}{how}."


def noted(undecided: Collection[int], clips: int) -> str:
    """The answer to a review that decided nothing yet; ``clips``: how many the job has."""
    if len(undecided) == clips:
        return "Noted; another moderator has to agree."
    return f"Noted; {which(undecided)} still to be decided."
