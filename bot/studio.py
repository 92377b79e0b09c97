"""`/studio` as data: its commands, what they take, their help; every room builds its own from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot import said
from bot.grammar import Option, Takes
from db.jobs import LARGEST_ID
from db.states import FINISHED, BugKind, Reason, Status
from moderation.giving import MOST_POOLED, TITLE_LIMIT, WORD_LIMIT
from moderation.rules import SENTENCE_LIMIT
from moderation.wish import PROMPT_LIMIT


@dataclass(frozen=True, slots=True)
class Pick:
    """Which jobs a command is for: how one's own stand, and how those of others do."""

    mine: frozenset[Status] = frozenset()
    others: frozenset[Status] = frozenset()
    shared: bool = False
    """Of others only those that their artists let be remixed."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that `/studio` does."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    of: Pick = Pick()
    """What is suggested where it takes a job."""
    for_hosts: bool = False


class Do(StrEnum):
    """What `/studio chain` does."""

    START = "start"
    JOIN = "join"
    LIST = "list"
    SHOW = "show"
    CLOSE = "close"


CHAINS = (
    (Do.START.value, "Start one with a first clip"),
    (Do.JOIN.value, "Join one"),
    (Do.LIST.value, "List those that grow"),
    (Do.SHOW.value, "Show one"),
    (Do.CLOSE.value, "Close yours, and make its film"),
)
"""What may be picked, and how that is shown."""
WORDS_LIMIT = 2 * PROMPT_LIMIT
"""Of a prompt with options typed after it."""
ALL = "all"
"""What may be said instead of one job."""
MINE, EVERYBODY, RULES = "mine", "all", "rules"
POOLS, JOIN, LEAVE, CLAIM = "pools", "join", "leave", "claim"
YES, NO = "yes", "no"
BEGIN, END = "begin", "end"
WRONG = tuple(
    (reason.value, said.REASON[reason])
    for reason in sorted(Reason, key=lambda reason: reason is Reason.OTHER)
)
"""What may be wrong with a clip, and how that is shown."""
YES, NO = "yes", "no"
EVERY, PUBLIC = frozenset(Status), frozenset({Status.PUBLISHED})

_JOB = Option("job", Takes.JOB, "Its number; it stands on its card.", 1, LARGEST_ID, needed=True)
_CLIP = Option("clip", Takes.WHOLE, "Which of its clips; of a single one it needn't be said.", 1, 4)
_PAGE = Option("page", Takes.WHOLE, "How the list goes on.", 1, 999)
_WHOSE = Option(
    "whose",
    Takes.WORD,
    "Your jobs, or those of everybody.",
    words=((MINE, "Mine"), (EVERYBODY, "Everybody's")),
)
_CANCEL = Option("cancel", Takes.JOBS, "A job of yours to cancel, or all of them.", 1, 20)
_APPEAL = Option("sentence", Takes.TEXT, "Why they should.", 1, SENTENCE_LIMIT, needed=True)
_REASON = Option("reason", Takes.WORD, "What is wrong with it.", needed=True, words=WRONG)
_MORE = Option("sentence", Takes.TEXT, "More about it.", high=SENTENCE_LIMIT)
_MODEL = Option("model", Takes.MODEL, "Everything about this one.", high=100)
_STYLE = Option("style", Takes.STYLE, "Everything about this style.", high=100)
_SURE = Option("sure", Takes.TEXT, "Once you have read that: forget me", high=20)

_OF_JOB = Option(
    "job", Takes.JOB, "A job of yours; without it, what all begin with.", 1, LARGEST_ID
)
_ALLOW = Option(
    "allow",
    Takes.WORD,
    "What may be done with it.",
    words=tuple((words.typed, words.title) for words in said.WORDS.values()),
)
_ANSWER = Option("answer", Takes.WORD, "Whether it is allowed.", words=((YES, "Yes"), (NO, "No")))
_CODE = Option(
    "code",
    Takes.TEXT,
    "What the other room showed you, without it you are shown one; undo makes you two again.",
    1,
    20,
)
_WHAT = Option(
    "what",
    Takes.WORD,
    "Your credits, what earns some, or pools that are split by them.",
    words=(
        (MINE, "Mine"),
        (RULES, "What earns credit"),
        (POOLS, "Pools"),
        (JOIN, "Take part in pools"),
        (LEAVE, "Take no part in pools"),
        (CLAIM, "Claim my shares of pools"),
    ),
)
_BUG = Option("text", Takes.TEXT, "What happens, and how one sees it.", 1, SENTENCE_LIMIT)
_KIND = Option(
    "kind",
    Takes.WORD,
    "A bug, or a way to make the studio do what it mustn't.",
    words=((BugKind.BUG.value, "A bug"), (BugKind.RED_TEAM.value, "A weak spot")),
)
_NUMBER = Option("number", Takes.WHOLE, "Of the report that you decide about.", 1, LARGEST_ID)
_VERDICT = Option(
    "verdict",
    Takes.WORD,
    "For moderators: whether it deserves credit.",
    words=((YES, "Yes"), (NO, "No")),
)
_THEME = (
    Option(
        "what",
        Takes.WORD,
        "Begin one, or end one before its time.",
        words=((BEGIN, "Begin one"), (END, "End one")),
    ),
    Option("number", Takes.WHOLE, "Days that it is open; or which to end.", 1, LARGEST_ID),
    Option("credits", Takes.WHOLE, "Of your own, for whoever wins.", 0, MOST_POOLED),
    Option("word", Takes.TEXT, "What each prompt has to have in it.", 1, WORD_LIMIT),
    Option("title", Takes.TEXT, "What it is about.", 1, TITLE_LIMIT),
)

_DO = Option("action", Takes.WORD, "What to do.", needed=True, words=CHAINS)
_ABOUT = Option(
    "about", Takes.TEXT, "The theme of a new chain, or the number of one.", high=WORDS_LIMIT
)


def _words(question: str) -> Option:
    about = f"{question} Options may follow it: --seed 7"
    return Option("prompt", Takes.TEXT, about, 1, WORDS_LIMIT, needed=True)


STUDIO: tuple[Command, ...] = (
    Command(
        "queue",
        "Who is being rendered, who waits, and for how long.",
        (_WHOSE, _CANCEL, _PAGE),
        Pick(frozenset({Status.QUEUED, Status.RENDERING})),
    ),
    Command("mine", "Your jobs, newest first.", (_PAGE,)),
    Command("show", "Bring a job back, with buttons that work.", (_JOB,), Pick(EVERY, PUBLIC)),
    Command(
        "lineage",
        "What a clip grew out of, and what grew out of it.",
        (_JOB, _PAGE),
        Pick(EVERY, PUBLIC),
    ),
    Command(
        "again",
        "The same job with a new seed; a failed or cancelled job goes back in line.",
        (_JOB,),
        Pick(EVERY),
    ),
    Command("vary", "More like one of your clips.", (_JOB, _CLIP), Pick(FINISHED)),
    Command(
        "extend",
        "What happens after a clip.",
        (_JOB, _CLIP),
        Pick(FINISHED, PUBLIC, shared=True),
    ),
    Command(
        "redraw",
        "One of your clips in other words.",
        (_JOB, _words("What it should show instead."), _CLIP),
        Pick(FINISHED),
    ),
    Command("final", "Render a clip of a draft in full.", (_JOB, _CLIP), Pick(FINISHED)),
    Command(
        "remix",
        "A clip of the showcase in your own words, where its artist lets you.",
        (_JOB, _words("What yours should show."), _CLIP),
        Pick(FINISHED, PUBLIC, shared=True),
    ),
    Command(
        "consent",
        "What may be done with your clips: see it, or change it at any time.",
        (_OF_JOB, _CLIP, _ALLOW, _ANSWER),
        Pick(FINISHED, PUBLIC),
    ),
    Command(
        "withdraw",
        "Take a job of yours out of everything public.",
        (_JOB,),
        Pick(EVERY - {Status.WITHDRAWN}),
    ),
    Command(
        "appeal",
        "Ask other moderators to look at a no again.",
        (_JOB, _APPEAL),
        Pick(frozenset({Status.REJECTED, Status.BLOCKED})),
    ),
    Command(
        "report",
        "Tell the moderators that something in the showcase should not be there.",
        (_JOB, _REASON, _MORE),
        Pick(others=PUBLIC),
    ),
    Command(
        "chain",
        "A film by several artists, each shown only the last second before.",
        (_DO, _ABOUT),
    ),
    Command("credits", "What you have earned, or what earns credit.", (_WHAT,)),
    Command(
        "bug",
        "Report a bug or a weak spot of the studio, for credit; without words, those that wait.",
        (_BUG, _KIND, _VERDICT, _NUMBER),
    ),
    Command("theme", "What everybody may make something about; hosts begin one.", _THEME),
    Command(
        "models",
        "Which models and styles there are, what they can do, and whose work they are.",
        (_MODEL, _STYLE, _PAGE),
    ),
    Command("record", "What was decided here, for everybody to read."),
    Command("export", "All that is yours here, as files."),
    Command("delete", "Be forgotten here; it says first what goes and what stays.", (_SURE,)),
    Command("link", "Be one person here and in another room.", (_CODE,)),
    Command("setup", "Channels, moderators and rules of this place.", for_hosts=True),
    Command("help", "How all of this works."),
)
