"""Content Credentials (C2PA): what is said of a clip, signed into its own file.

db/credentials.py reads them again, and names what both need.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from c2pa import Builder, C2paError, C2paSignerInfo, Context, Reader, Signer

from db.credentials import ACTIONS, ALGORITHMIC, CREATOR, MINING, OFFLINE, RENDER, VIDEO, Flags
from gen.signing_key import WHOSE, BadCertificate, SigningKey

SOFTWARE = "sora-commons"
DUBLIN_CORE = {"dc": "http://purl.org/dc/elements/1.1/"}
DRAWING = "image/svg+xml"
TRIAL = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>'
SIGNING = OFFLINE | {"verify": {"verify_after_sign": False, "verify_trust": False}}
"""What is signed is not read again at once (that doubles the time), and parents' signers aren't judged."""
KINDS = {".mp4": VIDEO, ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class CannotSign(Exception):
    """The certificate isn't valid any more, or the file is no MP4. The file is as it was."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What a clip was made from. Its own credentials go with the clip's where ``file`` is there."""

    title: str
    file: str = ""
    """A path; empty when the file is gone or isn't to be quoted."""
    is_part: bool = False
    """Whether it is seen in the clip, as in a film that is put together; else a model was given it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """All that a clip's file says."""

    title: str
    model: str
    licence: str
    licence_url: str
    prompt_hash: str
    flags: Flags
    creator: str = ""
    """The artist's name; empty unless they agree."""
    prompt: str = ""
    """Empty unless they agree."""
    parents: tuple[Parent, ...] = ()


@dataclass(frozen=True, slots=True)
class Signing:
    """With what, and what of each clip of a render, in the order of its seeds."""

    key: SigningKey
    claims: tuple[Claim, ...]


def signing_of(fields: dict[str, Any]) -> Signing:
    """As it was before it was plain data."""
    claims = tuple(
        Claim(
            **claim
            | {
                "flags": Flags(**claim["flags"]),
                "parents": tuple(Parent(**parent) for parent in claim["parents"]),
            }
        )
        for claim in fields["claims"]
    )
    return Signing(SigningKey(**fields["key"]), claims)


def prompt_hash(prompt: str, salt: str) -> str:
    """SHA-256 of salt and prompt as UTF-8, in hex.

    Prompts are short and guessable: of a plain hash anybody could try what an artist didn't want to show.
    With the salt, which the studio gives to the artist alone, they can prove what they wrote.
    """
    return hashlib.sha256((salt + prompt).encode()).hexdigest()


def signed(video: bytes, claim: Claim, key: SigningKey, at: datetime | None = None) -> bytes:
    """An MP4 with these credentials, in place of any that it has. ``at``: when it was made, if not now.

    Raises ``CannotSign``.
    """
    return _signed(video, VIDEO, _manifest(claim, at or datetime.now(UTC)), claim.parents, key)


def prove(key: SigningKey) -> None:
    """See whether what is signed with it would count. Raises ``BadCertificate``."""
    manifest = _manifest(Claim("A trial", "", "", "", "", Flags()), datetime.now(UTC))
    try:
        made = _signed(TRIAL, DRAWING, manifest, (), key)
        with (
            Context.from_dict(OFFLINE) as context,
            Reader(DRAWING, io.BytesIO(made), context=context) as reader,
        ):
            if reader.get_validation_state() in ("Valid", "Trusted"):
                return
            why = "what it signs is not valid"
    except CannotSign as error:
        why = str(error).rstrip(".")
    raise BadCertificate(
        f"The certificate of {key.signer} can't sign Content Credentials ({why}): name another in {WHOSE}."
    )


def _signed(
    data: bytes, kind: str, manifest: dict[str, Any], parents: Sequence[Parent], key: SigningKey
) -> bytes:
    info = C2paSignerInfo(key.algorithm, key.certificates.encode(), key.key.encode(), None)
    made = io.BytesIO()
    try:
        with (
            Context.from_dict(SIGNING) as context,
            Signer.from_info(info) as signer,
            Builder.from_json(manifest, context=context) as builder,
        ):
            for number, parent in enumerate(parents):
                if file := _there(parent):
                    _add(builder, number, parent, file)
            builder.sign(signer, kind, io.BytesIO(data), made)
    except C2paError as error:
        raise CannotSign(str(error)) from error
    return made.getvalue()


def _add(builder: Builder, number: int, parent: Parent, file: Path) -> None:
    with file.open("rb") as opened:
        builder.add_ingredient(_ingredient(number, parent), KINDS[file.suffix], opened)


def _there(parent: Parent) -> Path | None:
    file = Path(parent.file) if parent.file else None
    return file if file is not None and file.is_file() else None


def _ingredient(number: int, parent: Parent) -> dict[str, Any]:
    """What a model was given is its input: neither an older state of the clip nor a part of it."""
    relation = "componentOf" if parent.is_part else "inputTo"
    return {"title": parent.title, "relationship": relation, "instance_id": _id(number)}


def _id(number: int) -> str:
    return f"parent-{number}"


def _manifest(claim: Claim, at: datetime) -> dict[str, Any]:
    unread = [
        _ingredient(number, parent)
        for number, parent in enumerate(claim.parents)
        if _there(parent) is None
    ]
    return {
        "claim_generator_info": [_software()],
        "title": claim.title,
        "ingredients": unread,
        "assertions": list(_assertions(claim, at)),
    }


def _assertions(claim: Claim, at: datetime) -> Iterator[dict[str, Any]]:
    created: dict[str, Any] = {
        "action": "c2pa.created",
        "when": at.astimezone(UTC).isoformat(timespec="seconds"),
        "softwareAgent": _software(),
        "digitalSourceType": ALGORITHMIC,
        "description": f"Made with the model {claim.model}.",
    }
    given, parts = (
        [_id(number) for number, parent in enumerate(claim.parents) if parent.is_part is is_part]
        for is_part in (False, True)
    )
    if given:
        created["parameters"] = {"ingredientIds": given}
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [part]}} for part in parts]
    yield {"label": ACTIONS, "data": {"actions": [created, *placed]}}
    render = {
        "model": claim.model,
        "licence": claim.licence,
        "licence_url": claim.licence_url,
        "prompt_sha256_salted": claim.prompt_hash,
        "prompt": claim.prompt,
    }
    yield {"label": RENDER, "data": {name: value for name, value in render.items() if value}}
    for label in MINING:
        yield {"label": label, "data": {"entries": _entries(label.partition(".")[0], claim.flags)}}
    if claim.creator:
        data = {"@context": DUBLIN_CORE, "dc:creator": [claim.creator]}
        yield {"label": CREATOR, "data": data, "kind": "Json"}


def _entries(whose: str, flags: Flags) -> dict[str, dict[str, str]]:
    """``cawg.ai_inference`` isn't said: no artist was asked about it."""
    allowed = {
        "data_mining": flags.dataset,
        "ai_training": flags.training,
        "ai_generative_training": flags.training,
    }
    return {
        f"{whose}.{what}": {"use": "allowed" if yes else "notAllowed"}
        for what, yes in allowed.items()
    }


@cache
def _software() -> dict[str, str]:
    version = {}
    with suppress(metadata.PackageNotFoundError):  # run from its source
        version = {"version": metadata.version(SOFTWARE)}
    return {"name": SOFTWARE, **version}
