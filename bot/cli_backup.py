"""`sora backup` and `sora restore`: all of a studio in one file, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data, with_db
from bot.trouble import Misused

if TYPE_CHECKING:
    from bot.backing_up import Contents, Said
    from bot.settings import BotSettings
    from db.session import Db


BUCKET = " Media are in their bucket, and not in this file."


def backup(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The zip to write.")],
    data: Data = None,
) -> None:
    """Put rows, media and keys into one file, while the studio runs. Keep it as safe as the studio."""
    if out.exists():
        raise Misused(f"{out} is there already; name a file that isn't.")
    if not out.absolute().parent.is_dir():
        raise Misused(f"There is no folder {out.absolute().parent}.")

    async def make(db: Db, settings: BotSettings) -> tuple[Contents, bool]:
        from bot import backing_up

        with _progress("Backing up") as said:
            made = await backing_up.make(db, settings, out, said)
        return made, settings.media_url is not None

    contents, in_a_bucket = with_db(data, make)
    typer.echo(f"{out} is written. {_of(contents)}{BUCKET * in_a_bucket}")


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A backup.")
    ],
    data: Data = None,
) -> None:
    """Put a backup into an empty studio, on SQLite or PostgreSQL, whichever it came from."""
    from bot import backing_up, supervisor
    from bot.settings import settings_from

    settings = settings_from(data)
    with supervisor.holding(supervisor.data_folder(settings)), _progress("Restoring") as said:
        contents = asyncio.run(backing_up.restore(settings, source, said))
    typer.echo(
        f"All of it is back. {_of(contents)} Whoever was forgotten after the backup was made is in it, "
        "too: forget them again with `sora forget`."
    )


def _of(contents: Contents) -> str:
    counts = contents.counts
    return f"Jobs: {counts['job']:,}; people: {counts['person']:,}; files: {contents.files:,}."


@contextmanager
def _progress(what: str) -> Iterator[Said]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda part, count: bar.update(task, description=f"{what}: {part}, {count:,}")
