"""Every card the studio shows, and all its wording."""

from __future__ import annotations

from bot import facts, said
from bot.card import Button, Card, CardClip, Line, Tone
from bot.signs import EMOJI, REASONS, VOTES, Sign
from bot.view import View
from db.models import Review
from db.states import WAITING_FOR_REVIEW, Purpose, Reason, Status, Task, Verdict

TAKE_BACK_REVIEW = Button(Sign.TAKE_BACK_REVIEW, "Take my review back")
"""For whoever gave one that can still be taken back."""


def paint_for(purpose: Purpose, view: View) -> Card:
    """The card of this purpose as the job stands now."""
    return {
        Purpose.RECEIPT: receipt,
        Purpose.RESULT: result,
        Purpose.REVIEW: review,
        Purpose.SHOWCASE: showcase,
    }[purpose](view)


def receipt(view: View) -> Card:
    """What the artist watches until there is a result."""
    job = view.job
    title, tone = f"Job {job.id}", Tone.QUIET
    lines: tuple[Line, ...]
    buttons: tuple[Button, ...] = ()
    percent = None
    match job.status:
        case Status.QUEUED:
            tone = Tone.WAITING
            lines = (Line(said.place(view.forecast)),)
            buttons = (Button(Sign.CANCEL, "Cancel"),)
        case Status.RENDERING:
            tone = Tone.WORKING
            percent = min(100 * job.step // max(job.steps, 1), 100)
            lines = (Line(said.progress(job.step, job.steps, view.remaining)),)
            buttons = (Button(Sign.CANCEL, "Cancel"),)
        case Status.FAILED:
            tone = Tone.BAD
            lines = (Line(f"It failed. {job.reason}"),)
            buttons = (Button(Sign.RETRY, "Retry", strong=True),)
        case Status.CANCELLED:
            lines = (Line("You cancelled it; nothing was kept."),)
            buttons = (Button(Sign.RETRY, "Retry"),)
        case Status.WITHDRAWN:
            lines = (Line("You withdrew it."),)
        case _:
            tone = Tone.GOOD
            lines = (Line("Done: the result is yours."),)
    return Card(
        Purpose.RECEIPT,
        job.id,
        tone,
        title,
        view.artist,
        job.prompt,
        lines=lines,
        facts=facts.asked(view),
        percent=percent,
        preview_key=job.preview_key if job.status is Status.RENDERING else "",
        buttons=buttons,
    )


def result(view: View) -> Card:
    """What the artist owns, whatever anybody decides about the showcase."""
    job = view.job
    more = (Button(Sign.AGAIN, "Again"), *_growing(view))
    withdraw = Button(
        Sign.WITHDRAW, "Withdraw", asks="Take it out of everything public?", danger=True
    )
    tone = Tone.GOOD
    buttons: tuple[Button, ...]
    match job.status:
        case Status.READY:
            lines = [Line("Only you can see it.")]
            buttons = (Button(Sign.PUBLISH, "Publish", strong=True), *more, withdraw)
        case Status.IN_REVIEW:
            lines = [Line("It's yours already. The moderators decide about the showcase.")]
            buttons = (*more, Button(Sign.KEEP, "Keep private"), withdraw)
        case Status.PUBLISHED:
            lines = [Line("It's in the showcase.")]
            buttons = (*more, withdraw)
        case Status.REJECTED:
            tone = Tone.BAD
            lines = [Line("It's yours to keep, but it was not taken into the showcase.")]
            appeal = Button(Sign.APPEAL, "Appeal", asks="Why should others look at it again?")
            buttons = (appeal, *more, withdraw)
        case Status.APPEALED:
            tone = Tone.WAITING
            lines = [Line("You appealed; moderators who did not decide before will look at it.")]
            buttons = (*more, withdraw)
        case Status.REJECTED_FINALLY:
            tone = Tone.BAD
            lines = [Line("The appeal was not granted. It stays yours, outside the showcase.")]
            buttons = (*more, withdraw)
        case _:
            tone = Tone.QUIET
            lines = [Line("You withdrew it: it's shown nowhere but here.")]
            buttons = more
    lines += [Line(note) for note in job.notes]
    if job.status in {Status.REJECTED, Status.REJECTED_FINALLY, Status.APPEALED}:
        lines += _decisions(view)
    return Card(
        Purpose.RESULT,
        job.id,
        tone,
        f"Job {job.id} is ready",
        view.artist,
        job.prompt,
        lines=tuple(lines),
        facts=facts.used(view),
        pictures=facts.pictures(job),
        clips=_clips(view),
        buttons=buttons,
    )


def review(view: View) -> Card:
    """What moderators decide on with one tap."""
    job = view.job
    waiting = job.status in WAITING_FOR_REVIEW
    title = f"Review: job {job.id}"
    lines: list[Line] = []
    if job.status is Status.APPEALED:
        title = f"Appeal: job {job.id}"
        lines.append(Line("The artist asks for a second look.", view.appeal))
    tone = Tone.WAITING
    if job.status is Status.PUBLISHED:
        tone, title = Tone.GOOD, f"Published: job {job.id}"
    elif job.status in {Status.REJECTED, Status.REJECTED_FINALLY}:
        tone, title = Tone.BAD, f"Not published: job {job.id}"
    lines += _decisions(view)
    return Card(
        Purpose.REVIEW,
        job.id,
        tone,
        title,
        view.artist,
        job.prompt,
        lines=tuple(lines),
        facts=facts.used(view),
        pictures=facts.pictures(job),
        clips=_clips(view),
        spoiler=waiting,
        buttons=_review_buttons() if waiting else (),
    )


def showcase(view: View) -> Card:
    """The public card with its ballot."""
    job = view.job
    shown = tuple(clip for clip in view.clips if clip.shown)
    several = len(shown) > 1
    open_ballot = job.winner is None
    clips = tuple(
        CardClip(
            clip.number,
            clip.seed,
            votes=view.tally.get(clip.number, 0),
            winner=job.winner == clip.number,
        )
        for clip in shown
    )
    lines: tuple[Line, ...] = ()
    if job.winner:
        lines = (
            Line(
                f"The ballot is closed: clip {job.winner} wins."
                if several
                else "The ballot is closed."
            ),
        )
    elif job.winner == 0:
        lines = (Line("The ballot is closed; nobody voted."),)
    votes = tuple(
        Button(VOTES[clip.number - 1], f"Vote for {clip.number}" if several else "Vote for it")
        for clip in shown
    )
    return Card(
        Purpose.SHOWCASE,
        job.id,
        Tone.GOOD,
        f"By {view.artist}",
        view.artist,
        job.prompt,
        lines=lines,
        facts=facts.credit(view),
        clips=clips,
        closes_at=job.ballot_closes_at if open_ballot else None,
        buttons=votes if open_ballot else (),
    )


def _growing(view: View) -> tuple[Button, ...]:
    """What may grow out of these clips, as far as their model can."""
    if view.offer is None:
        return ()
    buttons = [Button(Sign.VARY, "Vary")]
    if Task.EXTEND in view.offer.tasks:
        buttons.append(Button(Sign.EXTEND, "Extend"))
    if Task.VIDEO in view.offer.tasks:
        asks = "What should it show instead? Options may follow: --strength 0.5"
        buttons.append(Button(Sign.REDRAW, "Redraw", asks=asks))
    if view.job.draft:
        buttons.append(Button(Sign.FINAL, "Final"))
    return tuple(buttons)


def _review_buttons() -> tuple[Button, ...]:
    labels = {
        Sign.APPROVE: "Approve",
        Sign.REJECT: "Reject …",
        Sign.SEXUAL: said.REASON[Reason.SEXUAL],
        Sign.GORE: said.REASON[Reason.GORE],
        Sign.LIKENESS: said.REASON[Reason.LIKENESS],
        Sign.COPYRIGHT: said.REASON[Reason.COPYRIGHT],
        Sign.HATE: said.REASON[Reason.HATE],
        Sign.SPAM: said.REASON[Reason.SPAM],
    }
    return tuple(
        Button(
            sign,
            f"{EMOJI[sign]} {label}",
            asks="Why? One sentence for the artist." if sign is Sign.REJECT else "",
            strong=sign is Sign.APPROVE,
            danger=sign in REASONS,
        )
        for sign, label in labels.items()
    )


def _decisions(view: View) -> list[Line]:
    return [
        Line(_decision(name, review), review.sentence, review.at) for name, review in view.reviews
    ]


def _decision(name: str, review: Review) -> str:
    about = [" the appeal"] if review.of_appeal else []
    about += [f" {said.which(review.clips)}"] if review.clips else []
    what = " for".join(about)
    if review.verdict is Verdict.APPROVE:
        return f"{name} approved{what}."
    reason = said.REASON[review.reason or Reason.OTHER].lower()
    why = "" if review.reason is Reason.OTHER else f": {reason}"
    return f"{name} said no{' to' if what else ''}{what}{why}."


def _clips(view: View) -> tuple[CardClip, ...]:
    return tuple(CardClip(clip.number, clip.seed) for clip in view.clips)
