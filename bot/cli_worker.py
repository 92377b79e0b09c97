"""`sora worker`: a worker of the studio's own, and the keys of those that others lend; `sora lend`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data, with_db
from bot.trouble import Misused, Trouble

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.models import LenderKey
    from db.session import Db

app = typer.Typer(invoke_without_command=True)
key = typer.Typer(help="The keys of workers that others lend.", no_args_is_help=True)
app.add_typer(key, name="key")
Name = Annotated[str, typer.Argument(help="Of the key.")]


@app.callback()
def worker(
    context: typer.Context,
    drain: Annotated[
        bool, typer.Option("--drain", help="Have workers finish what they render, and end.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="With --drain: of which. \\[default: all]")
    ] = None,
    data: Data = None,
) -> None:
    """Run a worker alone: it renders what is in line. Needs the extra `gen`."""
    if context.invoked_subcommand:
        return
    if drain:
        from bot import draining

        typer.echo(draining.drain(data, name or []))
        return
    if name:
        raise Misused("A worker is named by SORA_WORKER_NAME; --name says which --drain is for.")
    from bot.settings import settings_from

    settings_from(data)
    _become("gen.worker")


def lend(
    url: Annotated[str, typer.Argument(help="Of the studio, such as https://sora.example.org")],
) -> None:
    """Lend this machine to a studio of others. Needs the extra `gen`, and a key in SORA_LEND_KEY."""
    _become("gen.lending", url)


def _become(module: str, *arguments: str) -> None:
    from bot.children import python
    from bot.supervisor import insist_on_gen

    insist_on_gen()
    os.execv(sys.executable, python(module, *arguments))  # noqa: S606  # no shell wanted


@key.command()
def new(
    name: Annotated[str, typer.Option(help="Of the worker, such as bo-3090.")],
    model: Annotated[list[str], typer.Option(help="What it may render; several are allowed.")],
    owner: Annotated[
        str, typer.Option(help="Who is credited: platform:workspace:user. \\[default: nobody]")
    ] = "",
    inputs: Annotated[
        bool, typer.Option("--inputs", help="It may have pictures and clips of artists, too.")
    ] = False,
    data: Data = None,
) -> None:
    """Make a key for somebody who lends a worker. It is shown this once."""
    from bot import keyboard
    from db import lender_keys
    from db.workers import OWNER

    if not lender_keys.NAME.fullmatch(name):
        raise Misused(f"--name is 1 to 32 of a–z, 0–9 and -, not {name}.")
    if owner and not OWNER.fullmatch(owner):
        raise Misused(f"--owner is platform:workspace:user, such as discord::81, not {owner}.")

    async def make(db: Db, _: BotSettings) -> str:
        async with db.begin() as s:
            if await lender_keys.get(s, name):
                raise Trouble(f"There is a key {name} already, or there was; choose another name.")
            by = keyboard.user()
            return await lender_keys.make(s, name, owner, model, inputs=inputs, made_by=by)

    typer.echo(with_db(data, make))
    typer.echo(
        "Give this to whoever lends the worker, in a way that nobody else reads. They put it into "
        "SORA_LEND_KEY and run: sora lend URL",
        err=True,
    )


@key.command("list")
def list_(data: Data = None) -> None:
    """All keys, and how each has done."""
    from bot.lenders import line
    from db import lender_keys

    async def all_of_them(db: Db, _: BotSettings) -> list[LenderKey]:
        async with db.read() as s:
            return list(await lender_keys.every(s))

    for found in with_db(data, all_of_them):
        typer.echo(line(found))


@key.command()
def revoke(name: Name, data: Data = None) -> None:
    """End a key for good: what its worker renders is back in line at once."""
    from bot import lenders

    with_db(data, lambda db, settings: lenders.revoke(db, settings.broker, name))
    typer.echo(f"The key {name} is revoked.")


@key.command()
def resume(name: Name, data: Data = None) -> None:
    """Let a suspended key work again."""
    from bot import lenders

    with_db(data, lambda db, _: lenders.resume(db, name))
    typer.echo(f"The key {name} may work again.")
