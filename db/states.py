"""The life of a job as data: which moves exist, from where, to where. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Status(StrEnum):
    QUEUED = "queued"
    RENDERING = "rendering"
    READY = "ready"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    REJECTED = "rejected"
    APPEALED = "appealed"
    REJECTED_FINALLY = "rejected_finally"
    CANCELLED = "cancelled"
    FAILED = "failed"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What an event says has happened. Those in ``MOVES`` changed the job's status."""

    SUBMITTED = "submitted"
    HURRIED = "hurried"
    """It waited for idle workers, and its artist asked for it now."""
    CLAIMED = "claimed"
    REQUEUED = "requeued"
    FINISHED = "finished"
    FAILED = "failed"
    RETRIED = "retried"
    CANCELLED = "cancelled"
    SENT_TO_REVIEW = "sent_to_review"
    KEPT = "kept"
    REVIEWED = "reviewed"
    REVIEW_TAKEN_BACK = "review_taken_back"
    SPLIT = "split"
    """Moderators didn't agree, so it went to the hosts."""
    APPROVED = "approved"
    REJECTED = "rejected"
    APPEALED = "appealed"
    OVERTURNED = "overturned"
    UPHELD = "upheld"
    VOTED = "voted"
    VOTE_TAKEN_BACK = "vote_taken_back"
    BALLOT_CLOSED = "ballot_closed"
    PART_MOVED = "part_moved"
    """A clip that this film waits for, or that goes on from this glimpse, went a step on its way."""
    LOOKING = "looking"
    """A moderator has it in hand."""
    LOOKED = "looked"
    """They haven't any more."""
    RAISED = "raised"
    """It has waited long, and moderators or hosts were called to it."""
    HELD = "held"
    """Moderators have enough for now; it waits until there is room for it."""
    UNHELD = "unheld"
    """Its artist keeps it private after all."""
    CONSENTED = "consented"
    """The artist allowed something with clips of theirs, or took that back."""
    REPORTED = "reported"
    DISMISSED = "dismissed"
    """Moderators settled the reports and left the job where it was."""
    TAKEN_DOWN = "taken_down"
    REINSTATED = "reinstated"
    """Moderators put back what was taken down by mistake."""
    WITHDRAWN = "withdrawn"
    THEME_WON = "theme_won"
    """A clip of it had most votes of all that took part in a theme."""
    TIPPED = "tipped"
    """Somebody gave its artist credit of their own, or took it back."""
    LINKED = "linked"
    """Its artist, or somebody who said something of it, turned out to be one person with another."""
    UNLINKED = "unlinked"
    FLAGGED = "flagged"
    """The screen found something that moderators should look at twice."""
    BLOCKED = "blocked"
    """The screen stopped it before anything was rendered."""
    UNBLOCKED = "unblocked"
    """Moderators overturned that."""
    BEST_OF_WEEK = "best_of_week"
    """A clip of it is among the best of a week."""
    REEL_SHOWN = "reel_shown"
    """It is the reel of a week's best, and went into the showcase."""
    REEL_GONE = "reel_gone"
    """A clip of this reel may not be shown any more."""
    FRAMES_REMEMBERED = "frames_remembered"
    FRAMES_FORGOTTEN = "frames_forgotten"
    STATED = "stated"
    """The artist said who is in it."""
    STATEMENT_REVOKED = "statement_revoked"


class Flag(StrEnum):
    """What an artist may allow with a clip; the names are those of its columns."""

    SHOWCASE = "showcase"
    """Everybody may see it here, once moderators approve it."""
    REMIX = "remix"
    """Others may remix and extend it while it is in the showcase."""
    DATASET = "dataset"
    """It may go into the community's dataset, with credit."""
    TRAINING = "training"
    """Models may be trained on it."""
    ELSEWHERE = "elsewhere"
    """It may be shown outside of the community's own rooms, in the feed."""
    NAMED = "named"
    """Its file says who made it, and so does the feed."""
    PROMPT_SHOWN = "prompt_shown"
    """Its file, a dataset and the feed say with which prompt."""


class Depicts(StrEnum):
    """What an artist states of the person in a picture, or of whom a prompt names."""

    MYSELF = "myself"
    AGREED = "agreed"
    """Somebody who agreed."""
    NOBODY = "nobody"
    """Nobody real, or no person at all."""


class Task(StrEnum):
    """What a clip is made from, beside the words."""

    TEXT = "text"
    """Nothing else."""
    IMAGE = "image"
    """A picture that it begins with."""
    FRAMES = "frames"
    """A picture that it begins with and one that it ends with."""
    EXTEND = "extend"
    """The end of another clip, which it continues."""
    VIDEO = "video"
    """Another clip, which it redraws."""
    LOOP = "loop"
    """Nothing else, but it ends where it begins."""
    FILM = "film"
    """Other clips, one after another."""
    GLIMPSE = "glimpse"
    """The last second of a clip, for whoever goes on from it."""
    REEL = "reel"
    """The best clips of a week, one after another."""


