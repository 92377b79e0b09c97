"""What each table holds of somebody: which rows, what an export says of them, and what becomes of them
when that person is forgotten. A new table is listed here, or a test fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, and_, cast, false, or_, select
from sqlmodel import SQLModel, col

from db import models as m
from db.people import LEFT

THEME = "The theme of somebody who left"
WORDS = "The words of somebody who left"
NO_WORD = "—"
"""In place of a theme's word: nobody's prompt has it in it as a word."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Somebody: the persons that they are, of a link both, and who they are on each platform."""

    persons: tuple[int, ...]
    identities: tuple[tuple[str, str, str], ...] = ()
    """(platform, workspace, user id)"""

    def own(self, column: Any) -> ColumnElement[bool]:
        return col(column).in_(self.persons)

    @property
    def jobs(self) -> Select[int]:
        return select(col(m.Job.id)).where(self.own(m.Job.person_id))

    def of_jobs(self, column: Any) -> ColumnElement[bool]:
        return col(column).in_(self.jobs)


@dataclass(frozen=True, slots=True)
class Held:
    """One table."""

    model: type[SQLModel]
    theirs: Callable[[Whose], ColumnElement[bool]] | None
    """Which rows are somebody's; None where it has nothing that is anybody's."""
    file: str = ""
    """What an export calls it; empty where it isn't exported."""
    about: str = ""
    """For the reader of the export, or why there is nothing."""
    deletes: bool = False
    """Whether the rows go. Else they stay as somebody's who can't be known, without these columns:"""
    blanks: Mapping[str, Any] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    """The columns of text that stay, because they say nothing of anybody."""
    at_once: bool = False
    """Whether the rows go the moment somebody leaves: they lead to them, or others to what is theirs, or
    something would still be done for them."""
    hides: tuple[str, ...] = ()
    """The columns that an export leaves out."""
    guards: tuple[str, ...] = ()
    """The columns that an export leaves empty where somebody else did it, or the studio."""


def _given(whose: Whose) -> ColumnElement[bool]:
    """Of reactions: a user's id counts within its workspace, which the message's begins with."""
    found = [
        and_(
            col(m.Reaction.room) == platform,
            col(m.Reaction.user_id) == user,
            col(m.Reaction.message).startswith(f"{workspace}/" if workspace else ""),
        )
        for platform, workspace, user in whose.identities
    ]
    return or_(false(), *found)


def _signed_in(whose: Whose) -> ColumnElement[bool]:
    """Of sessions: whoever the platform said is there."""
    theirs = [
        and_(
            col(m.WebSession.platform) == platform,
            col(m.WebSession.workspace) == workspace,
            col(m.WebSession.user_id) == user,
        )
        for platform, workspace, user in whose.identities
    ]
    return or_(false(), *theirs)


def _places(whose: Whose) -> ScalarSelect[str]:
    return select(col(m.Job.place)).where(whose.own(m.Job.person_id)).scalar_subquery()


