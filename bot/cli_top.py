"""`sora top`: watch the studio in a terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_data import Data, with_db

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings import BotSettings
    from db.session import Db

LOOK_SECONDS = 1.0
PIPE_ROWS = 40
"""How much is printed where nobody scrolls."""


def top(
    once: Annotated[bool, typer.Option("--once", help="Print how it stands, and end.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Say who waits in line.")] = False,
    data: Data = None,
) -> None:
    """Watch line, workers, moderators and rooms; q or Ctrl-C ends."""
    from rich.console import Console

    console = Console()
    live = console.is_terminal and sys.stdin.isatty() and not once

    async def show(db: Db, _: BotSettings) -> None:
        if live:
            await _live(db, console, names)
        else:
            await _once(db, console, names)

    with_db(data, show)


async def _once(db: Db, console: Console, names: bool) -> None:
    from bot.top import frame, look

    height = console.height if console.is_terminal else PIPE_ROWS
    console.print(frame(await look(db, names), height))


async def _live(db: Db, console: Console, names: bool) -> None:
    from rich.live import Live
    from rich.text import Text

    from bot.top import frame, look
    from bot.trouble import translated

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, ended.set)
    with Live(console=console, screen=True, auto_refresh=False) as live, _pressed_q(ended):
        while not ended.is_set():
            try:
                live.update(frame(await look(db, names), console.height), refresh=True)
            except Exception as error:  # a database that is away may come back
                trouble = translated(error)
                if trouble is None:
                    raise
                live.update(Text(str(trouble)), refresh=True)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await ended.wait()
            except TimeoutError:
                continue


@contextmanager
def _pressed_q(ended: asyncio.Event) -> Iterator[None]:
    """Keys are read as they are pressed, and the terminal is left as it was."""
    import termios
    import tty

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()

    def on_key() -> None:
        keys = os.read(keyboard, 64)
        if not keys or b"q" in keys.lower():
            ended.set()

    tty.setcbreak(keyboard)
    loop.add_reader(keyboard, on_key)
    try:
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
