"""Somebody who did everything that there is to do here, under words that nobody else says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select
from sqlmodel import SQLModel

from db import (
    chains,
    duty,
    hits,
    ledger,
    notes,
    people,
    pools,
    reactions,
    renders,
    replies,
    web_sessions,
    workspaces,
)
from db.broker import Broker
from db.media import Media
from db.models import (
    Clip,
    Event,
    Hit,
    Job,
    KnownFrame,
    LenderKey,
    Look,
    Pool,
    PoolShare,
    Post,
    Worker,
    utcnow,
)
from db.session import Db
from db.states import BugKind, Depicts, Flag, Kind, Purpose, Reason, Verdict
from moderation import days
from moderation.bookkeeping import keep_books
from moderation.chronicle import chronicle
from moderation.credit import Booking
from moderation.leaving import forget_leavers
from moderation.people import Person, Role
from moderation.pools import OUTSIDE
from moderation.sweep import sweep
from moderation.wish import Picture, Request, Wish
from tests.support.books import settle
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

DISCORD, SLACK = "779900112233445566", "U0ZEPHYRINE"
CHANNEL = f"5/6/{DISCORD}/7"
WORDS = ("zephyrine", "quetzal", DISCORD, SLACK.lower(), "0zephyr")
"""What says who they are, or is theirs alone; in no case but lower."""
Row = dict[str, Any]


class Filed(Studio):
    """A studio whose clips are files, each with bytes of its own."""

    def __init__(self, studio: Studio, media: Media, scratch: Path) -> None:
        super().__init__(studio.db, studio.desk.broker, studio.desk.rules)
        self.media, self.scratch = media, scratch

    async def put(self, text: str, kind: str) -> str:
        file = self.scratch / f"made.{kind}"
        file.write_text(text)
        return await self.media.put(file)

    async def finish(self, job: Job, attempt: int | None = None) -> bool:
        made = []
        for number in range(1, job.variations + 1):
            keys = [
                await self.put(f"{job.id} {number} {job.prompt}", k) for k in ("mp4", "jpg", "webp")
            ]
            made.append(
                Clip(
                    job_id=job.id, number=number, seed=job.seed, video_key=keys[0],
                    poster_key=keys[1], preview_key=keys[2], bytes=10, hashes=["0" * 16],
                )
            )  # fmt: skip
        async with self.db.begin() as s:
            return await renders.finish(s, job.id, attempt or job.attempt, made, ())

    async def settle(self) -> None:
        """What the bot does by itself, until there is nothing left to do."""
        for _ in range(3):
            await sweep(self.db, self.desk.broker, self.desk.rules)
            await forget_leavers(self.db, self.desk.broker, self.media)


class Leaver:
    """They, Bo, and a moderator; ``make`` gives each what they have."""

    def __init__(self, studio: Filed) -> None:
        self.studio, self.desk, self.db = studio, studio.desk, studio.db

    async def make(self) -> Person:
        async with self.db.begin() as s:
            there = await people.known(s, "discord", "", DISCORD, "Zephyrine")
            here = await people.known(s, "slack", "T1", SLACK, "Zephyrine in Slack")
        roles = frozenset({Role.MODERATOR, Role.HOST})
        self.they = Person(there.id, "Zephyrine", roles)
        await self.desk.link(Person(here.id, "Zephyrine"), await self.desk.link_code(self.they))
        self.bo = await person(self.db, "bo")
        self.mo = await person(self.db, "mo", Role.MODERATOR)
        await self.studio.open([ABLE])
        await self.desk.consent_by_default(self.they, {Flag.REMIX: True, Flag.DATASET: True})
        await self._clips()
        await self._opinions()
        await self._together()
        await self._counted()
        await self._kept_by_rooms()
        await keep_books(self.db)
        await chronicle(self.db)
        return self.they

    async def asked(self, prompt: str, **wish: Any) -> Job:
        """A job that waits in line, asked for in Discord."""
        where = Request(f"discord:0zephyr-{prompt}", "discord", CHANNEL, "5")
        return await self.desk.submit(self.they, Wish(prompt, **wish), where)

    async def made(self, job: Job) -> Job:
        claimed = await self.studio.claim(running_cap=9)
        assert claimed is not None
        assert claimed.id == job.id
        assert await self.studio.finish(claimed)
        return await self.studio.job(job.id)

    async def published(self, who: Person, prompt: str, by: Person) -> Job:
        asked = self.asked(prompt) if who is self.they else self.studio.submit(who, prompt)
        job = await self.made(await asked)
        await self.desk.review(by, job.id, Verdict.APPROVE, sentence="fine")
        return await self.studio.job(job.id)

    async def _clips(self) -> None:
        picture = Picture(await self.studio.put("a quetzal picture", "png"), 64, 64)
        await self.made(await self.asked("a private quetzal", image=picture, private=True))
        first = await self.asked("a quetzal over water", negative="no quetzals")
        self.shown = await self.made(first)
        await self.desk.review(self.mo, first.id, Verdict.APPROVE)
        await self.desk.vote(self.bo, first.id, 1)
        self.refused = await self.made(await self.asked("a quetzal again"))
        await self.desk.review(self.mo, self.refused.id, Verdict.REJECT, reason=Reason.SPAM)
        await self.desk.appeal(self.they, self.refused.id, "A quetzal is no spam.")
        self.remixed = await self.made(
            await self.desk.remix(self.bo, first.id, 1, request(), Wish("a bird at night"))
        )
        await self.desk.review(self.mo, self.remixed.id, Verdict.APPROVE)
        named = await self.made(await self.asked("a quetzal and a person", image=picture))
        await self.desk.state(self.they, named.id, Depicts.AGREED, "The quetzal nodded.")
        self.extended = await self.made(await self.desk.extend(self.bo, first.id, 1, request()))
        found = Hit(job_id=first.id, rule="bird", clip=0, version=1, words=["quetzal"])
        async with self.db.begin() as s:
            await hits.add(s, [found])
            s.add(KnownFrame(job_id=first.id, clip=1, hash="0" * 16, person_id=self.mo.id))

    async def _opinions(self) -> None:
        self.over = await self.published(self.bo, "a red circle", self.they)
        self.open = await self.published(self.bo, "a blue square", self.they)
        for job in (self.over, self.open):
            await self.desk.vote(self.they, job.id, 2)
        await self.desk.report(self.they, self.open.id, Reason.OTHER, "It shows my quetzal.")
        await self.studio.change(self.over.id, ballot_closes_at=utcnow())
        await sweep(self.db, self.desk.broker)
        picture = Picture(await self.studio.put("Bo's picture", "png"), 64, 64)  # so two decide
        wish = Wish("a green star", image=picture)
        waiting = await self.made(await self.desk.submit(self.bo, wish, request()))
        await self.desk.state(self.bo, waiting.id, Depicts.NOBODY)
        await self.desk.review(
            self.they, waiting.id, Verdict.REJECT, reason=Reason.OTHER, sentence="Less quetzal."
        )
        self.waiting = await self.studio.job(waiting.id)
        where = ("discord", "5")
        bug = await self.desk.report_bug(self.they, BugKind.BUG, "Each quetzal is green.", *where)
        await self.desk.judge_bug(self.mo, bug.id, True)
        other = await self.desk.report_bug(self.bo, BugKind.BUG, "Nothing moves.", *where)
        await self.desk.judge_bug(self.they, other.id, True)
        await keep_books(self.db)
        await settle(self.db)
        await self.desk.tip(self.they, self.open.id)

    async def _together(self) -> None:
        begun = await self.desk.start_chain(
            self.they,
            Wish("the quetzal's chain", aspect="16:9"),
            Request("discord:0zephyr-chain", "discord", CHANNEL, "5"),
        )
        assert begun.chain is not None
        self.chain = begun.chain.id
        await self.made(begun.job)
        await self.desk.join_chain(self.bo, self.chain, request())
        await sweep(self.db, self.desk.broker)
        other = await self.desk.start_chain(
            self.bo, Wish("a fox at night", aspect="16:9"), request()
        )
        assert other.chain is not None
        self.others_chain = other.chain.id
        glimpse = await self._seat(self.chain)
        await self.made(await self.studio.job(glimpse))
        await self.made(other.job)
        await self.desk.join_chain(
            self.they,
            self.others_chain,
            Request("discord:0zephyr-seat", "discord", CHANNEL, "5"),
        )
        await sweep(self.db, self.desk.broker)
        self.theme = await self.desk.begin_theme(self.they, "Quetzals", "quetzal", 3, pool=1)

    async def _seat(self, chain_id: int) -> int:
        async with self.db.read() as s:
            seats = await chains.seats(s, chain_id)
        glimpse = next(seat.glimpse_id for seat in seats if seat.glimpse_id)
        assert glimpse is not None
        return glimpse

    async def _counted(self) -> None:
        """What a day, a pool and a moderator's own limits leave of them."""
        await self.desk.take_part_in_pools(self.they, True)
        async with self.db.begin() as s:
            await duty.change(s, self.they.id, 20, [Reason.GORE])
            await ledger.hold(s)
            await days.rendered(s, self.they.id, 5)
            mine = await ledger.account_of(s, self.they.id, "cent")
            outside = await ledger.studios(s, OUTSIDE, "cent")
            got = {mine.id: 7, outside.id: -7}
            await ledger.book(s, "split", Booking.POOL_SPLIT, got)
            pool = Pool(
                unit="cent",
                amount=7,
                since=date(2026, 1, 5),
                until=date(2026, 1, 12),
                ends_at=utcnow(),
                closed_at=utcnow(),
            )
            await pools.add(s, pool)
            s.add(
                PoolShare(
                    pool_id=pool.id,
                    account_id=mine.id,
                    person_id=self.they.id,
                    points=3,
                    amount=7,
                )
            )

    async def _kept_by_rooms(self) -> None:
        """Rows that only rooms write."""
        async with self.db.begin() as s:
            await notes.put(s, f"discord:thread:6:{DISCORD}", "99")
            await notes.put(s, "slack:host:T1", SLACK)
            await notes.put(s, "slack:host:T2", "U0SOMEBODYELSE")
            await workspaces.change(s, "slack", "T1", moderators=f"U0OTHER,{SLACK}")
            await web_sessions.begin(s, "discord", "", DISCORD, "The quetzal's browser")
            await replies.keep(s, "discord", CHANNEL, "token", timedelta(hours=1))
            await replies.keep(s, "discord", f"1/2/{DISCORD}/3", "token", timedelta(hours=1))
            await reactions.begin(s, "discord", "6/8", DISCORD, "✅")
            await reactions.begin(s, "slack", "T1/C/1.2", SLACK, "✅")
            await reactions.begin(s, "slack", "T2/C/1.2", "U0SOMEBODYELSE", "✅")
            s.add(Look(job_id=self.waiting.id, person_id=self.they.id, until=utcnow()))
            s.add(
                Post(
                    room="gone", place=f"dm/{DISCORD}", purpose=Purpose.RESULT, job_id=self.shown.id
                )
            )
            owner = f"discord::{DISCORD}"
            s.add(Worker(name="lent", owner=owner))
            s.add(LenderKey(name="lent", secret="", owner=owner))
            s.add(
                Event(
                    job_id=self.open.id, kind=Kind.FINISHED, detail={"owner": owner, "seconds": 1.0}
                )
            )


@asynccontextmanager
async def somebody(url: str, folder: Path) -> AsyncIterator[Leaver]:
    """They, in a studio with this database and with its media in this folder."""
    opened = Db(url)
    made = Leaver(Filed(Studio(opened, Broker(NO_BROKER)), Media(folder / "media"), folder))
    await made.make()
    yield made
    await opened.close()


# ── looking at everything ────────────────────────────────────────────────────────────────


async def everything(db: Db) -> dict[str, dict[tuple[Any, ...], Row]]:
    """Table -> primary key -> the row."""
    found: dict[str, dict[tuple[Any, ...], Row]] = {}
    async with db.read() as s:
        for table in SQLModel.metadata.sorted_tables:
            rows = (await s.execute(select(table))).mappings().all()
            found[table.name] = {key_of(table, row): dict(row) for row in rows}
    return found


def key_of(table: Table, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def saying(
    rows: dict[str, dict[tuple[Any, ...], Row]], words: Collection[str] = WORDS
) -> list[str]:
    """Table and column of whatever says one of these words."""
    return sorted(
        {
            f"{table}.{column}"
            for table, found in rows.items()
            for row in found.values()
            for column, value in row.items()
            if any(word in str(value).lower() for word in words)
        }
    )
