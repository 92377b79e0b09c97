"""`sora record`: anybody checks the record of a studio, and adds up its report again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data
from bot.trouble import Trouble, insist_on_newest

if TYPE_CHECKING:
    from db.record import Counted, Head

app = typer.Typer(help="The public record of what was decided.", no_args_is_help=True)

Url = Annotated[
    str,
    typer.Option(
        help="Of a studio's page: reads its public record. \\[default: this studio's database]"
    ),
]


@app.command()
def verify(
    url: Url = "",
    head: Annotated[str, typer.Option(help="One that you have kept, or its beginning.")] = "",
    data: Data = None,
) -> None:
    """Go through every entry, and say whether each is as it was recorded."""
    from bot.recorded import heading

    found, _ = _read(url, head, data)
    typer.echo(f"Every entry is as it was recorded: {heading(found)}.")
    if head:
        typer.echo(f"The head {head} is in it.")


@app.command()
def report(
    url: Url = "",
    month: Annotated[str, typer.Option(help="Such as 2026-11. \\[default: the newest]")] = "",
    data: Data = None,
) -> None:
    """Add up the transparency report of a month from every entry, as JSON."""
    from moderation import transparency

    _, sums = _read(url, "", data)
    months = sorted({of for of, _, _ in sums}, reverse=True)
    if not months or (month and month not in months):
        raise Trouble(f"The record has no entry of {month or 'any month'}.")
    found = asdict(transparency.summary(month or months[0], sums))
    typer.echo(json.dumps({"months": months, **found}, ensure_ascii=False, indent=2))


def _read(url: str, head: str, data: Path | None) -> tuple[Head, Counted]:
    from rich.console import Console
    from rich.progress import Progress

    from bot import verifying
    from bot.settings import settings_from

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reading the record", total=None)

        def progress(so_far: int, total: int) -> None:
            bar.update(task, completed=so_far, total=total)

        if url:
            return asyncio.run(verifying.page(url, head, progress))
        database = settings_from(data).database
        insist_on_newest(database)
        return asyncio.run(verifying.database(database, head, progress))
