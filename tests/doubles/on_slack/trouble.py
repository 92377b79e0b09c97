"""Why a delivery to the bot has failed."""

from __future__ import annotations


class Trouble(Exception):
    """`final` where Slack does not try again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
