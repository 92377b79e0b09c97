"""`sora doctor`: what works, what is missing, and how to mend it. It mends nothing itself."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot import (
    doctor_chats,
    doctor_credentials,
    doctor_media,
    doctor_web,
    lenders,
    limits,
    measured,
    supervisor,
)
from bot.children import python
from bot.finding import Finding, State
from bot.settings import BotSettings, settings_from
from bot.trouble import Trouble, reaching, translated, without_password
from db import events, speed, workers
from db.broker import Broker
from db.migrate import current, missing, newest
from db.models import utcnow
from db.session import Db
from db.settings import BadSettings

SOUND_SQLITE = (3, 51, 3)
"""Older ones have a rare fault in the write-ahead log when several processes write."""
RENDERER_SECONDS = 90.0
"""Importing torch from a cold disk takes long."""
SIGNS = {State.OK: ("✓", "green"), State.WARNING: ("!", "yellow"), State.BAD: ("✗", "red")}


def report(data: Path | None, as_json: bool) -> int:
    """Print what was found; the status to exit with, 1 if anything is bad."""
    # What can't be reached is said in the report itself.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    findings = asyncio.run(_all(data, None if as_json else Console()))
    bad = any(finding.state is State.BAD for finding in findings)
    if as_json:
        typer.echo(json.dumps({"ok": not bad, "findings": [asdict(f) for f in findings]}))
    return 1 if bad else 0


async def _all(data: Path | None, console: Console | None) -> list[Finding]:
    findings = []
    async for finding in _look(data):
        findings.append(finding)
        if console is not None:
            _print(console, finding)
    return findings


def _print(console: Console, finding: Finding) -> None:
    sign, colour = SIGNS[finding.state]
    line = Text.assemble((f"{sign} ", colour), (f"{finding.name}: ", "bold"), finding.found)
    console.print(line, soft_wrap=True)
    if finding.mend:
        console.print(Text(f"  → {finding.mend}"), soft_wrap=True)


async def _look(data: Path | None) -> AsyncIterator[Finding]:
    yield Finding("Python", State.OK, sys.version.split()[0])
    try:
        settings = settings_from(data)
    except BadSettings as error:
        for fault in error.faults:
            yield Finding("Settings", State.BAD, fault, "Mend it, then ask again: sora doctor")
        return  # where to look for the rest isn't known
    yield limits.finding(settings.limits)
    folder = settings.folder
    finding = _folder(settings)
    yield finding
    running = finding.state is State.OK and supervisor.is_held(folder)
    if finding.state is not State.BAD:
        yield doctor_media.disk(
            next(place for place in (folder, *folder.parents) if place.exists())
        )
    if running:
        yield Finding("Studio", State.OK, "`sora up` is running on this folder.")
    else:
        yield Finding("Studio", State.WARNING, "`sora up` isn't running.", "Run: sora up")
    for finding in _sqlite(settings):
        yield finding
    async for finding in _database(settings):
        yield finding
    yield await _broker(settings, running)
    for about in (doctor_media.bucket, doctor_media.room):
        async for finding in about(settings):
            yield finding
    for finding in await _renderer():
        yield finding
    for finding in doctor_web.page(settings):
        yield finding
    for chat in (doctor_chats.discord, doctor_chats.slack):
        async for finding in chat(settings):
            yield finding


def _folder(settings: BotSettings) -> Finding:
    folder = settings.folder
    try:
        if folder.exists():
            supervisor.data_folder(settings)
            return Finding("Data folder", State.OK, f"{folder} can be written.")
        place = next(parent for parent in folder.parents if parent.exists())
    except (Trouble, OSError) as error:
        return Finding("Data folder", State.BAD, str(error), "Name another with --data.")
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        found = f"There is no {folder}, and it can't be made in {place}."
        return Finding("Data folder", State.BAD, found, "Name another with --data.")
    return Finding("Data folder", State.WARNING, f"There is no {folder} yet.", "Run: sora up")


def _sqlite(settings: BotSettings) -> Iterator[Finding]:
    if make_url(settings.database).get_backend_name() != "sqlite":
        return
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        yield Finding(
            "SQLite",
            State.WARNING,
            f"{version} has a rare fault when several processes write at once.",
            "Fine for trying out; for more than one worker name a PostgreSQL in SORA_DATABASE_URL.",
        )
    else:
        yield Finding("SQLite", State.OK, version)


async def _database(settings: BotSettings) -> AsyncIterator[Finding]:
    url = settings.database
    shown = without_password(url)
    if missing(url):
        yield Finding(
            "Database", State.WARNING, "There is none yet.", "`sora up` or `sora migrate` makes it."
        )
        return
    try:
        with reaching(url):
            async with _open(url) as db, db.read() as s:
                await s.execute(text("SELECT 1"))
        at = await current(url)
        if at != newest():
            found = f"{shown} is at migration {at or 'none'}, not at {newest()}."
            yield Finding("Database", State.BAD, found, "Run: sora migrate")
            return
        yield Finding("Database", State.OK, f"{shown} is at the newest migration ({at}).")
        async with _open(url) as db:
            for look in (_workers, _lenders, _outbox, _eta):
                if finding := await look(db):
                    yield finding
    except Exception as error:
        trouble = translated(error)
        if trouble is None:
            raise
        yield Finding(
            "Database", State.BAD, f"{shown}: {trouble}", "Check SORA_DATABASE_URL and its server."
        )


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Db]:
    db = Db(url)
    try:
        yield db
    finally:
        await db.close()


async def _workers(db: Db) -> Finding:
    async with db.read() as s:
        known = await workers.every(s)
    living = [worker for worker in known if workers.alive(worker)]
    if not living:
        return Finding(
            "Workers", State.WARNING, "None is running.", "Run: sora up (or sora worker)"
        )
    return Finding("Workers", State.OK, " ".join(f"{measured.said(one)}." for one in living))


async def _lenders(db: Db) -> Finding | None:
    async with db.read() as s:
        return await lenders.finding(s)


async def _outbox(db: Db) -> Finding:
    async with db.read() as s:
        untold, aside = await events.untold(s), await events.set_aside(s)
    found = f"{untold} still to be told."
    if aside:
        last = aside[0]
        ago = (utcnow() - last.set_aside_at).total_seconds() / 60 if last.set_aside_at else 0
        return Finding(
            "Outbox",
            State.WARNING,
            f"{found} {len(aside)} set aside, the last {ago:.0f} minutes ago in {last.room} "
            f"(job {last.job_id}: {last.error}).",
            "Mend the cause, then run: sora outbox retry",
        )
    return Finding("Outbox", State.OK, found)


async def _eta(db: Db) -> Finding:
    async with db.read() as s:
        offers = await workers.offers(s)
        finished = [r for o in offers for r in await workers.recent_renders(s, o.name)]
    counted = [render for render in finished if render.promised is not None]
    error = speed.eta_error(counted)
    if error is None:
        return Finding("ETA", State.OK, "No finished job to measure it by yet.")
    over = "one job" if len(counted) == 1 else f"the last {len(counted)} jobs"
    found = f"Off by {error:.0%} (the median over {over})."
    return Finding("ETA", State.OK, found)


async def _broker(settings: BotSettings, running: bool) -> Finding:
    broker = Broker(settings.broker)
    try:
        if await broker.ping():
            return Finding("Broker", State.OK, f"{without_password(settings.broker)} answers.")
    finally:
        await broker.close()
    if settings.redis_url is not None:
        found = f"{without_password(settings.broker)} doesn't answer."
        return Finding("Broker", State.BAD, found, "Check SORA_REDIS_URL and its server.")
    if running:
        found = "The embedded Valkey doesn't answer."
        return Finding("Broker", State.BAD, found, "Look at what `sora up` prints; start it again.")
    return Finding("Broker", State.WARNING, "The embedded Valkey runs only with `sora up`.")


async def _renderer() -> list[Finding]:
    """Ask the worker's side, in a process of its own: the bot has no torch in it."""
    try:
        supervisor.insist_on_gen()
    except Trouble as trouble:
        return [Finding("Renderer", State.WARNING, "It can't render here.", f"{trouble}")]
    process = await asyncio.create_subprocess_exec(*python("gen.check"), stdout=-1, stderr=-1)
    try:
        async with asyncio.timeout(RENDERER_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        found = f"It didn't answer within {RENDERER_SECONDS:.0f} s."
        return [Finding("Renderer", State.BAD, found, "Try: python -m gen.check")]
    try:
        said: dict[str, Any] = json.loads(out)
    except ValueError:
        last = (err.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        return [Finding("Renderer", State.BAD, f"It broke: {last}", "Try: python -m gen.check")]
    signing = [doctor_credentials.finding(said["credentials"])] if said["credentials"] else []
    return [_rendering(said), *signing]


def _rendering(said: dict[str, Any]) -> Finding:
    """What `gen.check` reports, in one line."""
    if said["error"]:
        return Finding("Renderer", State.BAD, said["error"], "Mend it, then ask again: sora doctor")
    devices = ", ".join(
        f"{device['device']} ({device['name']}, {device['memory_bytes'] / 10**9:.0f} GB)"
        for device in said["devices"]
    )
    usable = ", ".join(model["name"] for model in said["models"] if model["usable"])
    broken = [model for model in said["models"] if not model["usable"]]
    found = f"PyTorch {said['torch']} on {devices}; models: {usable or 'none'}."
    if not broken:
        return Finding("Renderer", State.OK, found)
    why = "; ".join(f"{model['name']}: {model['why'].rstrip('.')}" for model in broken)
    state = State.WARNING if usable else State.BAD
    return Finding("Renderer", state, f"{found} {why}.", "Look closer with: sora models check")
