"""What goes wrong without being a bug, put into one sentence for the person at the keyboard."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from socket import gaierror
from urllib.parse import urlsplit


class Trouble(Exception):
    """Something a person can mend; the message is the whole sentence."""

    status = 1


class Misused(Trouble):
    """What was asked for can't be done as it was asked; the message says what is allowed."""

    status = 2


def translated(error: Exception) -> Trouble | None:
    """The sentence for an error of a library, or None for a bug."""
    from redis.exceptions import RedisError
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    from db.media import StoreTrouble
    from db.settings import BadSettings
    from moderation.rules import Refused

    if isinstance(error, Trouble):
        return error
    if isinstance(error, ExceptionGroup):
        # Of what failed together, a single bug must not be hidden behind a sentence.
        troubles = [translated(one) for one in error.exceptions]
        return None if None in troubles else troubles[0]
    if isinstance(error, (Refused, BadSettings)):
        return Misused(str(error))
    # Its other subclasses are bugs; itself it is a file that is no database.
    if isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError:
        return Trouble(
            f"The database refused this ({_first_line(error.orig)}); `sora doctor` says more."
        )
    if isinstance(error, RedisError):
        return Trouble(
            f"The broker can't be reached ({_first_line(error)}); `sora doctor` says more."
        )
    if isinstance(error, StoreTrouble):
        return Trouble(f"{error} `sora doctor` says more.")
    if isinstance(error, (ConnectionError, PermissionError, TimeoutError, gaierror)):
        return Trouble(
            f"It can't be reached or used: {_first_line(error)}; `sora doctor` says more."
        )
    if type(error).__module__.startswith("asyncpg"):
        return Trouble(f"The database can't be opened: {_first_line(error)}.")
    return None


@contextmanager
def reaching(database: str) -> Iterator[None]:
    """Raises ``Trouble`` naming the server when it can't be reached."""
    try:
        yield
    except (OSError, TimeoutError) as error:
        server = urlsplit(database).netloc.rpartition("@")[2]
        if not server:
            raise
        raise Trouble(f"The database at {server} can't be reached ({_why(error)}).") from error


def insist_on_newest(database: str) -> None:
    """Raises ``Trouble`` for a database that isn't there or isn't at the newest migration."""
    from db.migrate import current, newest

    with reaching(database):
        at = asyncio.run(current(database))
    if at != newest():
        raise Trouble(
            "The database isn't there or isn't at the newest migration; run: sora migrate"
        )


def _why(error: OSError) -> str:
    """In words; of several addresses that were tried, what the first one said."""
    if isinstance(error, TimeoutError):
        return "it doesn't answer"
    number = re.search(r"\[Errno (\d+)\]", str(error))
    return (os.strerror(int(number[1])) if number else error.strerror or str(error)).lower()


def without_password(url: str) -> str:
    """An address as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
