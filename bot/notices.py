"""What is said in the review channel when moderators are wanted: a message of its own, which is sent
anew when there is something new to say, and goes when nothing is left to decide."""

from __future__ import annotations

from bot.buttons import SHOW
from bot.card import Card, Tone
from bot.card import Line as Says
from bot.view import View
from db.states import WAITING_FOR_REVIEW, Called, Purpose, Status
from moderation.people import Role
from moderation.rounds import is_for_a_third


def notice(view: View) -> Card:
    """The notice of a job that ``is_wanted``."""
    title, sentence, calls = _said(view)
    return Card(
        Purpose.NOTICE,
        view.job.id,
        Tone.WAITING,
        f"{title}: job {view.job.id}",
        view.artist,
        view.job.prompt,
        lines=(Says(sentence),),
        buttons=(SHOW,),
        calls=calls,
    )


def is_wanted(view: View) -> bool:
    """Whether moderators should hear of it by more than the review card."""
    job = view.job
    if job.status in WAITING_FOR_REVIEW:
        return job.status is Status.APPEALED or job.split or job.raised > 0
    return bool(view.complaints)


def _said(view: View) -> tuple[str, str, Role | None]:
    """Title, sentence, and who is called."""
    job = view.job
    what = "The appeal" if job.status is Status.APPEALED else "It"
    if job.status not in WAITING_FOR_REVIEW:
        sentence = "Somebody reported it. It is in the showcase until a moderator takes it down."
        return "Reported", sentence, Role.MODERATOR
    if is_for_a_third(job):
        sentence = (
            "No host has decided the appeal. From now on a moderator who never reviewed it may."
        )
        return "Still no agreement", sentence, Role.MODERATOR
    if job.raised >= Called.HOSTS:
        return (
            "Waiting for hosts",
            f"{what} has waited for twelve hours. From now on one host may decide it alone.",
            Role.HOST,
        )
    if job.split:
        return "No agreement", "The moderators don't agree. A host decides it now.", Role.HOST
    if job.raised >= Called.MODERATORS:
        return "Still waiting", f"{what} has waited for two hours.", Role.MODERATOR
    if job.raised:
        return "Waiting", f"{what} has waited for half an hour.", None
    return "Appeal", "Its artist asks moderators who never reviewed it for a second look.", None
