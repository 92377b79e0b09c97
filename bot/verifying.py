"""Goes through the whole record, in the studio's database or over its public JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.trouble import Misused, Trouble
from db import record
from db.chain import Broken, Chain
from db.record import Counted, Head
from db.session import Db, one_at_a_time
from moderation import transparency

BATCH = 5000
SHORTEST_HEAD = 8
PAGE_SECONDS = 60

Said = Mapping[str, Any]
Progress = Callable[[int, int], None]
"""Called with how many entries were read so far, and of how many."""


async def database(url: str, kept: str, progress: Progress) -> tuple[Head, Counted]:
    """The head of the studio's own record, and what its entries add up to.

    ``kept``: the beginning of a head that somebody has kept, or empty. Raises ``Trouble`` for an entry
    that is wrong, for a head that no entry has, and for a figure of the report that is wrong.
    """
    db = Db(url)
    try:
        async with db.begin() as s:
            await one_at_a_time(s, "record")  # the figures of just these entries
            last, figures = await record.head(s), await record.statistics(s)
        head, sums = await _verify(_rows(db, last.seq, progress), kept)
    finally:
        await db.close()
    for key in sorted(figures.keys() | sums.keys()):
        if figures.get(key, 0) != sums.get(key, 0):
            raise Trouble(
                f"Every entry is right, but not the report: {', '.join(filter(None, key))} is "
                f"{figures.get(key, 0):,} in it, and the entries add up to {sums.get(key, 0):,}."
            )
    return head, sums


async def page(url: str, kept: str, progress: Progress) -> tuple[Head, Counted]:
    """The same over the public JSON of a studio. Raises as ``database`` does."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Misused(
            f"--url is the address of a studio, such as http://127.0.0.1:8040, not {url}."
        )
    address = f"{url.rstrip('/').removesuffix('.json').removesuffix('/record')}/record.json"
    timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return await _verify(_pages(session, address, progress), kept)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Trouble(f"{address} can't be read ({type(error).__name__}).") from error


async def _verify(entries: AsyncIterator[Said], kept: str) -> tuple[Head, Counted]:
    if kept and len(kept) < SHORTEST_HEAD:
        raise Misused(f"Of a head, give at least the first {SHORTEST_HEAD} characters.")
    chain, sums, found = Chain(), Counter[tuple[str, str, str]](), not kept
    try:
        async for entry in entries:
            says = chain.add(*(entry.get(name) for name in ("seq", "previous", "body", "hash")))
            is_of = says.get("kind"), says.get("job")
            if entry.get("filed", is_of) != is_of:
                raise Broken(chain.seq, "it is filed as another kind or under another job")
            sums.update(_counted(says))
            found = found or chain.head.startswith(kept.lower())
    except Broken as broken:
        raise Trouble(str(broken)) from None
    if not found:
        raise Trouble(
            f"No entry has the head {kept}: this isn't the record that it is the head of, or the end of "
            "it is missing."
        )
    return Head(chain.seq, chain.head), sums


def _counted(says: Said) -> Counted:
    try:
        return transparency.counted([says])
    except (KeyError, TypeError, ValueError):
        raise Broken(says["seq"], "it doesn't say what an entry says") from None


async def _rows(db: Db, last: int, progress: Progress) -> AsyncIterator[Said]:
    seq = 0
    while seq < last:
        async with db.read() as s:
            rows = await record.after(s, seq, min(BATCH, last - seq))
        if not rows:
            return
        for row in rows:
            yield row._asdict() | {"filed": (row.kind, row.job_id)}
        seq = rows[-1].seq
        progress(seq, last)


async def _pages(
    session: aiohttp.ClientSession, url: str, progress: Progress
) -> AsyncIterator[Said]:
    first: int | None = 1
    while first is not None:
        async with session.get(url, params={"from": str(first)}) as answer:
            if answer.status != 200:
                raise Trouble(f"{url} answers {answer.status} instead of entries.")
            try:
                found = await answer.json()
                entries, following = found["entries"], found["next"]
                total = int(found["head"]["seq"])
                for entry in entries:
                    yield {name: entry[name] for name in ("seq", "previous", "body", "hash")}
            except (aiohttp.ContentTypeError, ValueError, LookupError, TypeError):
                raise Trouble(f"{url} isn't the record of a studio.") from None
        if following is not None and (not entries or following <= first):
            raise Trouble(f"{url} goes on without an end.")
        progress(total if following is None else following - 1, total)
        first = following
