"""Licences that a host has accepted by name: who, when, and exactly which."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from gen.catalogue import Entry

FILE = "accepted.json"


class Accepted(BaseModel):
    """One acceptance. It holds for these terms only: changed ones have to be accepted again."""

    licence: str
    licence_url: str
    restrictions: str
    by: str
    at: datetime

    def covers(self, entry: Entry) -> bool:
        return (self.licence, self.licence_url, self.restrictions) == (
            entry.licence,
            entry.licence_url,
            entry.restrictions,
        )


_ALL = TypeAdapter(dict[str, Accepted])


def accepted(folder: Path) -> dict[str, Accepted]:
    """By model. A file that can't be read accepts nothing."""
    try:
        return _ALL.validate_json((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return {}


def is_accepted(entry: Entry, folder: Path) -> bool:
    found = accepted(folder).get(entry.name)
    return not entry.must_accept or (found is not None and found.covers(entry))


def accept(entry: Entry, folder: Path) -> Accepted:
    """Write it down. Raises ``OSError``."""
    made = Accepted(
        licence=entry.licence,
        licence_url=entry.licence_url,
        restrictions=entry.restrictions,
        by=_user(),
        at=datetime.now(UTC),
    )
    folder.mkdir(parents=True, exist_ok=True)
    everything = accepted(folder) | {entry.name: made}
    draft = folder / f"{FILE}.part"
    draft.write_text(
        json.dumps(_ALL.dump_python(everything, mode="json"), indent=1, ensure_ascii=False)
    )
    draft.replace(folder / FILE)
    return made


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user needn't have a name
        return f"user {os.getuid()}"
