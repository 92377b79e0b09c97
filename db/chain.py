"""How the record's entries hang together, and the ledger's: each hash covers one and all before it.

Pure, and the same for the database and for what its public page hands out.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

GENESIS = "0" * 64
"""What stands for the hash before the first entry."""


class Broken(Exception):
    """The first entry that isn't what was recorded; the message is the whole sentence."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"Entry {seq} is wrong: {why}.")
        self.seq = seq


def canonical(said: dict[str, Any]) -> str:
    """One text for one meaning: sorted keys, no spaces, no escapes that aren't needed."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(previous: str, body: str) -> str:
    """The hash of an entry, in hexadecimal."""
    return hashlib.sha256(f"{previous}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


class Chain:
    """Checks entries from the first on, one after the other."""

    def __init__(self) -> None:
        self.seq = 0
        self.head = GENESIS

    def add(self, seq: object, previous: object, body: object, hashed: object) -> dict[str, Any]:
        """What the next entry says. Raises ``Broken``."""
        wanted = self.seq + 1
        if seq != wanted:
            raise Broken(wanted, f"it is missing, and {seq} stands in its place")
        if previous != self.head:
            raise Broken(wanted, "it doesn't follow the entry before it")
        if not isinstance(body, str) or digest(self.head, body) != hashed:
            raise Broken(wanted, "its hash isn't that of what it says")
        try:
            said = json.loads(body)
        except ValueError:
            raise Broken(wanted, "it isn't JSON") from None
        if not isinstance(said, dict) or said.get("seq") != wanted:
            raise Broken(wanted, "it says another number of itself")
        self.seq, self.head = wanted, str(hashed)
        return said
