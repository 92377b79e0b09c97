"""The verbs of credit: a tip from one's own, and a bug that deserves some."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db import books, bugs, events, ledger, links, people
from db.ledger import Overdrawn
from db.models import Bug, utcnow
from db.states import BugKind, Kind
from moderation import bookkeeping, films, giving, rules
from moderation.credit import ISSUED, Booking, Earning, table
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused

TIP = 1
AGREE = 2
"""So many moderators have to say the same of a bug."""
MOST_BUGS = 5


class Crediting(Base):
    """Credit that people give, and that moderators award."""

    async def tip(self, person: Person, job_id: int) -> None:
        """Give the artist of a job in the showcase one of one's own credits, once."""
        async with self._on(person, job_id) as (s, person, job):
            giving.may_tip(person, job)
            await films.insist_on_others(s, person, job)
            if await people.leaving(s, [job.person_id]):
                raise Refused(f"The artist of job {job_id} has left, and gets no tips any more.")
            await ledger.hold(s)
            mine = await ledger.account_of(s, person.id)
            theirs = await ledger.account_of(s, job.person_id)
            key = await _free(s, f"tip:{job_id}:{mine.name}")
            if key is None:
                return
            try:
                amounts = {mine.id: -TIP, theirs.id: TIP}
                await ledger.book(s, key, Booking.TIP, amounts, job_id=job_id)
            except Overdrawn as error:
                raise Refused(
                    "A tip is one of your own credits, and you have none yet: review, or let your "
                    "work be shown."
                ) from error
            await events.record(s, job_id, Kind.TIPPED, person.id)

    async def take_back_tip(self, person: Person, job_id: int) -> None:
        """Take one's tip back while the artist has it."""
        async with self._on(person, job_id) as (s, person, job):
            await ledger.hold(s)
            mine = await ledger.account_of(s, person.id)
            given = await books.newest(
                s, account=mine.name, job_id=job_id, kinds=[Booking.TIP], limit=1
            )
            if not given or await ledger.find(s, f"reversed:{given[0].id}") is not None:
                raise Refused("You have given no tip for this job.")
            if await ledger.balance(s, job.person_id) < TIP:
                raise Refused("The artist has passed your tip on already.")
            await bookkeeping.reverse(s, given[0], Booking.TIP_BACK)
            await events.record(s, job_id, Kind.TIPPED, person.id)

    async def report_bug(
        self, person: Person, kind: BugKind, text: str, room: str, workspace: str = ""
    ) -> Bug:
        """Tell the moderators of a bug, or of a way to make the studio do what it mustn't."""
        said = rules.sentence(text)
        if not said:
            raise Refused("Say in a few sentences what happens, and how one sees it.")
        async with self.db.begin() as s:
            person = await as_now(s, person)
            waiting = await bugs.waiting(s, person.id)
            known = next((bug for bug in waiting if (bug.kind, bug.text) == (kind, said)), None)
            if known is not None:
                return known
            if len(waiting) >= MOST_BUGS:
                raise Refused(
                    f"{MOST_BUGS} reports of yours wait already; the moderators decide them first."
                )
            bug = Bug(person_id=person.id, kind=kind, text=said, room=room, workspace=workspace)
            await bugs.add(s, bug)
            return bug

    async def judge_bug(self, person: Person, bug_id: int, accept: bool) -> bool | None:
        """Say whether a report deserves credit; what two moderators say decides, and is returned."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            bug = await bugs.get(s, bug_id)
            if bug is None:
                raise Refused(f"There is no report {bug_id}.")
            finder_id = await links.now(s, bug.person_id)
            giving.may_judge_bug(person, bug, finder_id)
            await bugs.opine(s, bug_id, person.id, accept)
            if await bugs.count(s, bug_id, accept, besides=finder_id) < AGREE:
                return None
            bug.accepted, bug.closed_at = accept, utcnow()
            if accept and not await people.leaving(s, [finder_id]):
                await ledger.hold(s)
                finder = await ledger.account_of(s, finder_id)
                issued = await ledger.studios(s, ISSUED)
                amounts = {finder.id: table().found, issued.id: -table().found}
                key, version = f"found:{bug_id}", table().version
                await ledger.book(
                    s, key, Earning.FOUND, amounts, reference=key, table_version=version
                )
            return accept


async def _free(s: AsyncSession, key: str) -> str | None:
    """The key under which a tip is booked: another one after each that was taken back; None while one
    stands."""
    tries, free = 1, key
    while (booked := await ledger.find(s, free)) is not None:
        if await ledger.find(s, f"reversed:{booked}") is None:
            return None
        tries += 1
        free = f"{key}:{tries}"
    return free
