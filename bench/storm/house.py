"""The studio that the storm is for: bots, workers, Valkey and PostgreSQL, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.engines import NOTHING, catalogue_file
from bench.storm.keeper import Keeper, Kept
from bench.storm.towns import Towns
from bench.studio import ROOT
from bot.on_discord.ids import Channel as DiscordPlace
from bot.on_slack.ids import Channel as SlackPlace
from db import workers, workspaces
from db.migrate import upgrade
from db.session import Db
from db.settings import StoreSettings
from db.valkey import Valkey
from tests.support.servers import new_cluster

BOTS = 2
STEPS, STEP_SECONDS = 6, 0.05
"""Of a render: long enough that some are hit in the middle."""
READY_SECONDS = 180.0
DATABASE = "sora"
UNTOLD_LIMITS = {
    "SORA_QUEUED_CAP": "1000",
    "SORA_NEWCOMER_PUBLICATIONS": "0",
    "SORA_REVIEWS_PER_HOUR": "0",
    "SORA_REVIEW_BACKLOG": "100000",
    "SORA_BALLOT_HOURS": "24",
}
"""What would only make people wait for one another."""


@dataclass
class House:
    """Started by ``opened``."""

    keeper: Keeper
    postgres: Kept
    valkey: Kept
    bots: list[Kept]
    workers: list[Kept]
    env: dict[str, str]
    db: Db


async def opened(where: Path, towns: Towns, keeper: Keeper, hands: int) -> House:
    """A studio that is up. ``where``: an empty folder with a short path; ``hands``: how many workers."""
    logs, env = _folders(where), _environment(where, towns)
    async with asyncio.timeout(READY_SECONDS):
        postgres = keeper.keep(_postgres(where / "pg", logs))
        valkey = keeper.keep(await _valkey(where, logs))
        await keeper.ready()
        await _make_database(where / "pg")
        await asyncio.to_thread(upgrade, env["SORA_DATABASE_URL"])
        db = Db(env["SORA_DATABASE_URL"])
        await _set_up(db, towns)
        bots = [keeper.keep(_bot(number, logs, env)) for number in range(BOTS)]
        render = [keeper.keep(_worker(number, logs, env)) for number in range(hands)]
        house = House(keeper, postgres, valkey, bots, render, env, db)
        await _all_there(house, towns)
    return house


def _folders(where: Path) -> Path:
    """That of the logs."""
    where.chmod(0o711)  # PostgreSQL may run as somebody else
    for name in ("pg", "data", "logs"):
        (where / name).mkdir()
    return where / "logs"


async def _all_there(house: House, towns: Towns) -> None:
    await house.keeper.ready()
    await towns.connected(BOTS)
    while True:
        async with house.db.read() as s:
            known = await workers.every(s)
        if sum(worker.state == "ready" for worker in known) == len(house.workers):
            return
        await asyncio.sleep(0.1)


async def _set_up(db: Db, towns: Towns) -> None:
    """What hosts do with `/studio setup`."""
    async with db.begin() as s:
        for guild in towns.guilds:
            await workspaces.change(
                s,
                "discord",
                str(guild.guild.id),
                review=str(DiscordPlace(guild.guild.id, guild.review.id)),
                showcase=str(DiscordPlace(guild.guild.id, guild.showcase.id)),
                moderators=str(guild.role.id),
            )
        team = towns.team
        await workspaces.change(
            s,
            "slack",
            team.team.id,
            review=str(SlackPlace(team.team.id, team.review.id)),
            showcase=str(SlackPlace(team.team.id, team.showcase.id)),
            moderators=",".join(who.id for who in team.moderators),
        )


def _environment(where: Path, towns: Towns) -> dict[str, str]:
    """What bots and workers may know: nothing of this shell's studio."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("SORA_")}
    entry = NOTHING.model_copy(
        update={
            "steps": NOTHING.steps.model_copy(update={"high": STEPS, "default": STEPS}),
            "options": {"step_seconds": STEP_SECONDS},
        }
    )
    return {
        **known,
        **UNTOLD_LIMITS,
        **towns.settings,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "SORA_LOG_FORMAT": "json",
        "SORA_DATA": str(where / "data"),
        "SORA_DATABASE_URL": f"postgresql+asyncpg://postgres@/{DATABASE}?host={where / 'pg'}",
        "SORA_REDIS_URL": _settings(where).broker,
        "SORA_MODELS": str(catalogue_file(where / "models.toml", entry)),
    }


def _settings(where: Path) -> StoreSettings:
    return StoreSettings(_env_file=None, data=where / "data", database_url=None, redis_url=None)


def _postgres(folder: Path, logs: Path) -> Kept:
    """As it comes: what it has said is committed survives its end."""
    command, user = new_cluster(folder)
    command += ["-c", "max_connections=200", "-c", "jit=off"]
    address = f"unix://{folder}/.s.PGSQL.5432"
    return Kept(
        "postgres", command, {**os.environ}, address, logs / "postgres.log", user, signal.SIGINT
    )


async def _make_database(folder: Path) -> None:
    while True:
        try:
            connection = await asyncpg.connect(
                host=str(folder), user="postgres", database="postgres"
            )
            break
        except (OSError, asyncpg.PostgresError):  # it listens before it takes anybody in
            await asyncio.sleep(0.1)
    await connection.execute(f"CREATE DATABASE {DATABASE}")
    await connection.close()


async def _valkey(where: Path, logs: Path) -> Kept:
    """With its file, as a studio on one machine has it."""
    valkey = Valkey(_settings(where))
    await valkey.prepare()
    address = f"unix://{valkey.socket}"
    return Kept("valkey", valkey.command, {**os.environ}, address, logs / "valkey.log")


def _bot(number: int, logs: Path, env: dict[str, str]) -> Kept:
    port = _free_port()
    command = [sys.executable, "-P", "-m", "bot", "bot", f"--port={port}"]
    command.append(f"--shards={number}/{BOTS}")
    name = f"bot {number + 1}"
    return Kept(name, command, env, f"tcp://127.0.0.1:{port}", logs / f"bot-{number + 1}.log")


def _worker(number: int, logs: Path, env: dict[str, str]) -> Kept:
    port, name = _free_port(), f"worker {number + 1}"
    own = {"SORA_WORKER_NAME": name, "SORA_WORKER_METRICS_PORT": str(port)}
    command = [sys.executable, "-P", "-m", "gen.worker"]
    log = logs / f"worker-{number + 1}.log"
    return Kept(name, command, env | own, f"tcp://127.0.0.1:{port}", log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