# The order matters: what is found by a job comes before the job, and consents before their clips.
HELD: tuple[Held, ...] = (
    Held(
        m.Consent, lambda w: w.of_jobs(m.Consent.job_id) | w.own(m.Consent.person_id),
        "consents", "What you allowed with each clip or took back, and when.", deletes=True,
    ),
    Held(
        m.Preference, lambda w: w.own(m.Preference.person_id),
        "defaults", "What your clips begin with.", deletes=True,
    ),
    Held(
        m.Statement, lambda w: w.of_jobs(m.Statement.job_id) | w.own(m.Statement.person_id),
        "statements", "Who you stated is in your jobs.", blanks={"sentence": ""},
    ),
    Held(
        m.Clip, lambda w: w.of_jobs(m.Clip.job_id),
        "clips", "Your clips; the videos are in the folder clips.", deletes=True,
    ),
    Held(
        m.Hit, lambda w: w.of_jobs(m.Hit.job_id),
        "screened", "What the screen found in your jobs.", blanks={"words": []}, keeps=("rule",),
    ),
    Held(
        m.KnownFrame, lambda w: w.of_jobs(m.KnownFrame.job_id) | w.own(m.KnownFrame.person_id),
        "known_frames", "Frames that moderators have known again: of your jobs, or by you.",
        keeps=("hash",),
    ),
    Held(
        m.Vote, lambda w: w.own(m.Vote.person_id),
        "votes", "Which clip you voted for.",
    ),
    Held(
        m.Review, lambda w: w.own(m.Review.person_id),
        "reviews", "What you decided as a moderator.", blanks={"sentence": ""}, keeps=("clips",),
    ),
    Held(
        m.Look, lambda w: w.own(m.Look.person_id),
        "looks", "Jobs that you have in hand as a moderator.", deletes=True,
    ),
    Held(
        m.Duty, lambda w: w.own(m.Duty.person_id),
        "duty", "How much you decide as a moderator, and what you needn't look at.", deletes=True,
    ),
    Held(
        m.Report, lambda w: w.own(m.Report.person_id),
        "reports", "What you reported in the showcase.", blanks={"sentence": ""},
    ),
    Held(
        m.Bug, lambda w: w.own(m.Bug.person_id),
        "bugs", "Bugs and weak spots that you reported.",
        blanks={"text": WORDS, "room": "", "workspace": ""},
    ),
    Held(
        m.BugOpinion, lambda w: w.own(m.BugOpinion.person_id),
        "bug_opinions", "What you decided about such reports as a moderator.",
    ),
    Held(
        m.Theme, lambda w: w.own(m.Theme.host_id),
        "themes", "Themes that you began.", blanks={"title": THEME, "word": NO_WORD},
    ),
    Held(
        m.Chain, lambda w: w.own(m.Chain.person_id),
        "chains", "Chains that you began.",
        blanks={"theme": THEME, "place": ""}, keeps=("room", "workspace"),
    ),
    Held(
        m.Seat, lambda w: w.own(m.Seat.person_id),
        "seats", "Your places in chains.", blanks={"place": ""}, keeps=("room", "workspace"),
    ),
    Held(
        m.Event, lambda w: w.own(m.Event.person_id) | w.of_jobs(m.Event.job_id),
        "events", "All that happened to your jobs, and what you did: your appeals, for example.",
        keeps=("detail",), guards=("detail",),
    ),
    Held(
        m.Post, lambda w: w.of_jobs(m.Post.job_id),
        "posts", "Where cards of your jobs stand.", deletes=True, hides=("digest",),
    ),
    Held(m.Telling, lambda w: w.of_jobs(m.Telling.job_id), deletes=True),
    Held(
        m.Reaction, _given,
        "reactions", "Your reactions that the studio acted on.", deletes=True, at_once=True,
    ),
    Held(
        m.WebSession, _signed_in,
        "signed_in", "Where you are signed in on the web.", deletes=True, at_once=True,
        hides=("token",),
    ),
    Held(m.Reply, lambda w: col(m.Reply.place).in_(_places(w)), deletes=True),
    Held(
        m.Account, lambda w: w.own(m.Account.person_id),
        "accounts", "What you have; the ledger's own file says how it came about.",
        blanks={"person_id": None}, keeps=("name", "unit"),
    ),
    Held(
        m.DayEarned, lambda w: w.own(m.DayEarned.person_id),
        "days_earned", "What is booked to you when the day is over.", deletes=True,
    ),
    Held(
        m.PoolConsent, lambda w: w.own(m.PoolConsent.person_id),
        "pools", "Whether you take part in pools, and since when.", deletes=True, at_once=True,
    ),
    Held(
        m.PoolShare, lambda w: w.own(m.PoolShare.person_id),
        "pool_shares", "What you got of pools.",
    ),
    Held(
        m.Actor, lambda w: w.own(m.Actor.person_id),
        "actor", "What you are called in the public record.",
        blanks={"person_id": None}, keeps=("name",),
    ),
    Held(
        m.Link, lambda w: w.own(m.Link.person_id) | w.own(m.Link.second_id),
        "links", "That you are one person in several rooms.", deletes=True, hides=("code",),
    ),
    Held(m.Code, lambda w: w.own(m.Code.person_id), deletes=True, at_once=True),
    Held(m.Guess, lambda w: w.own(m.Guess.person_id), deletes=True, at_once=True),
    Held(
        m.Identity, lambda w: w.own(m.Identity.person_id) | w.own(m.Identity.own_id),
        "identities", "Who you are on each platform.", deletes=True, at_once=True,
    ),
    Held(
        m.Job, lambda w: w.own(m.Job.person_id),
        "jobs", "All that you asked for, with every parameter.",
        blanks={
            "request_key": "forgotten:" + cast(col(m.Job.id), String),
            "place": "", "channel": "", "prompt": WORDS, "prompt_salt": "", "negative": "", "seed": 0, "near": [],
            "first_key": "", "last_key": "", "preview_key": "", "reason": "", "notes": [],
            "at_once": {}, "nearly": {},
        },
        keeps=("room", "workspace", "model", "aspect", "style", "worker", "approximations"),
        hides=("worker",),
    ),
    Held(
        m.Person, lambda w: col(m.Person.id).in_(w.persons),
        "you", "Your name here.", blanks={"name": LEFT, "served_at": None},
    ),
    Held(m.Entry, None, about="The record has pseudonyms only, and refuses changes."),
    Held(m.Statistic, None, about="Counts."),
    Held(m.Transaction, None, about="The ledger has accounts only, and refuses changes."),
    Held(m.Posting, None, about="The ledger has accounts only, and refuses changes."),
    Held(m.MonthBooked, None, about="Sums over everybody."),
    Held(m.Part, None, about="Which jobs a film is put together from, by their numbers."),
    Held(m.Pool, None, about="Amounts of the community's."),
    Held(m.Week, None, about="A week is nobody's."),
    Held(m.Best, None, about="Which jobs were best in a week, by their numbers."),
    Held(m.Room, None, about="A room is nobody's."),
    Held(m.SigningIn, None, about="Somebody who hasn't said who they are yet."),
    Held(m.Install, None, about="A workspace's leave for the app."),
    Held(m.Workspace, None, about="Of people only who moderates; see ``forgetting.by_platform``."),
    Held(m.Worker, None, about="Of people only who lends it; see ``forgetting.by_platform``."),
    Held(m.LenderKey, None, about="Of people only who lends; see ``forgetting.by_platform``."),
    Held(m.LentRender, None, about="Which renders are in the hands of a lent worker."),
    Held(m.Note, None, about="Found by platforms' ids; see ``forgetting.by_platform``."),
)  # fmt: skip
