"""What a film is put together from, as it goes to the process that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Piece:
    """One clip of a film."""

    video: Path
    follows: bool = False
    """Whether it was made to go on from the end of the piece before."""
    seconds: float | None = None
    """Only so much of its end; None for all of it."""


@dataclass(frozen=True, slots=True)
class Order:
    """The pieces in their order, and the lines of the end credits and of a title before the first piece;
    without lines there are none."""

    pieces: tuple[Piece, ...]
    credits: tuple[str, ...] = ()
    title: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        pieces = [{**asdict(piece), "video": str(piece.video)} for piece in self.pieces]
        return {"pieces": pieces, "credits": list(self.credits), "title": list(self.title)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        pieces = (Piece(**{**piece, "video": Path(piece["video"])}) for piece in fields["pieces"])
        return cls(tuple(pieces), tuple(fields["credits"]), tuple(fields["title"]))
