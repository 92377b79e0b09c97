"""`sora pool`: what hosts split among those who earned credit. The studio moves no money itself."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli_data import Data, with_db
from bot.trouble import Trouble

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.models import Pool
    from db.session import Db

T = TypeVar("T")
app = typer.Typer(help="An amount that is split by credit.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Of the pool.")]
DAY = ["%Y-%m-%d"]


@app.command()
def propose(
    amount: Annotated[int, typer.Option(help="In the smallest unit, such as 10000 cents.")],
    unit: Annotated[str, typer.Option(help="Such as “EUR cent”.")],
    since: Annotated[datetime, typer.Option("--from", formats=DAY, help="The first day, in UTC.")],
    until: Annotated[datetime, typer.Option("--to", formats=DAY, help="The day after the last.")],
    data: Data = None,
) -> None:
    """Propose to split an amount; it is split when everybody could look at it for 72 hours."""
    from bot.pools import stands, what
    from moderation import pools

    async def act(db: Db) -> Pool:
        return await pools.propose(db, amount, unit, since.date(), until.date())

    pool = _said(data, act)
    typer.echo(f"Pool {pool.id}: {what(pool)} {stands(pool)}")


@app.command("list")
def list_(data: Data = None) -> None:
    """The newest pools."""
    from bot.pools import stands, what
    from db import pools

    async def act(db: Db) -> list[Pool]:
        async with db.read() as s:
            return list(await pools.newest(s))

    for pool in _said(data, act):
        typer.echo(f"Pool {pool.id}: {what(pool)} {stands(pool)}")


@app.command()
def withdraw(number: Number, data: Data = None) -> None:
    """Take a proposal back."""
    from moderation import pools

    _said(data, lambda db: pools.withdraw(db, number))
    typer.echo(f"Pool {number} is withdrawn.")


@app.command()
def export(
    number: Number,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="The file.")] = None,
    data: Data = None,
) -> None:
    """Who gets how much of a pool, as CSV; with who they are, so keep it to yourself."""
    from bot.csv_lines import lines
    from bot.pools import rows

    found = _said(data, lambda db: rows(db, number))
    with nullcontext(sys.stdout) if to is None else to.open("w", encoding="utf-8") as file:
        file.write(lines(found))


@app.command()
def paid(
    number: Number,
    account: Annotated[str, typer.Argument(help="As the export names it.")],
    data: Data = None,
) -> None:
    """Write down that somebody who claimed their share was paid."""
    from bot import credits
    from moderation import pools

    async def act(db: Db) -> str:
        share, unit = await pools.pay(db, number, account)
        return credits.amount(share.amount, unit)

    typer.echo(f"{_said(data, act)} of pool {number} are paid to {account}.")


def _said(data: Path | None, act: Callable[[Db], Awaitable[T]]) -> T:
    """Do it; what the rules refuse is one sentence."""
    from moderation.rules import Refused

    async def with_settings(db: Db, _: BotSettings) -> T:
        return await act(db)

    try:
        return with_db(data, with_settings)
    except Refused as refused:
        raise Trouble(str(refused)) from refused
