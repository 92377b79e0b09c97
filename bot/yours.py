"""`/studio export` and `/studio delete` in words, the same in every room; nobody else hears them."""

from __future__ import annotations

from bot import credits
from bot.card import Line
from bot.exporting import Export
from bot.lists import Listing
from moderation.desk import Desk
from moderation.leaving import Belongings
from moderation.people import Person
from moderation.rules import Refused
from moderation.words import echo, listed

SURE = "forget me"
"""What somebody types who has read what it means."""
PUTTING_TOGETHER = "Putting it together …"
GOES = (
    "Everywhere, for good: your name and who you are on each platform; your prompts, pictures and clips; "
    "their cards in every room, the showcase and every film that they are in; what you wrote in reviews, "
    "reports, appeals and bug reports; your consents, links and places in chains."
)
STAYS = (
    "Without anything that leads to you: that somebody voted or decided, where that is counted already; "
    "entries of the public record; your account in the ledger with what is on it, which is nobody's then; "
    "what others made from your clips, as their own work, without your name."
)
BEYOND = (
    "What you wrote in the chat itself, what a showcase was told of themes that you began, and copies "
    "that others saved, are not the studio's to delete."
)
ROOMS = {"web": "the web"}
"""What platforms are called, where that isn't their own name."""
GONE = (
    "You are forgotten here. Cards, clips and words are being cleared away, which takes some minutes. "
    "If you come back, you are somebody new."
)


def asks(has: Belongings, studio: str) -> Listing:
    """What deleting means; ``studio``: what the command is called here."""
    counts = {
        "job": has.jobs, "clip": has.clips, "vote": has.votes, "review": has.reviews,
        "credit": has.credit,
    }  # fmt: skip
    said = [f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items()]
    rooms = [ROOMS.get(platform, platform.title()) for platform in has.platforms]
    where = f", in {listed(rooms, 'and')}" if rooms else ""
    lines = (
        f"You have {listed(said, 'and')} here{where}.{_goes_back(has)}",
        f"What goes. {GOES}",
        f"What stays. {STAYS}",
        BEYOND,
        f"Nothing of this can be undone. To keep a copy, use {studio} export first.",
        f"To be forgotten now: {studio} delete {SURE}",
    )
    return Listing("Be forgotten?", tuple(map(Line, lines)))


def _goes_back(has: Belongings) -> str:
    owed = [credits.amount(number, unit) for unit, number in has.shares.items()]
    if not owed:
        return ""
    return f" Of pools {listed(owed, 'and')} isn't paid to you yet; it goes to the next pool then."


async def delete(desk: Desk, person: Person, typed: str, studio: str) -> Listing | str:
    """Say what it means, or do it for whoever has typed that they are sure. Raises ``Refused``."""
    sure = " ".join(typed.lower().split())
    if not sure:
        return asks(await desk.belongings(person), studio)
    if sure != SURE:
        raise Refused(f"Nothing was deleted. To be forgotten, type “{SURE}”, not “{echo(typed)}”.")
    await desk.leave(person)
    return GONE


def handed(export: Export, number: int) -> str:
    """What is said with this zip, the last of which says what is missing."""
    count = len(export.parts)
    said = (
        "Here is all that is yours."
        if count == 1
        else f"Part {number} of {count} of all that is yours."
    )
    if number < count or not export.left_out:
        return said
    missing = len(export.left_out)
    files = "1 file is" if missing == 1 else f"{missing} files are"
    return (
        f"{said} {files} too large for this place or gone; a host can put all of it together for you "
        "with sora export."
    )
