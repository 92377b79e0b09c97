"""What must be so after the storm: counted in the chats' own books, in the database and in the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bench.engines import NOTHING
from bench.storm.crowd import Crowd
from bench.storm.town import job_of
from bot.signs import Sign
from db import people
from db.media import Media
from db.models import Clip, Event, Job, Post, Telling, Vote
from db.session import Db, of_one_moment
from db.states import WAITING_FOR_REVIEW, Kind, Status

UNDER_WAY = frozenset({Status.QUEUED, Status.RENDERING, *WAITING_FOR_REVIEW})


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised, and what was found. ``about``: a few of those with which it was broken."""

    name: str
    expected: int
    found: int
    about: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        return self.expected == self.found


@dataclass
class Books:
    """All that the database says, read at one moment."""

    jobs: list[Job] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    happened: dict[int, Counter[Kind]] = field(default_factory=dict)
    """By job."""
    votes: set[tuple[int, int]] = field(default_factory=set)
    """Job and person."""
    untold: int = 0
    aside: list[str] = field(default_factory=list)
    unbooked: int = 0
    unchronicled: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """How far all is, in a few numbers."""

    jobs: tuple[tuple[str, int], ...]
    untold: int
    unsure: int
    """Cards that aren't sent yet, or of which nobody knows how they look."""
    votes: int
    unseen: int
    """Events that are in the ledger or the record only later."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is waited for, as far as these tell."""
        under_way = any(status in UNDER_WAY for status, _ in self.jobs)
        return not (under_way or self.untold or self.unsure or self.unseen)


async def glance(db: Db) -> Glance:
    statuses = select(col(Job.status), func.count()).group_by(col(Job.status))
    waiting = col(Telling.told_at).is_(None), col(Telling.set_aside_at).is_(None)
    unsure = (
        (col(Post.message) == "") | col(Post.doubtful_until).is_not(None),
        col(Post.removed_at).is_(None),
    )
    async with db.read() as s:
        jobs = sorted((status.value, count) for status, count in (await s.execute(statuses)).all())
        return Glance(
            tuple(jobs),
            await _count(s, *waiting),
            await _count(s, *unsure),
            await _count(s, col(Vote.job_id) > 0),
            await _count(s, col(Event.booked).is_(False) | col(Event.chronicled_at).is_(None)),
        )


async def read(db: Db) -> Books:
    """Everything; of a large studio that takes seconds."""
    async with db.read() as s:
        await of_one_moment(s)
        books = Books()
        books.jobs = list((await s.scalars(select(Job).order_by(col(Job.id)))).all())
        books.clips = list((await s.scalars(select(Clip))).all())
        standing = select(Post).where(col(Post.removed_at).is_(None))
        books.posts = list((await s.scalars(standing)).all())
        books.happened = {job.id: Counter() for job in books.jobs}
        kinds = select(col(Event.job_id), col(Event.kind), func.count()).group_by(
            col(Event.job_id), col(Event.kind)
        )
        for job_id, kind, count in (await s.execute(kinds)).all():
            books.happened[job_id][kind] = count
        votes = select(col(Vote.job_id), col(Vote.person_id))
        books.votes = {(job, person) for job, person in (await s.execute(votes)).all()}
        tellings = (await s.scalars(select(Telling).where(col(Telling.told_at).is_(None)))).all()
        books.untold = sum(one.set_aside_at is None for one in tellings)
        books.aside = [f"{t.room}, job {t.job_id}: {t.error}" for t in tellings if t.set_aside_at]
        books.unbooked = await _count(s, col(Event.booked).is_(False))
        books.unchronicled = await _count(s, col(Event.chronicled_at).is_(None))
    return books


async def _count(s: AsyncSession, *which: ColumnElement[bool]) -> int:
    return await s.scalar(select(func.count()).where(*which)) or 0


def stuck(books: Books) -> list[str]:
    """Jobs that haven't come to an end, and cards that were begun and never sent."""
    jobs = [
        f"job {job.id} is {job.status}"
        for job in books.jobs
        if job.status in UNDER_WAY or (job.status is Status.READY and job.held)
    ]
    return jobs + [f"{p.room} {p.purpose} of job {p.job_id}" for p in books.posts if not p.message]


