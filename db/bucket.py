"""A bucket of an S3-compatible store. Every trouble with it is a ``StoreTrouble`` of one sentence."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from db.media import PARTIAL, Damaged, StoreTrouble
from db.settings import StoreSettings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

CONNECT_SECONDS = 5.0
SILENT_SECONDS = 20.0
"""After so long without a byte nothing more is waited for."""
REQUEST_SECONDS = 120.0
"""What one request may take; larger files are sent in several."""
RETRIES = 3
RETRY_SECONDS = 30.0
"""After so long a request that failed isn't tried again."""
CHUNK_BYTES = 2**20
TRIES = 2
"""How often a file is asked for that comes damaged."""
HASH = "sha256"
"""The metadata that every object has: of its content, in hexadecimal."""
CODE = re.compile(r"<Code>(\w{1,64})</Code>")
NO_BUCKET = "NoSuchBucket"
"""The library has the same error for a bucket that isn't there and for an object."""
ELSEWHERE = ("AuthorizationHeaderMalformed", "PermanentRedirect", "redirect")
MACHINES_OWN = "169.254."
"""Where a machine of a cloud asks for its credentials."""


def bucket_of(settings: StoreSettings) -> Bucket:
    """The one that a host has named; nothing is asked of it yet."""
    return Bucket(
        settings.media_url or "",
        endpoint=settings.media_endpoint,
        region=settings.media_region,
        key=settings.media_key.get_secret_value() if settings.media_key else "",
        secret=settings.media_secret.get_secret_value() if settings.media_secret else "",
    )


class Bucket:
    """Where it isn't told otherwise, the usual ``AWS_…`` variables and the machine's role count."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        region: str = "",
        key: str = "",
        secret: str = "",
        patience: float = 1.0,
    ) -> None:
        """``url``: s3://bucket/prefix; ``patience``: what all time limits are multiplied by."""
        config: S3Config = {"disable_bulk_delete": True}  # which not every store knows
        if endpoint:
            config["endpoint"] = endpoint
        if region:
            config["region"] = region
        if key:
            config |= {"access_key_id": key, "secret_access_key": secret}
        client: ClientConfig = {
            "allow_http": endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS * patience),
            "read_timeout": timedelta(seconds=SILENT_SECONDS * patience),
            "timeout": timedelta(seconds=REQUEST_SECONDS * patience),
        }
        retry: RetryConfig = {
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=RETRY_SECONDS * patience),
            "backoff": {
                "init_backoff": timedelta(seconds=0.2 * patience),
                "max_backoff": timedelta(seconds=5 * patience),
                "base": 3,
            },
        }
        self._store = S3Store.from_url(
            url, config=config, client_options=client, retry_config=retry
        )
        self._url, self._where = url, endpoint or "the store"

    async def put(self, name: str, file: Path) -> None:
        """Store a file under a name, whole or not at all. Raises ``OSError`` where it can't be read."""
        digest = await asyncio.to_thread(_hash, file)
        with self._in_words():
            await obstore.put_async(self._store, name, file, attributes={HASH: digest})

    async def get(self, name: str, target: Path, digest: str = "") -> bool:
        """Have an object at this path, whole or not at all; False where there is no such object.

        ``digest``: what its hash must be; what was stored with it, if that isn't known. Raises
        ``OSError`` when the disk is full.
        """
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        for _ in range(TRIES):
            handle, partial = tempfile.mkstemp(dir=target.parent, prefix=PARTIAL)
            try:
                with os.fdopen(handle, "wb") as file:
                    came = await self._take(name, file, digest)
                if came:
                    await asyncio.to_thread(os.replace, partial, target)
                    return True
                if came is None:
                    return False
            finally:
                await asyncio.to_thread(Path(partial).unlink, missing_ok=True)
        raise Damaged(f"What {self._where} has as {name} isn't what was stored.")

    async def _take(self, name: str, file: IO[bytes], digest: str) -> bool | None:
        """Write an object's content; whether it is as it was stored, None where there is none."""
        with self._in_words():
            try:
                found = await obstore.get_async(self._store, name)
            except FileNotFoundError as error:
                if NO_BUCKET in str(error):
                    raise
                return None
            seen = hashlib.sha256()
            async for chunk in found.stream(CHUNK_BYTES):
                await asyncio.to_thread(_write, file, chunk, seen)
        return seen.hexdigest() == (digest or found.attributes.get(HASH))

    async def size(self, name: str) -> int | None:
        """Of an object, in bytes; None where there is none."""
        with self._in_words():
            try:
                return (await obstore.head_async(self._store, name))["size"]
            except FileNotFoundError as error:
                if NO_BUCKET in str(error):
                    raise
                return None

    async def names(self, folder: str) -> list[str]:
        """Of the objects below this one."""
        with self._in_words():
            found = await obstore.list(self._store, folder).collect_async()
            return [one["path"] for one in found]

    async def taken(self) -> int:
        """The bytes of all objects, of which there may be very many."""
        total = 0
        with self._in_words():
            async for some in obstore.list(self._store, chunk_size=1000):
                total += sum(one["size"] for one in some)
        return total

    async def remove(self, names: Sequence[str]) -> None:
        """Remove objects; one that is gone already is no error."""
        for name in names:
            with self._in_words():
                try:
                    await obstore.delete_async(self._store, name)
                except FileNotFoundError as error:
                    if NO_BUCKET in str(error):
                        raise

    async def try_out(self) -> None:
        """Put something there, get it and remove it. Raises ``StoreTrouble``, which says what is wrong."""
        name, content = f"trial/{secrets.token_hex(8)}", secrets.token_bytes(64)
        with self._in_words():
            await obstore.put_async(self._store, name, content)
            found = await (await obstore.get_async(self._store, name)).bytes_async()
            await obstore.delete_async(self._store, name)
        if bytes(found) != content:
            raise StoreTrouble(f"{self._where} doesn't give back what is put into it.")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError, ValueError) as error:
            raise StoreTrouble(self._sentence(error)) from None

    def _sentence(self, error: Exception) -> str:
        said, code = str(error), CODE.search(str(error))
        if NO_BUCKET in said:
            return f"{self._where} has no bucket for {self._url}."
        if MACHINES_OWN in said:
            return f"No credentials for {self._url} were found; give SORA_MEDIA_KEY and SORA_MEDIA_SECRET."
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            why = f" ({code[1]})" if code else ""
            return f"{self._where} doesn't let these credentials use {self._url}{why}."
        if any(word in said for word in ELSEWHERE):
            return f"{self._url} is in another region than SORA_MEDIA_REGION says."
        if code:
            return f"{self._where} refused this ({code[1]})."
        return f"{self._where} can't be reached, or doesn't answer in time."


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(file: IO[bytes], chunk: bytes, seen: Any) -> None:
    file.write(chunk)
    seen.update(chunk)
