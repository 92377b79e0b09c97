"""The ledger put into words: what one has, what was booked, and what earns credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.card import Line
from bot.lists import Listing
from bot.site_address import site_address
from bot.studio import RULES
from db import books, days, ledger, people
from db.ledger import CREDIT, Booked
from db.models import utcnow
from moderation import credit
from moderation.bookkeeping import WRITTEN_OFF
from moderation.credit import ISSUED, Booking, Earning
from moderation.people import Person
from moderation.pools import LEFT_OVER, OUTSIDE, PAID_OUT

RECENT = 8
MINUS = "−"
OWN = {
    ISSUED: "The studio",
    WRITTEN_OFF: "Written off",
    OUTSIDE: "From outside",
    LEFT_OVER: "Left over",
    PAID_OUT: "Paid out",
}
"""What people call the studio's own accounts."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a transaction is to one account."""

    account: str
    whose: str
    """The name of its person, or of the account where it is nobody's."""
    amount: str


@dataclass(frozen=True, slots=True)
class Told:
    """One transaction as people read it."""

    id: int
    at: datetime
    text: str
    job: int | None
    shares: tuple[Share, ...]
    key: str
    hash: str


async def told(s: AsyncSession, found: list[Booked]) -> list[Told]:
    names = {name for booked in found for name, _, _ in booked.postings}
    holders = await books.holders(s, names)
    called = await people.names(s, set(holders.values()))
    whose = {name: called[holders[name]] for name in holders}
    return [
        Told(
            booked.id,
            booked.at,
            sentence(booked),
            booked.job,
            tuple(
                Share(name, whose.get(name) or OWN.get(name, name), signed(amount, unit))
                for name, unit, amount in sorted(booked.postings, key=lambda one: -one[2])
            ),
            booked.key,
            booked.hash,
        )
        for booked in found
    ]


async def holder(s: AsyncSession, account: str) -> str:
    """Whose an account is, as people call them."""
    whose = await books.holders(s, [account])
    if account not in whose:
        return OWN.get(account, account)
    return (await people.names(s, [whose[account]]))[whose[account]]


async def listing(s: AsyncSession, person: Person, what: str) -> Listing:
    """What somebody asked to be told of credit."""
    return rules() if what == RULES else await mine(s, person)


async def mine(s: AsyncSession, person: Person) -> Listing:
    """What somebody has and what changed it last; and where the rest is."""
    held = await ledger.balance(s, person.id)
    newest = await books.newest(s, person_id=person.id, limit=RECENT)
    accounts = sorted(await books.accounts(s, person.id), key=lambda one: one.unit != CREDIT)
    own = {(account.name, account.unit) for account in accounts}
    today = await days.earned(s, person.id, utcnow().date())
    lines = [Line(f"You have {amount(held)}.")]
    if today:
        earned = f"Today's reviews and renders have earned you {amount(today)} so far"
        lines.append(Line(f"{earned}; that is booked after midnight, UTC."))
    for booked in newest:
        changes = [signed(n, unit) for name, unit, n in booked.postings if (name, unit) in own]
        lines.append(Line(f"{', '.join(changes)}: {sentence(booked)}", at=booked.at))
    if not newest and not today:
        lines.append(
            Line("Nothing is booked for you yet; /studio credits rules says what earns some.")
        )
    if accounts and (site := await site_address(s)):
        account = accounts[0].name
        lines.append(Line(f"All of it, for everybody: {site}/ledger?account={account}"))
    return Listing("Your credits", tuple(lines))


def rules() -> Listing:
    """The earning table."""
    table = credit.table()
    lines = (
        *table.says,
        "A tip is one credit of your own: 💜 on a job in the showcase, and off again to take it back.",
        "Votes earn nothing, and nothing here can be bought.",
        f"This is version {table.version} of the table; what was booked before it changed stays.",
    )
    return Listing("What earns credit", tuple(map(Line, lines)))


def amount(number: int, unit: str = CREDIT) -> str:
    plural = unit == CREDIT and number != 1
    return f"{number:,} {unit}{'s' if plural else ''}"


def signed(number: int, unit: str = CREDIT) -> str:
    """``+3`` or ``−3``; of another unit than credit with its name."""
    plain = f"{'+' if number > 0 else MINUS}{abs(number):,}"
    return plain if unit == CREDIT else f"{plain} {unit}"


def sentence(booked: Booked) -> str:
    wording = WORDS.get(booked.kind)
    return wording(booked) if wording else f"{booked.kind.replace('_', ' ').capitalize()}."


def _day(booked: Booked) -> str:
    """Of which it is what was earned; before, each review and each render was booked by itself."""
    return f" on {booked.reference}" if booked.reference else ""


WORDS: Mapping[str, Callable[[Booked], str]] = {
    Earning.APPROVED: lambda b: f"Job {b.job} went up in the showcase.",
    Earning.REMIXED: lambda b: f"Job {b.job}, which grew out of earlier work, went up.",
    Earning.REVIEWED: lambda b: f"Reviews{_day(b)}.",
    Earning.WON: lambda b: f"A clip of job {b.job} won its ballot.",
    Earning.RENDERED: lambda b: f"Rendering for others{_day(b)}.",
    Earning.FOUND: lambda b: f"A bug or a weak spot that was accepted ({b.reference}).",
    Booking.TIP: lambda b: f"A tip for job {b.job}.",
    Booking.TIP_BACK: lambda b: f"A tip for job {b.job} was taken back.",
    Booking.REVERSED: lambda b: f"Transaction {b.reference} was reversed.",
    Booking.POOL: lambda b: "Set apart for whoever wins a theme.",
    Booking.POOL_PAID: lambda b: (
        f"Job {b.job} won a theme." if b.job else "Nobody won a theme: back to its host."
    ),
    Booking.POOL_OPENED: lambda b: f"Pool {b.reference} was proposed.",
    Booking.POOL_SPLIT: lambda b: f"Pool {b.reference} was split.",
    Booking.PAID_OUT: lambda b: f"A share of pool {b.reference} was paid.",
    Booking.UNCLAIMED: lambda b: f"A share of pool {b.reference} was not claimed in time.",
    Booking.LINKED: lambda b: "Two identities of one person were linked.",
    Booking.UNLINKED: lambda b: "Two identities of one person were parted.",
}
