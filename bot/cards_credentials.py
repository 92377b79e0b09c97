"""What a clip's Content Credentials say, in words."""

from __future__ import annotations

from bot.card import Fact, Line
from db.credentials import Ingredient, Said
from moderation.words import clean

ALTERED = Line("It was changed after it was signed: nothing that it says can be believed.")
OURS = Line("It is unchanged since this studio signed it.")
NONE = Line("It has no Content Credentials yet; a worker signs it when it is free.")
ALLOWED = {True: "allowed", False: "not allowed", None: "not said"}


def standing(said: Said) -> Line:
    """Whether a file may be believed, and on whose word."""
    if not said.intact:
        return ALTERED
    if said.ours:
        return OURS
    signer = clean(said.signer) or "somebody without a name"
    return Line(f"It is unchanged since {signer} signed it, whom this studio doesn't know.")


def facts(said: Said) -> tuple[Fact, ...]:
    """All that it says, one thing each. A stranger's file may say anything, so it is cleaned."""
    link = said.licence_url if said.licence_url.startswith("https://") else ""
    hashed = "not in it, only its salted hash" if said.prompt_hash else "not in it"
    found = [
        ("title", said.title),
        ("made", "by AI" if said.generated else ""),
        ("with", said.software),
        ("at", said.at),
        ("model", said.model),
        ("licence", said.licence),
        ("artist", said.creator or "not named in it"),
        ("prompt", said.prompt or hashed),
        ("made from", "; ".join(_named(one) for one in said.ingredients)),
        ("training of models", ALLOWED[said.training]),
        ("collections for analysis", ALLOWED[said.dataset]),
        ("signed by", said.signer),
    ]
    cleaned = [(name, clean(value)) for name, value in found]
    return tuple(
        Fact(name, value, link if name == "licence" else "") for name, value in cleaned if value
    )


def _named(one: Ingredient) -> str:
    return f"{one.title} (with credentials of its own)" if one.signed else one.title
