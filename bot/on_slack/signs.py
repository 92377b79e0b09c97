"""Slack's names of the signs: one vocabulary for every room, translated here."""

from __future__ import annotations

from collections.abc import Mapping

from bot.signs import Sign

NAMES: Mapping[Sign, str] = {
    Sign.APPROVE: "white_check_mark",
    Sign.REJECT: "x",
    Sign.SEXUAL: "underage",
    Sign.GORE: "drop_of_blood",
    Sign.LIKENESS: "bust_in_silhouette",
    Sign.COPYRIGHT: "copyright",
    Sign.HATE: "no_entry_sign",
    Sign.SPAM: "wastebasket",
    Sign.LOOKING: "eyes",
    Sign.TIP: "purple_heart",
    Sign.VOTE_1: "one",
    Sign.VOTE_2: "two",
    Sign.VOTE_3: "three",
    Sign.VOTE_4: "four",
}
ALIASES: Mapping[str, Sign] = {
    **{name: sign for sign, name in NAMES.items()},
    "heavy_check_mark": Sign.APPROVE,
    "ballot_box_with_check": Sign.APPROVE,
    "negative_squared_cross_mark": Sign.REJECT,
    "heavy_multiplication_x": Sign.REJECT,
    "silhouette": Sign.LIKENESS,
    "trash": Sign.SPAM,
}
"""What people may take for the same sign."""


def read(name: str) -> Sign | None:
    """What a reaction means, whatever its skin; None for those that mean nothing here."""
    return ALIASES.get(name.partition("::")[0])


def has_aliases(sign: Sign) -> bool:
    """Whether several emoji mean this."""
    return sum(meant is sign for meant in ALIASES.values()) > 1
