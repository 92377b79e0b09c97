"""`sora export` and `sora forget`: what a host does for somebody who asks by mail."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data, with_db
from bot.trouble import Trouble

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.models import Person as Row
    from db.session import Db

Named = Annotated[
    str,
    typer.Argument(
        metavar="PERSON",
        help="Their number, their name, or platform:workspace:user id (discord::123, slack:T1:U1).",
    ),
]


def export(
    person: Named,
    out: Annotated[Path, typer.Option("--out", help="The zip to write.")],
    data: Data = None,
) -> None:
    """Put all that is somebody's into a zip."""

    async def write(db: Db, settings: BotSettings) -> str:
        from bot.exporting import Exporter
        from db.media import media_of
        from moderation.people import Person

        row = await _find(db, person)
        async with Exporter(db, media_of(settings)).of(Person(row.id, row.name)) as export:
            await asyncio.to_thread(shutil.copyfile, export.parts[0], out)
        missing = f" Files that are gone: {', '.join(export.left_out)}." if export.left_out else ""
        return f"{out} has all that is {row.name}'s (person {row.id}).{missing}"

    typer.echo(with_db(data, write))


def forget(
    person: Named,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask first.")] = False,
    data: Data = None,
) -> None:
    """Forget somebody for good, as /studio delete does."""
    from bot import yours

    async def find(db: Db, _: BotSettings) -> Row:
        return await _find(db, person)

    row = with_db(data, find)
    if not yes:
        typer.echo(f"{row.name} (person {row.id}). {yours.GOES} {yours.STAYS} It can't be undone.")
        typer.confirm("Forget them?", abort=True)

    async def do(db: Db, settings: BotSettings) -> bool:
        from db import clips, forgetting
        from db.broker import Broker
        from db.media import StoreTrouble, media_of
        from moderation.leaving import forget_leavers, leave
        from moderation.sweep import sweep

        broker, media = Broker(settings.broker), media_of(settings)
        try:
            await leave(db, row.id)
            for _ in range(2):  # what they leave behind is booked in between
                await forget_leavers(db, broker, media)
                await sweep(db, broker, settings.rules())
            await clips.remove_noted(db, media)
            async with db.read() as s:
                return row.id not in await forgetting.leaving(s)
        except StoreTrouble:
            return False
        finally:
            await broker.close()

    if with_db(data, do):
        typer.echo(f"Person {row.id} is forgotten.")
    else:
        typer.echo(f"Person {row.id} is gone; the studio clears away the rest while it runs.")


async def _find(db: Db, named: str) -> Row:
    """Raises ``Trouble`` for nobody, and for more than one."""
    from db import people

    async with db.read() as s:
        found = await people.called(s, named)
    if not found:
        raise Trouble(f"There is nobody here called {named}.")
    if len(found) > 1:
        numbers = ", ".join(str(row.id) for row in found)
        raise Trouble(f"Several people are called {named}; say which by number: {numbers}.")
    return found[0]
