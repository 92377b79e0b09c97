"""`sora ledger`: whether the books are in order, and all of them as a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.cli_make import DATA
from bot.trouble import Trouble, insist_on_newest

T = TypeVar("T")
app = typer.Typer(help="The ledger of credit.", no_args_is_help=True)
Data = Annotated[Path | None, typer.Option(help=f"{DATA} \\[default: data]")]


@app.command()
def verify(data: Data = None) -> None:
    """Read all of the ledger again: every hash, every sum, every balance."""
    from rich.console import Console

    from db.session import Db
    from moderation.audit import Replay, Tampered, audit

    async def replayed(db: Db) -> Replay:
        with Console(stderr=True).status("Reading the ledger …") as status:
            async with db.read() as s:
                async for replay in audit(s):
                    status.update(f"Reading the ledger … {replay.count:,}")
        return replay

    try:
        replay = _with_db(data, replayed)
    except Tampered as found:
        raise Trouble(f"The ledger is not in order. {found}") from found
    many = "1 transaction" if replay.count == 1 else f"{replay.count:,} transactions"
    typer.echo(f"The ledger is in order: {many}, head {replay.hash}")


@app.command()
def export(
    to: Annotated[Path | None, typer.Option("-o", "--output", help="The file.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line for each posting.")] = False,
    data: Data = None,
) -> None:
    """Write the whole ledger as JSON, or as CSV, with the hash of its head."""
    from bot.ledger_files import csv_lines, json_lines
    from db.session import Db

    async def written(db: Db) -> None:
        async for line in csv_lines(db) if as_csv else json_lines(db):
            file.write(line)

    with nullcontext(sys.stdout) if to is None else to.open("w", encoding="utf-8") as file:
        _with_db(data, written)


def _with_db(data: Path | None, act: Callable[..., Awaitable[T]]) -> T:
    from bot.settings import settings_from
    from db.session import Db

    settings = settings_from(data)
    insist_on_newest(settings.database)

    async def run() -> T:
        db = Db(settings.database)
        try:
            return await act(db)
        finally:
            await db.close()

    return asyncio.run(run())
