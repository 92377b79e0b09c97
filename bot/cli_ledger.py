"""`sora ledger`: whether the books are in order, and all of them as a file."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data, with_db
from bot.trouble import Trouble

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.session import Db

app = typer.Typer(help="The ledger of credit.", no_args_is_help=True)


@app.command()
def verify(data: Data = None) -> None:
    """Read all of the ledger again: every hash, every sum, every balance."""
    from rich.console import Console

    from moderation.audit import Replay, Tampered, audit

    async def replayed(db: Db, _: BotSettings) -> Replay:
        with Console(stderr=True).status("Reading the ledger …") as status:
            async with db.read() as s:
                async for replay in audit(s):
                    status.update(f"Reading the ledger … {replay.count:,}")
        return replay

    try:
        replay = with_db(data, replayed)
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

    async def written(db: Db, _: BotSettings) -> None:
        async for line in csv_lines(db) if as_csv else json_lines(db):
            file.write(line)

    with nullcontext(sys.stdout) if to is None else to.open("w", encoding="utf-8") as file:
        with_db(data, written)
