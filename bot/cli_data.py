"""What the commands share that look into the studio's data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli_make import DATA
from bot.trouble import insist_on_newest

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from db.session import Db

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option(help=f"{DATA} \\[default: data]")]


def with_db(data: Path | None, act: Callable[[Db, BotSettings], Awaitable[T]]) -> T:
    """Do something with the database of the studio there. Raises ``Trouble`` where it isn't the newest."""
    from bot.settings import settings_from
    from db.session import Db

    settings = settings_from(data)
    insist_on_newest(settings.database)

    async def run() -> T:
        db = Db(settings.database)
        try:
            return await act(db, settings)
        finally:
            await db.close()

    return asyncio.run(run())
