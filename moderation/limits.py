"""Limits: the table, which is a host's data, and what follows from it. Pure functions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from moderation.people import Person
from moderation.words import echo, listed

ARTIST, COMMUNITY = "artist", "community"
ROLES = (ARTIST, "moderator", "host")
"""Everybody is an artist."""
ROOMS = ("web",)
"""Those without channels."""
CHANNEL = re.compile(r"(discord|slack)/[^/]+/[^/]+")
MOST = 10**9


class What(StrEnum):
    """What there may be a limit of; the names are those of the table."""

    JOBS_PER_HOUR = "jobs_per_hour"
    JOBS_PER_DAY = "jobs_per_day"
    GPU_SECONDS_PER_DAY = "gpu_seconds_per_day"
    IN_LINE = "in_line"
    AT_ONCE = "at_once"


WINDOW: Mapping[What, timedelta] = {
    What.JOBS_PER_HOUR: timedelta(hours=1),
    What.JOBS_PER_DAY: timedelta(days=1),
    What.GPU_SECONDS_PER_DAY: timedelta(days=1),
}
"""Those that fill as time goes by and free as it goes on: so far back is counted."""
Figures = Mapping[What, int]


class BadLimits(ValueError):
    """A table that can't be used: one sentence that names the row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """For whom -> how much; empty where a studio has none."""

    rows: Mapping[str, Figures] = field(default_factory=dict)

    def of(self, person: Person) -> dict[What, int]:
        """A person's own: of each the most generous of their roles."""
        has = [row for role in _roles(person) if (row := self.rows.get(role))]
        return {what: max(r[what] for r in has if what in r) for what in What if _any(has, what)}

    def in_line(self, person: Person, everybody: int) -> int:
        """How many of theirs may wait in line, where ``everybody`` may have so many."""
        rows = [self.rows.get(role, {}) for role in _roles(person) if role != ARTIST]
        return max([everybody, *(row[What.IN_LINE] for row in rows if What.IN_LINE in row)])

    def shared(self, channel: str) -> dict[str, Figures]:
        """Those that people share who ask in this channel: its own, and the community's."""
        names = (channel, COMMUNITY)
        return {name: self.rows[name] for name in names if name in self.rows}

    def counts(self, what: What) -> bool:
        """Whether there is any limit of it."""
        return _any(list(self.rows.values()), what)

    @property
    def by_role(self) -> bool:
        """Whether it matters what roles somebody has."""
        return any(role in self.rows for role in ROLES[1:])


def _roles(person: Person) -> Iterator[str]:
    yield ARTIST
    if person.moderates:
        yield ROLES[1]
    if person.hosts:
        yield ROLES[2]


def _any(rows: list[Figures], what: What) -> bool:
    return any(what in row for row in rows)


def load(file: Path | None) -> Limits:
    """The table in a host's file; the empty one where there is none. Raises ``BadLimits``."""
    if file is None:
        return Limits()
    path = file.expanduser()
    try:
        return read(path.read_text("utf-8"))
    except BadLimits as fault:
        raise BadLimits(f"SORA_QUOTAS: in {path}, {fault}") from None
    except (OSError, UnicodeDecodeError):
        raise BadLimits(f"SORA_QUOTAS names {path}, which can't be read as text.") from None


def read(text: str) -> Limits:
    """The table that a host wrote. Raises ``BadLimits``."""
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of numbers and nests that are too large
        raise BadLimits(f"it is no TOML: {error}.") from None
    limits = Limits({name: _figures(name, row) for name, row in found.items()})
    everybody = limits.rows.get(ARTIST, {})
    for role in ROLES[1:]:
        for what in limits.rows.get(role, {}).keys() - everybody.keys() - {What.IN_LINE}:
            raise BadLimits(
                f"[{role}] has {what} and [{ARTIST}] has none; give both, because they are artists too."
            )
    return limits


def _figures(name: str, row: Any) -> Figures:
    if name not in (*ROLES, COMMUNITY, *ROOMS) and not CHANNEL.fullmatch(name):
        raise BadLimits(
            f"there is no [{echo(name)}]; a row is {listed((*ROLES, COMMUNITY, *ROOMS), 'or')}, or a "
            'channel such as ["discord/12/34"].'
        )
    if not isinstance(row, dict):
        raise BadLimits(f"{name} is a row of its own: [{name}].")
    for what, amount in row.items():
        if what not in set(What):
            raise BadLimits(f"[{name}] has “{echo(what)}”; a limit is {listed(What, 'or')}.")
        if type(amount) is not int or not 1 <= amount <= MOST:
            raise BadLimits(
                f"[{name}] {what} is a whole number from 1 up, not {echo(repr(amount))}."
            )
    return {What(what): amount for what, amount in row.items()}


def listing(limits: Limits) -> list[str]:
    """The table, row by row."""
    return [
        f"{name}: " + ", ".join(f"{what.replace('_', ' ')} {most:,}" for what, most in row.items())
        for name, row in limits.rows.items()
    ]
