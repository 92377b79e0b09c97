"""The studio as a lent worker reaches it: over HTTP, with its key, and no other way."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import secrets
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError

from db.lending import BASE, LARGEST_INPUT, LONGEST_POLL, SESSION, Said

ANSWER_SECONDS = 30.0
FILE_SECONDS = 1800.0
PIECE = 2**18
BUSY = 429
AGAIN = frozenset({408, BUSY})
"""What is refused so is worth another try, as whatever is the studio's own fault is."""

Heard = TypeVar("Heard", bound=BaseModel)


class BadAddress(Exception):
    """The studio can't be reached there; the message is one sentence."""


class Away(Exception):
    """The studio can't be reached or can't answer just now; the message says why."""


class Refused(Exception):
    """The studio says no; the message is its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = status


def address(url: str) -> str:
    """Where a studio is. Raises ``BadAddress`` for what would show the key to others on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    else:
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise BadAddress(f"A studio is at an address like https://sora.example.org, not at {url}.")
    if parts.scheme == "http" and not _is_here(host):
        raise BadAddress(f"Only https:// keeps your key to yourself on the way; {url} isn't that.")
    return f"{parts.scheme}://{parts.netloc}"


class Studio:
    """Inside ``async with`` it can be asked. Every call raises ``Away`` or ``Refused``."""

    def __init__(self, url: str, key: str) -> None:
        self.session = secrets.token_urlsafe(24)
        """Tells this process from others with the same key."""
        self._base = url + BASE
        self._headers = {"Authorization": f"Bearer {key}", SESSION: self.session}

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def ask(self, path: str, said: BaseModel, kind: type[Heard]) -> Heard:
        """Say this there, and hear that."""
        text = await self._post(path, said.model_dump_json())
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise Away("it answers in a way that this version doesn't know") from error

    async def say(self, path: str, said: BaseModel | None = None) -> None:
        await self._post(path, said.model_dump_json() if said else "{}")

    async def send(self, path: str, file: Path) -> None:
        """Have the studio keep a file."""
        with file.open("rb") as content:
            digest = await asyncio.to_thread(hashlib.file_digest, content, "sha256")
            content.seek(0)
            url = f"{path}?sha256={digest.hexdigest()}"
            await self._asked("PUT", url, FILE_SECONDS, data=content)

    async def fetch(self, path: str, to: Path) -> None:
        """Have a file of the studio's here."""
        try:
            async with self._answer("GET", path, FILE_SECONDS) as answer:
                await _insist(answer)
                size = 0
                with to.open("wb") as file:
                    async for piece in answer.content.iter_chunked(PIECE):
                        size += len(piece)
                        if size > LARGEST_INPUT:
                            raise Refused(413, "The studio sends more than anybody can want.")
                        await asyncio.to_thread(file.write, piece)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Away(_why(error)) from error

    async def _post(self, path: str, text: str) -> bytes:
        headers = {"Content-Type": "application/json"}
        seconds = ANSWER_SECONDS + LONGEST_POLL
        return await self._asked("POST", path, seconds, data=text, headers=headers)

    async def _asked(self, method: str, path: str, seconds: float, **more: Any) -> bytes:
        try:
            async with self._answer(method, path, seconds, **more) as answer:
                await _insist(answer)
                said: bytes = await answer.read()
                return said
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Away(_why(error)) from error

    def _answer(self, method: str, path: str, seconds: float, **more: Any) -> Any:
        """Nobody is followed to another address, who would get the key."""
        limit = aiohttp.ClientTimeout(total=seconds)
        url = self._base + path
        return self._client.request(method, url, timeout=limit, allow_redirects=False, **more)


async def _insist(answer: aiohttp.ClientResponse) -> None:
    """Raises ``Refused`` or ``Away`` for all but an answer."""
    if answer.status < 300:
        return
    if answer.status in AGAIN or not 400 <= answer.status < 500:
        raise Away(f"it answers with status {answer.status}")
    try:
        sentence = Said.model_validate_json(await answer.read()).said
    except ValidationError:
        sentence = f"There is no studio that takes lent workers: status {answer.status}."
    raise Refused(answer.status, sentence)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why(error: Exception) -> str:
    return type(error).__name__
