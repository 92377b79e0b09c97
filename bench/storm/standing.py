"""What must be so of the cards after the storm: as people see them, whatever our rows say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bench.storm.promises import Books, Promise, none
from bench.storm.town import Standing, job_of
from bench.storm.towns import Towns
from bot import cards
from bot.on_discord.ids import ORIGINAL, Asked
from bot.view import view
from db.models import Post
from db.session import Db
from db.states import DECIDED, WAITING_FOR_REVIEW, Purpose, Status

KEYED = ("post-", "again-")
"""How the keys of cards begin that must stand once; whatever else is said may be said again."""


def of_cards(books: Books, towns: Towns) -> Iterator[Promise]:
    """Each card stands once wherever it belongs: in the chats, whatever our rows say."""
    seen = [one for town in towns.all for one in town.standing()]
    rows = {(post.room, post.message): post for post in books.posts if post.message}
    found: Counter[tuple[str, Purpose]] = Counter()
    strays, others = [], []
    named = Counter((one.room, one.message) for one in seen)
    for one in seen:
        post = rows.get((one.room, one.message))
        if post is not None:
            found[one.room, post.purpose] += 1
        elif one.key.startswith(KEYED):
            strays.append(_said(one))
    twice = [f"{room} {message}" for (room, message), count in named.items() if count > 1]
    asked = {one.id: one.original for one in towns.discord.interactions}
    for post in books.posts:
        if post.message == ORIGINAL:
            answer = asked.get(Asked.read(post.place).interaction)
            shown = answer is not None and job_of(answer.custom_ids()) == post.job_id
            found[post.room, post.purpose] += shown
            others += (
                []
                if shown
                else [f"{post.purpose} of job {post.job_id}: {answer and answer.text()[:60]}"]
            )
    wanted = _wanted(books, towns)
    for room, purpose in sorted(wanted.keys() | found.keys()):
        if room != "web":
            expected, stand = wanted[room, purpose], found[room, purpose]
            yield Promise(f"cards in {room}: {purpose}", expected, stand)
    yield none("cards that stand twice", [*strays, *twice])
    yield none("private answers that show something else than their card", others)
    heaped = [_said(one) for one in seen if len(set(one.files)) < len(one.files)]
    yield none("threads in which a clip is twice", heaped)


async def of_looks(db: Db, books: Books, towns: Towns) -> Promise:
    """What can be read in each card is what the job's card says now."""
    texts = {(one.room, one.message): one.text for town in towns.all for one in town.standing()}
    became = {(post.place, post.job_id) for post in books.posts if _is_answer(post, Purpose.RESULT)}
    asked = {one.id: one.original for one in towns.discord.interactions}
    wrong = []
    for post in books.posts:
        text = texts.get((post.room, post.message))
        if post.message == ORIGINAL:
            answer = asked.get(Asked.read(post.place).interaction)
            text = answer.text() if answer is not None else None
            if _is_answer(post, Purpose.RECEIPT) and (post.place, post.job_id) in became:
                continue  # there stands its result
        if text is None:
            continue
        async with db.read() as s:
            seen = await view(s, post.job_id)
        card = cards.paint_for(post.purpose, seen) if seen is not None else None
        if card is not None:
            said = [card.title, *(line.text for line in card.lines)]
            unsaid = [words for words in said if _bare(words) not in _bare(text)]
            if unsaid:
                wrong.append(f"{post.room} {post.purpose} of job {post.job_id}: {unsaid}")
    return none("cards that don't look as their job stands", wrong)


def _bare(text: str) -> str:
    """Without what a chat escapes, and how."""
    return re.sub(r"\W+", "", text)


def _is_answer(post: Post, purpose: Purpose) -> bool:
    return (post.purpose, post.message) == (purpose, ORIGINAL)


def _said(one: Standing) -> str:
    return f"{one.room} {one.message} ({one.key}) of job {one.job}"


def _wanted(books: Books, towns: Towns) -> Counter[tuple[str, Purpose]]:
    """How many cards belong there, by how the jobs stand."""
    places = Counter(town.room for town in towns.all)
    made = {clip.job_id for clip in books.clips}
    wanted: Counter[tuple[str, Purpose]] = Counter()
    for job in books.jobs:
        own = {Purpose.RECEIPT}
        own |= {Purpose.RESULT} if job.id in made else set()
        own |= {Purpose.DECISION} if job.status in DECIDED else set()
        wanted.update((job.room, purpose) for purpose in own)
        for room, count in places.items():
            if job.status in WAITING_FOR_REVIEW:
                wanted[room, Purpose.REVIEW] += count
            if job.status is Status.PUBLISHED:
                wanted[room, Purpose.SHOWCASE] += count
    # Where it wasn't shown yet as it was decided elsewhere, there is nothing left to review.
    decided = {job.id for job in books.jobs if job.status in DECIDED}
    wanted.update(
        (post.room, post.purpose)
        for post in books.posts
        if post.purpose is Purpose.REVIEW and post.job_id in decided
    )
    return wanted
