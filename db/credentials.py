"""Content Credentials (C2PA) of a clip: what they may say, and what a file is read to say.

Signing them is for gen/credentials.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KNOWN = "known.pem"
"""In the credentials folder: every certificate that this studio has ever signed with, issuers included."""
VIDEO = "video/mp4"
RENDER = "org.sora-commons.render"
"""The label of our own assertion: model, licence, and the prompt or its salted hash."""
CREATOR = "cawg.metadata"
MINING = ("cawg.training-mining", "c2pa.training-mining")
"""The same said twice: C2PA handed this assertion on to the CAWG, and older readers know only its own."""
ALGORITHMIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ACTIONS = "c2pa.actions.v2"
UNTRUSTED = "signingCredential.untrusted"
OFFLINE = {
    "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Nothing is asked of the network, and no picture of an ingredient gets into a file."""
LONGEST = 2000
"""Characters that are taken of one thing a file says."""
KEPT = 2000
"""Files of which the shelf remembers what they say."""


class NoCredentials(Exception):
    """There is nothing to be read; the message is one sentence."""


class NoVideo(NoCredentials):
    """It isn't an MP4 at all, or isn't there."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What a clip's artist agrees that its file says, and lets be done with it. All is no at first."""

    named: bool = False
    """The artist's name is in the file."""
    prompt_shown: bool = False
    """So is the prompt itself, not only its hash."""
    dataset: bool = False
    """It may be taken into collections that are analysed."""
    training: bool = False
    """Models may be trained on it."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What a file says that it was made from; ``signed``: by credentials of its own, which are valid."""

    title: str
    relation: str
    """inputTo, componentOf or parentOf, as the C2PA has it."""
    signed: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of itself, and whether it may be believed. Empty or None is what it doesn't say.

    Texts are as the file has them: who shows them cleans them first.
    """

    title: str
    software: str
    generated: bool
    """By a trained algorithm."""
    at: str
    """When it was made, in ISO 8601; the studio's own word, nobody else stamped it."""
    model: str
    licence: str
    licence_url: str
    prompt: str
    prompt_hash: str
    creator: str
    dataset: bool | None
    training: bool | None
    ingredients: tuple[Ingredient, ...]
    intact: bool
    """Whether every byte is as it was signed."""
    signer: str
    """The name in the signer's certificate."""
    ours: bool
    """Whether the certificate is one of this studio's."""


def read(file: Path, known: Path | None = None) -> Said:
    """What a file's Content Credentials say; ``known`` holds the certificates that are this studio's.

    Raises ``NoCredentials`` for a video that has none, ``NoVideo`` for what is none.
    """
    from c2pa import C2paError, Context, Reader

    if not file.is_file():
        raise NoVideo(f"There is no file {file}.")
    pem = known.read_text() if known is not None and known.is_file() else ""
    settings = OFFLINE | ({"trust": {"user_anchors": pem}} if pem else {})
    try:
        with (
            file.open("rb") as video,
            Context.from_dict(settings) as context,
            Reader(VIDEO, video, context=context) as reader,
        ):
            store = json.loads(reader.json())
    except OSError as error:
        raise NoVideo(f"{file} can't be read: {error.strerror}.") from error
    except C2paError.ManifestNotFound as error:
        raise NoCredentials(f"{file} has no Content Credentials.") from error
    except C2paError as error:
        raise NoVideo(f"{file} can't be read as an MP4 video.") from error
    return _said(store, _serials(pem))


def _said(store: dict[str, Any], ours: set[str]) -> Said:
    manifest = _at(store, "manifests", str(store.get("active_manifest")))
    state = store.get("validation_state")
    by = {str(_at(a, "label")): _at(a, "data") for a in _all(manifest, "assertions")}
    created: Any = next(
        (a for a in _all(by.get(ACTIONS), "actions") if _at(a, "action") == "c2pa.created"), {}
    )
    render = by.get(RENDER)
    creators = [_text(name) for name in _all(by.get(CREATOR), "dc:creator")]
    signature = _at(manifest, "signature_info")
    software = _at(created, "softwareAgent")
    return Said(
        title=_text(_at(manifest, "title")),
        software=f"{_text(_at(software, 'name'))} {_text(_at(software, 'version'))}".strip(),
        generated=_at(created, "digitalSourceType") == ALGORITHMIC,
        at=_text(_at(created, "when")),
        model=_text(_at(render, "model")),
        licence=_text(_at(render, "licence")),
        licence_url=_text(_at(render, "licence_url")),
        prompt=_text(_at(render, "prompt")),
        prompt_hash=_text(_at(render, "prompt_sha256_salted")),
        creator=", ".join(creators),
        dataset=_allowed(by, "data_mining"),
        training=_allowed(by, "ai_generative_training"),
        ingredients=tuple(_ingredients(manifest)),
        intact=state in ("Valid", "Trusted"),
        signer=_text(_at(signature, "common_name")) or _text(_at(signature, "issuer")),
        ours=state == "Trusted" and _text(_at(signature, "cert_serial_number")) in ours,
    )


def _ingredients(manifest: Any) -> Iterator[Ingredient]:
    for one in _all(manifest, "ingredients"):
        results = _at(one, "validation_results", "activeManifest")
        faults = [f for f in _all(results, "failure") if _at(f, "code") != UNTRUSTED]
        signed = results is not None and not faults
        yield Ingredient(_text(_at(one, "title")), _text(_at(one, "relationship")), signed)


def _allowed(by: dict[str, Any], what: str) -> bool | None:
    for label in MINING:
        entry = f"{label.partition('.')[0]}.{what}"
        if use := _at(by.get(label), "entries", entry, "use"):
            return bool(use == "allowed")
    return None


def _at(value: Any, *path: str) -> Any:
    """What lies at a path of keys, or None: strangers' files say anything."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _all(value: Any, key: str) -> list[Any]:
    found = _at(value, key)
    return found if isinstance(found, list) else []


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _serials(pem: str) -> set[str]:
    from cryptography import x509

    found = x509.load_pem_x509_certificates(pem.encode()) if pem else []
    return {str(certificate.serial_number) for certificate in found}


class Shelf:
    """Reads files of the media store, each once: a key is the hash of what is read."""

    def __init__(self, known: Path | None) -> None:
        self._known = known
        self._read: dict[str, Said | None] = {}

    async def of(self, file: Path) -> Said | None:
        """What a stored file says; None when it says nothing. The loop isn't blocked meanwhile."""
        if file.name not in self._read:
            try:
                found = await asyncio.to_thread(read, file, self._known)
            except NoVideo:
                return None  # perhaps it is being replaced just now
            except NoCredentials:
                found = None
            if len(self._read) >= KEPT:
                del self._read[next(iter(self._read))]
            self._read[file.name] = found
        return self._read[file.name]
