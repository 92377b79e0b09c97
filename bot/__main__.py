"""The door: the `sora` command. What takes long to import is imported by the command that needs it."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import (
    cli_backup,
    cli_credentials,
    cli_ledger,
    cli_make,
    cli_pool,
    cli_record,
    cli_top,
    cli_worker,
    cli_yours,
)
from bot.cli_data import Data, with_db
from bot.trouble import insist_on_newest, translated

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.session import Db

app = typer.Typer(
    name="sora",
    epilog="Try it: sora up, then open the page it names. No account, no key, no GPU needed.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
outbox = typer.Typer(help="What is still to be told to the rooms.", no_args_is_help=True)
app.add_typer(outbox, name="outbox")
dataset = typer.Typer(help="The clips whose artists let anybody have them.", no_args_is_help=True)
app.add_typer(dataset, name="dataset")
slack = typer.Typer(help="The app in Slack.", no_args_is_help=True)
app.add_typer(slack, name="slack")
app.add_typer(cli_record.app, name="record")
app.add_typer(cli_ledger.app, name="ledger")
app.add_typer(cli_pool.app, name="pool")
app.add_typer(cli_credentials.app, name="credentials")
app.add_typer(cli_worker.app, name="worker")
app.command("lend")(cli_worker.lend)
app.command("make")(cli_make.make)
app.command("backup")(cli_backup.backup)
app.command("restore")(cli_backup.restore)
app.command("top")(cli_top.top)
app.command("export")(cli_yours.export)
app.command("forget")(cli_yours.forget)


class Use(StrEnum):
    """What a dataset may be exported for."""

    TRAINING = "training"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"sora-commons {version('sora-commons')}")
        except PackageNotFoundError:
            typer.echo("sora-commons, run from its source")
        raise typer.Exit


@app.callback()
def _before(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """A text-to-video studio that an artist community runs for itself."""
    root = Path(__file__).parents[1]
    if (root / "pyproject.toml").is_file():  # run from its source: its processes find it there too
        there = [str(root), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, there))


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="Port of the page. \\[default: 8040]")] = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="How many workers to start.")] = 1,
    data: Data = None,
) -> None:
    """Start the whole studio on this machine, and keep it running until Ctrl-C."""
    from rich.console import Console

    from bot import supervisor
    from bot.settings import settings_from

    settings = settings_from(data, port)
    if settings.log_format == "auto":
        os.environ["SORA_LOG_FORMAT"] = "console"  # a person reads what the children say here
    if workers:
        supervisor.insist_on_gen("; or start without a worker: sora up --workers 0")
    with supervisor.holding(supervisor.data_folder(settings)):
        supervisor.free_port(settings)
        supervisor.migrate(settings)
        supervisor.up(settings, workers, Console())


@app.command()
def bot(
    port: Annotated[int | None, typer.Option(help="Port of the page. \\[default: 8040]")] = None,
    shards: Annotated[
        str | None, typer.Option(help="Which parts of Discord, such as 0-3/16. \\[default: all]")
    ] = None,
    data: Data = None,
) -> None:
    """Run the bot alone: the rooms and the page. Broker and worker are somewhere else."""
    from bot import redact, service, supervisor
    from bot.settings import settings_from, shards_from
    from db import logs, traces

    part = None if shards is None else shards_from(shards)
    settings = settings_from(data, port)
    logs.configure(settings.log_format)
    if settings.secrets:
        redact.install(*settings.secrets)
    supervisor.data_folder(settings)
    supervisor.free_port(settings)
    insist_on_newest(settings.database)
    if settings.otlp_endpoint:
        traces.begin("bot")
    asyncio.run(service.run(settings, part))


@app.command(
    "models",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def models(context: typer.Context) -> None:
    """List, fetch and check the models that render. Needs the extra `gen`."""
    from bot.children import python
    from bot.supervisor import insist_on_gen

    insist_on_gen()
    os.execv(sys.executable, python("gen.models_cli", *context.args))  # noqa: S606  # no shell wanted


@app.command()
def migrate(data: Data = None) -> None:
    """Update the database to this version; safe to run at any time."""
    from bot import supervisor
    from bot.settings import settings_from
    from db.migrate import newest

    settings = settings_from(data)
    supervisor.data_folder(settings)
    supervisor.migrate(settings)
    typer.echo(f"The database is at the newest migration ({newest()}).")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    data: Data = None,
) -> None:
    """Say what works, what is missing, and how to mend it."""
    from bot import doctor

    raise typer.Exit(doctor.report(data, as_json))


@outbox.command("retry")
def outbox_retry(data: Data = None) -> None:
    """Try again to tell what could not be told and was set aside."""
    from db import events

    async def try_again(db: Db, _: BotSettings) -> int:
        async with db.begin() as s:
            return await events.try_again(s)

    count = with_db(data, try_again)
    typer.echo(
        f"{count} set aside before will be told again." if count else "Nothing was set aside."
    )


@dataset.command("export")
def dataset_export(
    folder: Annotated[
        Path, typer.Argument(help="Where it is; one that is there is brought up to date.")
    ],
    use: Annotated[
        Use | None,
        typer.Option("--for", help="Only what its artist allows for this as well."),
    ] = None,
    data: Data = None,
) -> None:
    """Copy what may be in a dataset into a folder, with licence and credit."""
    from bot import dataset
    from db.media import media_of
    from db.states import Flag

    async def export(db: Db, settings: BotSettings) -> dataset.Exported:
        flags = {Flag.DATASET} | ({Flag.TRAINING} if use is Use.TRAINING else set())
        return await dataset.export(db, media_of(settings), folder, flags)

    typer.echo(str(with_db(data, export)))


@slack.command("manifest")
def slack_manifest(
    url: Annotated[
        str, typer.Option(help="For HTTP: where Slack reaches the bot. \\[default: Socket Mode]")
    ] = "",
    install_url: Annotated[
        str, typer.Option(help="For several workspaces with Socket Mode: where people reach it.")
    ] = "",
) -> None:
    """Print what Slack asks for when you make the app there."""
    from bot.on_slack.manifest import manifest, written
    from bot.settings import settings_from

    typer.echo(written(manifest(settings_from(None).slack_command, url, install_url)))


def main() -> None:
    """Run the command; a person's mistake is one sentence, a bug a traceback."""
    try:
        app()
    except Exception as error:  # the last place that can put it into words
        trouble = translated(error)
        if trouble is None:
            traceback.print_exception(error)
            typer.echo(
                "This is a bug in sora-commons. Please report it with the lines above and what "
                "`sora doctor --json` says.",
                err=True,
            )
            sys.exit(1)
        typer.echo(str(trouble), err=True)
        sys.exit(trouble.status)


if __name__ == "__main__":
    main()
