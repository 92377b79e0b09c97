"""`sora credentials show`: what a file's Content Credentials say, whoever made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli_make import DATA

app = typer.Typer(help="What the file of a clip says of itself.", no_args_is_help=True)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An MP4, from here or elsewhere.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
    data: Annotated[Path | None, typer.Option(help=f"{DATA} \\[default: data]")] = None,
) -> None:
    """Say who signed a file, what it says, and whether it was changed since. Asks nobody else."""
    import json
    from dataclasses import asdict

    from bot import cards_credentials
    from bot.settings import settings_from
    from bot.trouble import Misused, Trouble
    from db import credentials

    try:
        said = credentials.read(file, settings_from(data).credentials / credentials.KNOWN)
    except credentials.NoVideo as error:
        raise Misused(str(error)) from error
    except credentials.NoCredentials as error:
        raise Trouble(str(error)) from error
    if as_json:
        typer.echo(json.dumps(asdict(said)))
    else:
        typer.echo(cards_credentials.standing(said).text)
        for fact in cards_credentials.facts(said):
            typer.echo(f"{fact.name + ':':<25} {fact.value}")
    raise typer.Exit(0 if said.intact else 1)