def of_jobs(books: Books, crowd: Crowd) -> Iterator[Promise]:
    """Nothing that was asked for is lost, and nothing is rendered more often than it was lost."""
    by_id = {job.id: job for job in books.jobs}
    wishes = {job.prompt for job in books.jobs}
    lost = [
        f"wish {number}"
        for number in range(1, crowd.wishes + 1)
        if f"wish {number} of the storm" not in wishes
    ]
    yield none("wishes that were lost", lost)
    gone = [
        f"job {job}"
        for job, wish in crowd.told.items()
        if job not in by_id or by_id[job].prompt != f"wish {wish} of the storm"
    ]
    yield none("jobs that somebody was told of and that aren't there", gone)
    yield none("jobs and cards that are stuck", stuck(books))
    asked = crowd.tries + crowd.acts[Sign.VARY] + crowd.acts[Sign.AGAIN]
    yield Promise("jobs that nobody asked for", 0, max(len(books.jobs) - asked, 0))
    twice = [f"job {id_}" for id_, kinds in books.happened.items() if kinds[Kind.FINISHED] > 1]
    yield none("renders that were finished twice", twice)
    uneven = [
        f"job {job.id}: attempt {job.attempt}, {dict(kinds)}"
        for job in books.jobs
        if (kinds := books.happened[job.id])[Kind.CLAIMED] != job.attempt
        or kinds[Kind.CLAIMED] > kinds[Kind.FINISHED] + _ended_otherwise(kinds)
    ]
    yield none("renders that were begun again without having ended", uneven)


def _ended_otherwise(kinds: Mapping[Kind, int]) -> int:
    others = (Kind.REQUEUED, Kind.FAILED, Kind.CANCELLED, Kind.WITHDRAWN)
    return sum(kinds[kind] for kind in others)


def of_outbox(books: Books) -> Iterator[Promise]:
    yield Promise("events that a room still has to be told", 0, books.untold)
    yield none("events that were set aside", books.aside)
    yield Promise("events that the ledger hasn't seen", 0, books.unbooked)
    yield Promise("events that the record hasn't seen", 0, books.unchronicled)


def of_files(books: Books, media: Media) -> Iterator[Promise]:
    per_job = Counter(clip.job_id for clip in books.clips)
    wanted = sum(
        NOTHING.variations
        for job in books.jobs
        if books.happened[job.id][Kind.FINISHED] and job.status is not Status.WITHDRAWN
    )
    withdrawn = {job.id for job in books.jobs if job.status is Status.WITHDRAWN}
    yield Promise("clips", wanted, sum(n for job, n in per_job.items() if job not in withdrawn))
    missing = [
        key
        for clip in books.clips
        if clip.job_id not in withdrawn
        for key in (clip.video_key, clip.poster_key, clip.preview_key)
        if not media.path(key).is_file()
    ]
    yield none("files of clips that are missing", missing)


async def of_votes(db: Db, books: Books, crowd: Crowd) -> list[Promise]:
    """Whoever's sign stands there has a vote, and nobody else; so has who was told of it."""
    public = {job.id for job in books.jobs if job.status is Status.PUBLISHED}
    signed: dict[tuple[int, str], bool] = {}
    told: set[tuple[int, str]] = set()
    votes: Counter[tuple[int, str]] = Counter()
    towns = {town for town, *_ in crowd.by_sign}
    shown = {(town, job_of(town.ids(card))): card for town in towns for card in town.shows()}
    async with db.read() as s:
        for town, who, job in crowd.by_sign | crowd.by_button:
            if job not in public:
                continue
            person = await people.find(s, town.room, town.workspace, str(who.id))
            name = (job, f"{town.room} {who.name}")
            votes[name] += (job, person) in books.votes
            if (town, who, job) in crowd.by_sign:
                card = shown.get((town, job))
                signed[name] = card is not None and who.id in town.signs(card, Sign.VOTE_1)
            elif (town, who, job) in crowd.counted:
                told.add(name)
    wrong = [f"job {j}, {who}" for (j, who), there in signed.items() if votes[j, who] != there]
    unmet = [f"job {job}, {who}" for job, who in told if not votes[job, who]]
    return [
        Promise("votes by sign", sum(signed.values()), sum(votes[n] for n in signed), tuple(wrong)),
        none("signs and votes that don't agree", wrong),
        none("votes that were told of and don't count", unmet),
    ]


def none(name: str, found: Iterable[str]) -> Promise:
    """The promise that there are none of these."""
    found = tuple(found)
    return Promise(name, 0, len(found), found[:8])
