"""`sora top` draws the studio as it stands, in any width, and ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.top import frame, look, short
from db import events, notes
from db.broker import Broker
from db.models import Worker, utcnow
from db.session import Db
from tests.bot.test_cli import sora
from tests.support.studio import NO_BROKER, OFFER, Studio, person

ROOT = Path(__file__).parents[2]
CARD = {"number": 0, "name": "Test card", "used": 61 * 2**30, "total": 80 * 2**30, "busy": 0.9}


async def drawn(db: Db, width: int = 80, height: int = 60, **how: Any) -> str:
    """The frame as text, without the spaces at the ends of its lines."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(frame(await look(db, **how), height))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


async def test_an_empty_studio_says_what_to_do(db: Db) -> None:
    said = await drawn(db)
    assert 'Nobody waits. Make a clip: sora make "a red circle"' in said
    assert "None is running. Start one: sora up, or sora worker" in said
    assert "Start the bot: sora up, or sora bot" in said


async def busy(db: Db) -> Studio:
    """Two render, one of whom has a card; four wait, one of them for a review."""
    studio = await Studio(db, Broker(NO_BROKER)).open()
    ada, bo = await person(db, "Ada Lovelace"), await person(db, "Bo")
    await studio.rendered(ada)
    async with db.begin() as s:
        await events.join(s, "web")
        await notes.put(s, notes.PAGE, "http://127.0.0.1:8040")
        offers = [OFFER.model_dump(mode="json")]
        s.add(
            Worker(
                name="gpu-host", state="ready", offers=offers, cards=[CARD], loaded="toy", busy=0.25
            )
        )
        s.add(Worker(name="lost", state="ready", seen_at=utcnow() - timedelta(hours=3)))
        s.add(Worker(name="went", state="stopped"))
        s.add(Worker(name="ill", state="Wan can't be loaded: it needs 40 GB of memory"))
    for who in (ada, bo, ada, bo, ada):
        await studio.submit(who, "a canary")
    claimed = await studio.claim("gpu-host")
    assert claimed is not None
    await studio.change(claimed.id, step=3)
    return studio


async def test_line_workers_moderators_and_rooms(db: Db) -> None:
    await busy(db)
    said = await drawn(db)
    lines = said.splitlines()
    assert lines[0].endswith("http://127.0.0.1:8040")
    assert "Line: 4 waiting, 1 rendering" in said
    places = [line.split()[0] for line in lines if " toy " in line and "rendering" not in line]
    assert places == ["1", "2", "3", "4"]
    (worker,) = (line for line in lines if line.startswith("gpu-host"))
    assert worker.split()[1:6] == ["rendering", "toy", "25%", "3", "3/4"]
    assert worker.endswith("61.0/80 GiB")
    assert "gone for 3 h" in said
    assert "went" not in said
    assert "Wan can't be" in said
    assert re.search(r"1 job waits for review, the first for \d+ s", said)
    assert "canary" not in said
    assert "Ada" not in said
    assert "Ada Lovelace" in await drawn(db, with_names=True)


@pytest.mark.parametrize("width", [80, 120])
async def test_it_fits(sqlite_url: str, width: int) -> None:
    db = Db(sqlite_url)
    await busy(db)
    async with db.begin() as s:
        s.add(
            Worker(name="a-host-with-a-name-that-nobody-would-type-twice-0123456789", cards=[CARD])
        )
    said = await drawn(db, width, with_names=True)
    await db.close()
    assert max(map(len, said.splitlines())) <= width
    assert "61.0/80 GiB" in said


async def test_a_long_line_is_cut_to_the_window(sqlite_url: str) -> None:
    db = Db(sqlite_url)
    studio = await Studio(db, Broker(NO_BROKER)).open()
    for number in range(30):
        await studio.submit(await person(db, f"artist {number}"))
    said = await drawn(db, height=30)
    await db.close()
    assert len(said.splitlines()) <= 30
    assert "more" in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (-1, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599, "1 h"), (90000, "1 d")],
)
def test_a_time_is_one_figure(seconds: float | None, said: str) -> None:
    assert short(seconds) == said


def test_it_prints_once_where_there_is_no_terminal(sqlite_url: str) -> None:
    said = sora("top", env={"SORA_DATABASE_URL": sqlite_url, "COLUMNS": "80"})
    assert said.status == 0
    assert "None is running." in said.out
    assert "\x1b" not in said.out


async def test_q_ends_it_and_leaves_the_terminal_as_it_was(sqlite_url: str) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SORA_DATABASE_URL": sqlite_url, "TERM": "xterm"}
    watching = subprocess.Popen(
        [sys.executable, "-m", "bot", "top"], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    shown = b""
    async with asyncio.timeout(60):
        while b"None is running" not in shown:
            shown += await asyncio.to_thread(os.read, ours, 65536)
        os.write(ours, b"xq")
        while b"\x1b[?1049l" not in shown:  # the screen from before
            shown += await asyncio.to_thread(os.read, ours, 65536)
        assert await asyncio.to_thread(watching.wait) == 0
    os.close(ours)
