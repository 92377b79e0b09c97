"""What the record says, put into words: the same on its page and in every chat."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import said
from bot.card import Line
from bot.lists import Listing
from bot.site_address import site_address
from db import record
from db.models import Entry
from db.record import Head
from db.states import Depicts, Kind, Reason, Verdict
from moderation.words import listed

RECENT = 8
Said = Mapping[str, Any]
"""What an entry's body says."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as people read it."""

    seq: int
    at: str
    text: str
    job: int | None
    hash: str
    body: str


def told(entry: Entry) -> Told:
    says = json.loads(entry.body)
    return Told(entry.seq, when(says), sentence(says), entry.job_id, entry.hash, entry.body)


async def recent(s: AsyncSession) -> Listing:
    """The head and the newest entries, for whoever asks in a chat; and where the rest is, should
    they be able to open that."""
    head = await record.head(s)
    newest = await record.newest(s, limit=RECENT)
    site = await site_address(s)
    lines = [Line(f"{heading(head)}.")]
    lines += [Line(f"{one.seq}: {one.text} ({one.at})") for one in map(told, newest)]
    if site:
        lines.append(Line(f"All of it, and the transparency report: {site}/record"))
    return Listing("The record", tuple(lines))


def sentence(says: Said) -> str:
    """One entry as a plain sentence."""
    wording = WORDS.get(says["kind"])
    if wording is None:
        return f"{_job(says)}: {says['kind'].replace('_', ' ')}."
    return wording(says)


def when(says: Said) -> str:
    """Only the day where the entry keeps no more: of jobs that nobody but their artists saw."""
    at = datetime.fromisoformat(says["at"])
    day = f"{at.day} {at:%B %Y}"
    return f"{day}, {at:%H:%M} UTC" if says["job"] is not None else day


def heading(head: Head) -> str:
    """How long the record is and what stands for all of it."""
    entries = "1 entry" if head.seq == 1 else f"{head.seq:,} entries"
    return f"{entries}, head {head.hash}"


def title(kind: str) -> str:
    """How a kind of entry is called in a list."""
    return TITLES.get(kind, kind.replace("_", " ").capitalize())


TITLES: Mapping[str, str] = {
    Kind.FINISHED: "Renders",
    Kind.SENT_TO_REVIEW: "Sent to review",
    Kind.KEPT: "Taken out of review",
    Kind.REVIEWED: "Reviews",
    Kind.REVIEW_TAKEN_BACK: "Reviews taken back",
    Kind.APPROVED: "Published",
    Kind.REJECTED: "Rejected",
    Kind.APPEALED: "Appeals made",
    Kind.OVERTURNED: "Appeals won",
    Kind.UPHELD: "Appeals lost",
    Kind.BALLOT_CLOSED: "Ballots",
    Kind.FLAGGED: "Flagged by the screen",
    Kind.BLOCKED: "Blocked by the screen",
    Kind.UNBLOCKED: "Blocks undone",
    Kind.FRAMES_REMEMBERED: "Frames to know again",
    Kind.FRAMES_FORGOTTEN: "Frames forgotten",
    Kind.SPLIT: "No agreement",
    Kind.REINSTATED: "Put back",
    Kind.RAISED: "Reminders",
    Kind.THEME_WON: "Themes won",
    Kind.BEST_OF_WEEK: "Best of a week",
    Kind.REEL_SHOWN: "Reels shown",
    Kind.REEL_GONE: "Reels gone",
    Kind.REPORTED: "Reports",
    Kind.DISMISSED: "Reports dismissed",
    Kind.TAKEN_DOWN: "Taken down",
    Kind.WITHDRAWN: "Withdrawn",
    Kind.STATED: "Statements of who is in it",
    Kind.STATEMENT_REVOKED: "Statements taken back",
    Kind.CONSENTED: "Consents",
}


def _it(says: Said) -> str:
    return "a private job" if says["job"] is None else f"job {says['job']}"


def _job(says: Said) -> str:
    which = _it(says)
    return which[0].upper() + which[1:]


def _artist(says: Said) -> str:
    return f"The artist of {_it(says)}"


def _moderator(says: Said) -> str:
    return f"Moderator {says['actor']}" if says["actor"] else "A moderator"


def _rendered(says: Said) -> str:
    seconds = says["details"]["milliseconds"] / 1000
    took = f" in {seconds:.1f} s" if seconds else ""
    return f"{_job(says)} was rendered by {says['details']['model']}{took}."


def _reviewed(says: Said) -> str:
    if says["details"]["verdict"] == Verdict.APPROVE:
        return f"{_moderator(says)} said yes to {_it(says)}."
    why = _why([says["details"]["reason"]] if "reason" in says["details"] else [])
    return f"{_moderator(says)} said no to {_it(says)}{why}."


def _decided(becomes: str) -> Callable[[Said], str]:
    def wording(says: Said) -> str:
        wait = said.about(says["details"].get("waited"))
        after = f" after {wait}" if wait else ""
        why = _why(says["details"].get("reasons", ()))
        return f"{_job(says)} was {becomes}{after}{why}. {_moderator(says)} decided it."

    return wording


def _reversing(says: Said) -> str:
    """Which entry it undoes, where it says so."""
    entry = says["details"].get("reverses")
    return f", which reverses entry {entry}" if entry else ""


