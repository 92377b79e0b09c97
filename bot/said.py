"""How figures and reasons are put into words, the same on every card."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from db.line import Forecast
from db.states import Reason

REASON: Mapping[Reason, str] = {
    Reason.OTHER: "Other",
    Reason.SEXUAL: "Sexual",
    Reason.GORE: "Gore",
    Reason.LIKENESS: "Likeness of a real person",
    Reason.COPYRIGHT: "Somebody else's work",
    Reason.HATE: "Hate or harassment",
    Reason.SPAM: "Spam",
}


def duration(frames: int, fps: int) -> str:
    return f"{frames / fps:.1f} s at {fps} fps"


def about(seconds: float | None) -> str:
    """A wait in words that don't flicker; empty when it is unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"about {round(seconds / 10) * 10} seconds"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {minutes / 60:.1f} hours"


def place(forecast: Forecast | None) -> str:
    """Where a job stands in the line, and when it should be done; None: nobody could render it."""
    if forecast is None:
        return "No worker here offers this model now; the job waits until one does."
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


def noted(undecided: Collection[int], clips: int) -> str:
    """The answer to a review that decided nothing yet; ``clips``: how many the job has."""
    if len(undecided) == clips:
        return "Noted; another moderator has to agree."
    left = " and ".join(map(str, sorted(undecided)))
    return f"Noted; clip{'s' if len(undecided) > 1 else ''} {left} still to be decided."
