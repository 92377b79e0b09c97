"""Every card the studio shows, and all its wording."""

from __future__ import annotations

from bot import allowed, chains, facts, films, judged, kept, reasons, said, screened, stating, weeks
from bot.buttons import (
    AGAIN,
    APPEAL,
    DUTY,
    REPORT,
    SHOW,
    TIP,
    WITHDRAW,
    deciding,
    growing,
    permission,
    remixing,
    settling,
)
from bot.card import Button, Card, CardClip, Line, Tone
from bot.limits import left
from bot.notices import notice
from bot.signs import VOTES, Sign
from bot.view import View
from db.states import WAITING_FOR_REVIEW, Purpose, Status, Task

JUDGED = frozenset({Status.REJECTED, Status.REJECTED_FINALLY, Status.APPEALED})
"""In which an artist reads on the result what the moderators said."""
IDLE = Line("It is rendered when nobody else waits, or when you ask for it.")
HELD = (
    "It's yours already. The moderators have enough to look at for now; it goes to them by itself when "
    "there is room."
)


def paint_for(purpose: Purpose, view: View) -> Card:
    """The card of this purpose as the job stands now."""
    return {
        Purpose.RECEIPT: receipt,
        Purpose.RESULT: result,
        Purpose.REVIEW: review,
        Purpose.DECISION: decision,
        Purpose.SHOWCASE: showcase,
        Purpose.NOTICE: notice,
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
            lines = films.in_line(view)
            lines += (*screened.verdict(view), *((IDLE,) if job.idle else ()))
            lines += (*stating.for_artist(view), *left(job))
            buttons = (*films.mending(view), *stating.button(view), Button(Sign.CANCEL, "Cancel"))
            percent = films.percent(view)
        case Status.RENDERING:
            tone = Tone.WORKING
            percent = min(100 * job.step // max(job.steps, 1), 100)
            lines = films.working(view) or (
                Line(said.progress(job.step, job.steps, view.remaining)),
            )
            lines += (*(Line(note) for note in job.notes), *stating.for_artist(view))
            buttons = (*stating.button(view), Button(Sign.CANCEL, "Cancel"))
        case Status.FAILED:
            tone = Tone.BAD
            lines = (Line(f"It failed. {job.reason}"),)
            buttons = (Button(Sign.RETRY, "Retry", strong=True),)
        case Status.CANCELLED:
            lines = (Line(job.reason or "You cancelled it; nothing was kept."),)
            buttons = () if job.reason else (Button(Sign.RETRY, "Retry"),)
        case Status.WITHDRAWN:
            lines = (Line(films.withdrawn(view) if view.parts else "You withdrew it."),)
        case Status.BLOCKED | Status.APPEALED | Status.REJECTED_FINALLY if not view.clips:
            tone, lines, buttons = screened.stopped(view)
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
    if job.task is Task.GLIMPSE:
        return chains.turn(view)
    anew = () if view.parts or view.seat else (AGAIN, *growing(view))
    more = (*stating.button(view), *anew, *permission(view))
    tone = Tone.GOOD
    buttons: tuple[Button, ...]
    match job.status:
        case Status.READY if job.held:
            lines = [Line(HELD)]
            buttons = (*more, Button(Sign.KEEP, "Keep private"), WITHDRAW)
        case Status.READY:
            lines = chains.secret(view) or [Line("Only you can see it.")]
            publish = () if chains.secret(view) else (Button(Sign.PUBLISH, "Publish", strong=True),)
            if publish and allowed.is_unseen(view):
                unseen = (
                    "You don't allow the showcase, so it can't be published; Consent changes that."
                )
                lines, publish = [*lines, Line(unseen)], ()
            publish = () if view.owes_statement else publish
            buttons = (*publish, *more, WITHDRAW)
        case Status.IN_REVIEW:
            lines = [Line("It's yours already. The moderators decide about the showcase.")]
            buttons = (*more, Button(Sign.KEEP, "Keep private"), WITHDRAW)
        case Status.PUBLISHED:
            lines = [Line(judged.inside(view)), *allowed.remixable(view)]
            buttons = (*more, WITHDRAW)
        case Status.REJECTED:
            tone = Tone.BAD
            lines = [Line(judged.why_outside(job))]
            buttons = (APPEAL, *more, WITHDRAW)
        case Status.APPEALED:
            tone = Tone.WAITING
            lines = [Line("You appealed; moderators who never reviewed it will look at it.")]
            buttons = (*more, WITHDRAW)
        case Status.REJECTED_FINALLY:
            tone = Tone.BAD
            lines = [Line("The appeal was not granted. It stays yours, outside the showcase.")]
            buttons = (*more, WITHDRAW)
        case _:
            tone = Tone.QUIET
            lines = [Line("You withdrew it: it's shown nowhere but here.")]
            if view.parts:
                lines = [Line(films.withdrawn(view))]
            buttons = () if view.parts else (AGAIN, *growing(view))
    if job.let_go_at is not None:
        buttons = () if view.parts else (AGAIN,)
    lines += [*screened.verdict(view), *stating.for_artist(view), *kept.lines(job)]
    lines += [Line(note) for note in job.notes]
    if job.status in JUDGED or judged.is_partial(view):
        lines += reasons.statement(view)
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
    unseen = tuple(allowed.unseen(view))
    title = f"Review: job {job.id}"
    lines: list[Line] = []
    if job.status is Status.APPEALED:
        title = f"Appeal: job {job.id}"
        lines.append(Line("The artist asks for a second look.", view.appeal))
    tone = Tone.WAITING
    if job.status is Status.PUBLISHED:
        tone, title = Tone.GOOD, f"Published: job {job.id}"
        if view.complaints:
            tone, title = Tone.WAITING, f"Reported: job {job.id}"
    elif job.status in {Status.REJECTED, Status.REJECTED_FINALLY}:
        tone, title = Tone.BAD, judged.outside(job)
    lines += [
        *stating.for_moderators(view),
        *screened.hits(view),
        *allowed.decided_about(view),
        *judged.looking(view),
    ]
    lines += [*judged.awaited(view), *judged.decisions(view), *judged.complaints(view)]
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
        clips=tuple(clip for clip in _clips(view) if clip.number not in unseen),
        left_out=unseen,
        # What was rejected, or a part of it, isn't uncovered by the decision.
        spoiler=job.status is not Status.PUBLISHED or judged.is_partial(view),
        buttons=(*deciding(), DUTY)
        if waiting and not allowed.is_unseen(view)
        else (*settling(view), *screened.remembering(view)),
    )


def decision(view: View) -> Card:
    """What the artist hears of the moderators, whatever became of the cards before; of a no, its
    statement of reasons."""
    job = view.job
    whole = job.status is Status.PUBLISHED and not judged.is_partial(view)
    buttons: tuple[Button, ...] = ()
    if job.status is Status.PUBLISHED:
        tone, title, sentence = Tone.GOOD, f"Published: job {job.id}", judged.inside(view)
    else:
        tone, title, sentence = Tone.BAD, judged.outside(job), judged.why_outside(job)
        if job.status is Status.REJECTED_FINALLY:
            sentence = "The appeal was not granted. It stays yours, outside the showcase."
            sentence = sentence if view.clips else screened.NOT_GRANTED
        else:
            buttons = (APPEAL,)
    return Card(
        Purpose.DECISION,
        job.id,
        tone,
        title,
        view.artist,
        job.prompt,
        lines=(Line(sentence), *(judged.decisions(view) if whole else reasons.statement(view))),
        buttons=(*buttons, SHOW),
    )


def showcase(view: View) -> Card:
    """The public card with its ballot."""
    job = view.job
    if job.task is Task.REEL:
        return weeks.reel(view)
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
        why = "the clip that had votes was taken back" if view.tally else "nobody voted"
        lines = (Line(f"The ballot is closed; {why}."),)
    votes = tuple(
        Button(VOTES[clip.number - 1], f"Vote for {clip.number}" if several else "Vote for it")
        for clip in shown
    )
    return Card(
        Purpose.SHOWCASE,
        job.id,
        Tone.GOOD,
        f"Job {job.id} · by {films.artists(view)}",
        films.artists(view),
        job.prompt,
        lines=(*lines, *weeks.place(view)),
        facts=facts.credit(view),
        clips=clips,
        left_out=tuple(clip.number for clip in view.clips if not clip.shown),
        closes_at=job.ballot_closes_at if open_ballot else None,
        buttons=(
            *(votes if open_ballot else ()),
            *remixing(view),
            TIP,
            Button(Sign.INFO, "Info"),
            REPORT,
        ),
    )


def _clips(view: View) -> tuple[CardClip, ...]:
    if view.job.let_go_at or (view.parts and view.job.status is Status.WITHDRAWN):
        return ()
    return tuple(CardClip(clip.number, clip.seed) for clip in view.clips)
