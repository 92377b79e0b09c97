"""What goes wrong without being a bug, put into one sentence for the person at the keyboard."""

from __future__ import annotations

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
    from pydantic import ValidationError
    from redis.exceptions import RedisError
    from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, OperationalError

    from moderation.rules import Refused

    if isinstance(error, Trouble):
        return error
    if isinstance(error, Refused):
        return Misused(str(error))
    if isinstance(error, ValidationError):
        return Misused(" ".join(_setting(fault) for fault in error.errors()))
    if isinstance(error, ArgumentError):
        return Misused("SORA_DATABASE_URL isn't an address of a database that this version knows.")
    # Its other subclasses are bugs; itself it is a file that is no database.
    if isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError:
        return Trouble(
            f"The database doesn't do what is asked ({_first_line(error.orig)}); "
            "`sora doctor` says more."
        )
    if isinstance(error, RedisError):
        return Trouble(
            f"The broker can't be reached ({_first_line(error)}); `sora doctor` says more."
        )
    if isinstance(error, (ConnectionError, PermissionError, TimeoutError, gaierror)):
        return Trouble(
            f"It can't be reached or used: {_first_line(error)}; `sora doctor` says more."
        )
    if type(error).__module__.startswith("asyncpg"):
        return Trouble(f"The database can't be opened: {_first_line(error)}.")
    return None


def without_password(url: str) -> str:
    """An address as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)


def _setting(fault: object) -> str:
    if not isinstance(fault, dict):  # pragma: no cover
        return str(fault)
    name = "SORA_" + "_".join(map(str, fault["loc"])).upper()
    why = str(fault.get("ctx", {}).get("error", fault["msg"]))
    return f"{name}: {why}."


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
