"""The door behind `sora models`: what is known, what is offered, and how to get more.

Run apart from the bot, which knows nothing of models: `python -m gen.models_cli`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from db.settings import BadSettings
from gen import catalogue, licences, machine, stock, tell
from gen.catalogue import BadCatalogue, Entry, StyleEntry
from gen.settings import WorkerSettings
from gen.stock import Standing

PIPE_WIDTH = 200
"""Columns of a table that nobody's terminal limits."""

app = typer.Typer(
    name="sora models",
    help="The models that this studio knows, and what is needed to offer them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Data = Annotated[
    Path | None,
    typer.Option(help="Folder for the studio's data (same as SORA_DATA). [default: data]"),
]
Model = Annotated[str, typer.Argument(metavar="NAME", help="Which model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


class Misused(Exception):
    """What was asked for isn't there; the message says what is."""


@app.command("list")
def list_(
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of docs/catalogue.md.")
    ] = False,
    data: Data = None,
) -> None:
    """List all known models, the default first."""
    if markdown:
        typer.echo(tell.markdown(catalogue.read().values()))
        return
    standings = _look(_settings(data))
    if as_json:
        typer.echo(json.dumps([tell.as_json(s) for s in standings], ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "title", "licence", "tasks", "GiB", "state"):
        table.add_column(title, overflow="fold")
    for s in standings:
        e = s.entry
        tasks = ", ".join(e.tasks)
        table.add_row(e.name, e.title, e.licence, tasks, tell.memory(e), s.state)
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


@app.command()
def show(name: Model, as_json: AsJson = False, data: Data = None) -> None:
    """Show everything that is known of a model."""
    standings = _look(_settings(data))
    found = [s for s in standings if s.entry.name == name]
    if not found:
        raise Misused(_unknown(name, [s.entry.name for s in standings]))
    if as_json:
        typer.echo(json.dumps(tell.as_json(found[0]), ensure_ascii=False))
        return
    for title, line in tell.lines(found[0]):
        typer.echo(f"{title + ':':<14} {line}")


@app.command()
def check(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this one, every byte of it.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Check licences, weights and memory; nothing is loaded. Without a NAME: of all begun ones."""
    from gen.check import why_altered, why_unusable

    standings = _look(_settings(data))
    chosen = [s for s in standings if (s.entry.name == name if name else s.begun)]
    if not chosen:
        raise Misused(_unknown(name or "", [s.entry.name for s in standings]))
    found = [(s, why_unusable(s) or (why_altered(s) if name else "")) for s in chosen]
    if as_json:
        typer.echo(
            json.dumps([tell.as_json(s) | {"why": why} for s, why in found], ensure_ascii=False)
        )
    else:
        for s, why in found:
            typer.echo(f"{'✗' if why else '✓'} {s.entry.name}: {why or 'It can be used.'}")
            for style in s.entry.styles:
                typer.echo(f"  ✓ {style.name}: It can be used.")
            for style_name, fault in s.faults.items():
                typer.echo(f"  ✗ {style_name}: {fault}")
    if any(why or s.faults for s, why in found):
        raise typer.Exit(1)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which model, or which style.")],
    data: Data = None,
) -> None:
    """Fetch the weights of a model or a style from its hub. The only command that downloads."""
    from gen import fetch as hub

    settings = _settings(data)
    entry = _find(name, settings)
    if isinstance(entry, Entry) and not licences.is_accepted(entry, settings.weights):
        raise hub.CannotFetch(
            f"The licence of {entry.title} has to be accepted first: sora models accept {name}"
        )
    if not entry.is_fetched:
        raise Misused(f"{name} comes from no hub: its weights belong in {entry.source}.")
    folder = stock.folder_of(entry, settings.weights)
    pin = hub.plan(entry, folder)
    for repository in pin.repositories.values():
        typer.echo(
            f"{repository.source} at {repository.revision[:12]}: {len(repository.files)} files,"
            f" {sum(repository.files.values()) / 10**9:.2f} GB, into {folder}"
        )
    hub.fetch(entry, folder, pin)
    typer.echo(f"{name} is there and whole. A worker offers it from its next start on.")


@app.command()
def accept(
    name: Model,
    yes: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name again, instead of typing it.")
    ] = None,
    data: Data = None,
) -> None:
    """Accept a licence that excludes places or uses, for this studio."""
    settings = _settings(data)
    entry = _find(name, settings)
    if not isinstance(entry, Entry) or not entry.must_accept:
        raise Misused(f"{name} needs no acceptance; its licence is {entry.licence}.")
    if licences.is_accepted(entry, settings.weights):
        typer.echo(f"{entry.licence} was accepted already.")
        return
    typer.echo(f"{entry.title}: {entry.licence}, {entry.licence_url}")
    typer.echo(entry.restrictions)
    if entry.excluded_places:
        typer.echo(f"It gives no right to use the model in: {', '.join(entry.excluded_places)}.")
    typed = yes if yes is not None else _ask(f"To accept it for this studio, type {name}")
    if typed.strip() != name:
        raise Misused(f"Nothing was accepted: that takes the name {name}.")
    made = licences.accept(entry, settings.weights)
    typer.echo(f"Accepted by {made.by} on {made.at:%Y-%m-%d}. Then: sora models fetch {name}")


def _ask(question: str) -> str:
    try:
        return str(typer.prompt(question))
    except typer.Abort:
        return ""


def _settings(data: Path | None) -> WorkerSettings:
    return WorkerSettings() if data is None else WorkerSettings(data=data)


def _look(settings: WorkerSettings) -> list[Standing]:
    return stock.look(settings, lambda: machine.memory(machine.look()["devices"], settings.device))


def _find(name: str, settings: WorkerSettings) -> Entry | StyleEntry:
    known = catalogue.read(settings.models)
    everything: dict[str, Entry | StyleEntry] = {**known}
    everything |= {style.name: style for entry in known.values() for style in entry.styles}
    if name not in everything:
        raise Misused(_unknown(name, everything))
    return everything[name]


def _unknown(name: str, known: Sequence[str] | dict[str, Entry | StyleEntry]) -> str:
    return f"There is no {name}; known are {', '.join(known)}."


def main() -> None:
    from gen.fetch import CannotFetch

    try:
        app(prog_name="sora models")
    except (Misused, BadSettings, BadCatalogue) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except CannotFetch as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except PermissionError as error:
        typer.echo(f"{error.filename} can't be used: {error.strerror}.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