class Turn(StrEnum):
    """How somebody's place in a chain stands."""

    WAITS = "waits"
    NOW = "now"
    """It is their turn, or their clip is being made."""
    MADE = "made"
    """Their clip is a part of the film."""
    PASSED = "passed"
    """Their time was over, or they let it pass or took their clip back."""


PUT_TOGETHER = frozenset({Task.FILM, Task.GLIMPSE, Task.REEL})
"""What is made of clips that are there, without a model."""
RENDERED = tuple(task for task in Task if task not in PUT_TOGETHER)
"""What models make."""


class Descent(StrEnum):
    """How a job grew out of a clip that was there before."""

    VARY = "vary"
    """It stays near that clip."""
    EXTEND = "extend"
    """It goes on where that clip ends."""
    REDRAW = "redraw"
    """It draws that clip anew."""
    REMIX = "remix"
    """It draws that clip anew, from the showcase and with its artist's leave."""
    FINAL = "final"
    """It is the full render of that clip, which was a draft."""


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: the statuses it may start from and the one it ends in."""

    origins: frozenset[Status]
    to: Status


def _move(to: Status, *origins: Status) -> Move:
    return Move(frozenset(origins), to)


MOVES: Mapping[Kind, Move] = {
    Kind.CLAIMED: _move(Status.RENDERING, Status.QUEUED),
    Kind.REQUEUED: _move(Status.QUEUED, Status.RENDERING),
    Kind.FINISHED: _move(Status.READY, Status.RENDERING),
    Kind.FAILED: _move(Status.FAILED, Status.RENDERING),
    Kind.RETRIED: _move(Status.QUEUED, Status.FAILED, Status.CANCELLED),
    Kind.CANCELLED: _move(Status.CANCELLED, Status.QUEUED, Status.RENDERING),
    Kind.SENT_TO_REVIEW: _move(Status.IN_REVIEW, Status.READY),
    Kind.KEPT: _move(Status.READY, Status.IN_REVIEW, Status.PUBLISHED),
    Kind.APPROVED: _move(Status.PUBLISHED, Status.IN_REVIEW),
    Kind.REJECTED: _move(Status.REJECTED, Status.IN_REVIEW),
    Kind.BLOCKED: _move(Status.BLOCKED, Status.QUEUED),
    Kind.APPEALED: _move(Status.APPEALED, Status.REJECTED, Status.BLOCKED),
    Kind.UNBLOCKED: _move(Status.QUEUED, Status.APPEALED),
    Kind.OVERTURNED: _move(Status.PUBLISHED, Status.APPEALED),
    Kind.UPHELD: _move(Status.REJECTED_FINALLY, Status.APPEALED),
    Kind.TAKEN_DOWN: _move(Status.REJECTED, Status.PUBLISHED),
    Kind.REINSTATED: _move(Status.PUBLISHED, Status.REJECTED),
    Kind.REEL_SHOWN: _move(Status.PUBLISHED, Status.READY),
    Kind.REEL_GONE: _move(Status.WITHDRAWN, *(s for s in Status if s is not Status.WITHDRAWN)),
    Kind.WITHDRAWN: _move(Status.WITHDRAWN, *(s for s in Status if s is not Status.WITHDRAWN)),
}

CREDITED = frozenset(
    {
        Kind.FINISHED,
        Kind.APPROVED,
        Kind.REJECTED,
        Kind.OVERTURNED,
        Kind.REINSTATED,
        Kind.UNBLOCKED,
        Kind.UPHELD,
        Kind.TAKEN_DOWN,
        Kind.BALLOT_CLOSED,
    }
)
"""After which somebody may have earned credit, or lost it."""

WAITING_FOR_REVIEW = frozenset({Status.IN_REVIEW, Status.APPEALED})
DECIDED = frozenset({Status.PUBLISHED, Status.REJECTED, Status.REJECTED_FINALLY})
FINISHED = frozenset(Status) - {
    Status.QUEUED,
    Status.RENDERING,
    Status.CANCELLED,
    Status.FAILED,
    Status.BLOCKED,
}
"""The statuses in which a job has clips, unless it was blocked or withdrawn before there were any."""


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Called(IntEnum):
    """How loudly moderators were called to a job that waits for them."""

    REMINDED = 1
    MODERATORS = 2
    HOSTS = 3


class Reason(StrEnum):
    """Why a moderator said no, or what somebody reports; each is one sign on the review card."""

    OTHER = "other"
    SEXUAL = "sexual"
    GORE = "gore"
    LIKENESS = "likeness"
    COPYRIGHT = "copyright"
    HATE = "hate"
    SPAM = "spam"


class BugKind(StrEnum):
    BUG = "bug"
    """The studio does something wrong."""
    RED_TEAM = "red_team"
    """Somebody found a way to make it do what it mustn't."""


class Purpose(StrEnum):
    """What a post is for; with room, place and job it names one message."""

    RECEIPT = "receipt"
    RESULT = "result"
    REVIEW = "review"
    NOTICE = "notice"
    """That moderators are wanted: a message of its own, so that they hear of it."""
    DECISION = "decision"
    """What the moderators decided, for the artist: a message of its own, so that they hear of it."""
    SHOWCASE = "showcase"