def _overturned(says: Said) -> str:
    wait = said.about(says["details"].get("waited"))
    after = f" after {wait}" if wait else ""
    won = f"The appeal for {_it(says)} was won{after}, and it is published{_reversing(says)}."
    return f"{won} {_moderator(says)} decided it."


def _consented(says: Said) -> str:
    """What was taken back keeps no mark that it was given."""
    details = says["details"]
    allows = "allows" if details.get("given") else "doesn't allow any more"
    flag = details.get("flag", "").replace("_", " ")
    return f"{_artist(says)} {allows}: {flag}."


def _stated(says: Said) -> str:
    """What they stated of the person in it, where it says so."""
    depicts = says["details"].get("depicts")
    return f" and stated that {said.DEPICTS[Depicts(depicts)].recorded}" if depicts else ""


def _rules(says: Said) -> str:
    found = says["details"].get("rules") or ["the screen"]
    return f"{'the rule' if len(found) == 1 else 'the rules'} {listed(found, 'and')}"


def _unblocked(says: Said) -> str:
    won = f"The appeal against the block of {_it(says)} was won{_reversing(says)}."
    return f"{won} {_moderator(says)} decided it."


def _reinstated(says: Said) -> str:
    return f"{_job(says)} was put back into the showcase{_reversing(says)}. {_moderator(says)} decided it."


def _upheld(says: Said) -> str:
    why = _why(says["details"].get("reasons", ()))
    lost = f"The appeal for {_it(says)} was lost, and it stays rejected{why}."
    return f"{lost} {_moderator(says)} decided it."


def _ballot(says: Said) -> str:
    votes = [
        f"{number} {'vote' if number == 1 else 'votes'} for clip {clip}"
        for clip, number in sorted(says["details"].get("tally", {}).items())
    ]
    result = f"with {listed(votes, 'and')}" if votes else "without a vote"
    return f"The ballot of {_it(says)} was closed {result}."


def _best(says: Said) -> str:
    details = says["details"]
    votes = f"{details['votes']} {'vote' if details['votes'] == 1 else 'votes'}"
    week = f"week {details['week']} of {details['year']}"
    return f"{_job(says)} is number {details['place']} of the best of {week}, with {votes}."


def _why(reasons: Sequence[str]) -> str:
    words = [said.REASON[Reason(name)].lower() for name in reasons]
    return f", for: {listed(words, 'and')}" if words else ""


WORDS: Mapping[str, Callable[[Said], str]] = {
    Kind.FINISHED: _rendered,
    Kind.SENT_TO_REVIEW: lambda says: f"{_artist(says)} sent it to review{_stated(says)}.",
    Kind.KEPT: lambda says: f"{_artist(says)} took it out of review.",
    Kind.REVIEWED: _reviewed,
    Kind.REVIEW_TAKEN_BACK: lambda says: f"{_moderator(says)} took back a review of {_it(says)}.",
    Kind.APPROVED: _decided("published"),
    Kind.REJECTED: _decided("rejected"),
    Kind.APPEALED: lambda says: f"{_artist(says)} appealed.",
    Kind.OVERTURNED: _overturned,
    Kind.UPHELD: _upheld,
    Kind.FLAGGED: lambda says: f"{_job(says)} was flagged by {_rules(says)}.",
    Kind.BLOCKED: lambda says: f"{_job(says)} was blocked by {_rules(says)}.",
    Kind.UNBLOCKED: _unblocked,
    Kind.FRAMES_REMEMBERED: lambda says: f"The frames of {_it(says)} are known again.",
    Kind.FRAMES_FORGOTTEN: lambda says: f"The frames of {_it(says)} were forgotten.",
    Kind.SPLIT: lambda says: f"The moderators don't agree on {_it(says)}; a host decides.",
    Kind.REINSTATED: _reinstated,
    Kind.RAISED: lambda says: f"{_job(says)} had waited, and moderators were reminded.",
    Kind.THEME_WON: lambda says: f"{_job(says)} won a theme.",
    Kind.BEST_OF_WEEK: _best,
    Kind.REEL_SHOWN: lambda says: f"{_job(says)}, the reel of a week, went into the showcase.",
    Kind.REEL_GONE: lambda says: f"{_job(says)}, the reel of a week, went with a clip in it.",
    Kind.BALLOT_CLOSED: _ballot,
    Kind.REPORTED: lambda says: (
        f"Somebody reported {_it(says)}{_why([says['details']['reason']])}."
    ),
    Kind.DISMISSED: lambda says: f"{_moderator(says)} dismissed the reports of {_it(says)}.",
    Kind.TAKEN_DOWN: lambda says: (
        f"{_moderator(says)} took {_it(says)} out of the showcase"
        f"{_why(says['details'].get('reasons', ()))}."
    ),
    Kind.WITHDRAWN: lambda says: f"{_artist(says)} withdrew it from everything public.",
    Kind.STATED: lambda says: f"{_artist(says)} {_stated(says).removeprefix(' and ')}.",
    Kind.STATEMENT_REVOKED: lambda says: f"{_artist(says)} took back who is in it.",
    Kind.CONSENTED: _consented,
}
