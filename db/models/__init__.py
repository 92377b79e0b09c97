"""The tables. Rows only, no behaviour; times are UTC, enums are stored by value."""

from __future__ import annotations

from db.models.base import utcnow
from db.models.bugs import Bug, BugOpinion
from db.models.consents import Consent, Preference
from db.models.duty import Duty
from db.models.films import Chain, Part, Seat
from db.models.hits import Hit, KnownFrame
from db.models.jobs import Clip, Job
from db.models.ledger import Account, DayEarned, MonthBooked, Posting, Transaction
from db.models.lending import LenderKey, LentRender
from db.models.links import Code, Guess, Link
from db.models.opinions import Look, Report, Review, Vote
from db.models.people import Identity, Install, Person, Workspace
from db.models.pools import Pool, PoolConsent, PoolShare
from db.models.record import Actor, Entry, Statistic
from db.models.rooms import PAINTING, Event, Note, Post, Reaction, Reply, Room, Telling
from db.models.signing_in import SigningIn, WebSession
from db.models.statements import Statement
from db.models.themes import Theme
from db.models.weeks import Best, Week
from db.models.workers import Worker

__all__ = [
    "PAINTING",
    "Account",
    "Actor",
    "Best",
    "Bug",
    "BugOpinion",
    "Chain",
    "Clip",
    "Code",
    "Consent",
    "DayEarned",
    "Duty",
    "Entry",
    "Event",
    "Guess",
    "Hit",
    "Identity",
    "Install",
    "Job",
    "KnownFrame",
    "LenderKey",
    "LentRender",
    "Link",
    "Look",
    "MonthBooked",
    "Note",
    "Part",
    "Person",
    "Pool",
    "PoolConsent",
    "PoolShare",
    "Post",
    "Posting",
    "Preference",
    "Reaction",
    "Reply",
    "Report",
    "Review",
    "Room",
    "Seat",
    "SigningIn",
    "Statement",
    "Statistic",
    "Telling",
    "Theme",
    "Transaction",
    "Vote",
    "WebSession",
    "Week",
    "Worker",
    "Workspace",
    "utcnow",
]
