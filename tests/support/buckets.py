"""A real S3-compatible store on this machine, and a wire to it that can be cut and disturbed."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import sysconfig
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from db.bucket import Bucket
from tests.support.servers import running, short_folder, until

KEY, SECRET = "studio-key", "studio-secret"
NAME = "clips"
PORTS = ("master", "volume", "filer", "s3", "admin")
QUIET = ("-webdav=false", "-admin.ui=false", "-master.telemetry=false", "-s3.port.iceberg=0")
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Store:
    """Where a running one listens."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, url: str = "") -> dict[str, str]:
        """What a host would set; a place of its own in the bucket unless ``url`` names one."""
        return {
            "SORA_MEDIA_URL": url or f"s3://{NAME}/{uuid.uuid4().hex}",
            "SORA_MEDIA_ENDPOINT": self.endpoint,
            "SORA_MEDIA_KEY": KEY,
            "SORA_MEDIA_SECRET": SECRET,
        }

    def bucket(self, port: int | None = None, patience: float = 1.0) -> Bucket:
        """A place of its own in the bucket; ``port``: of a wire to it."""
        endpoint = f"http://127.0.0.1:{port or self.port}"
        url = f"s3://{NAME}/{uuid.uuid4().hex}"
        return Bucket(url, endpoint=endpoint, key=KEY, secret=SECRET, patience=patience)


@contextmanager
def store_server() -> Iterator[Store]:
    """It keeps what it has in a temporary folder, and is reached from this machine alone."""
    with short_folder("s3-") as folder:
        who = {"accessKey": KEY, "secretKey": SECRET}
        may = {"name": "studio", "credentials": [who], "actions": ["Admin"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [may]}))
        (folder / "data").mkdir()
        command = [str(Path(sysconfig.get_path("scripts")) / "weed"), "mini", "-dir=data"]
        command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.config=s3.json", *QUIET]
        command += ["-s3.port.lance=0", f"-bucket={NAME}", "-s3.autoCreateBucket=false"]
        command += [f"-{part}.localSocket={folder / part}.sock" for part in ("filer", "s3")]
        ports = _free_ports(2 * len(PORTS))
        for part, port, inner in zip(PORTS, ports[::2], ports[1::2], strict=True):
            command += [f"-{part}.port={port}", f"-{part}.port.grpc={inner}"]
        store = Store(ports[2 * PORTS.index("s3")])
        with running(command, folder / "log", stop=signal.SIGKILL):
            until(lambda: _takes_something(store), folder / "log")
            yield store


def _free_ports(count: int) -> list[int]:
    """Below those that connections begin from, or another test could have got one meanwhile."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(15_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports += [port] * (port not in ports)
    return ports


def _takes_something(store: Store) -> bool:
    tried = S3Store(
        NAME,
        config={
            "endpoint": store.endpoint,
            "access_key_id": KEY,
            "secret_access_key": SECRET,
        },
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    try:
        obstore.put(tried, "ready", b"")
    except (BaseError, FileNotFoundError):
        return False
    return True


class Wire:
    """Between us and a store; ``change`` is done to all that comes back. What is made shorter ends there,
    what is made nothing never comes."""

    def __init__(self, store: Store) -> None:
        self.port = 0
        self.change: Callable[[bytes], bytes] = lambda data: data
        self._store = store
        self._cut = False
        self._open: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def to(cls, store: Store) -> AsyncIterator[Wire]:
        wire = cls(store)
        server = await asyncio.start_server(wire._serve, "127.0.0.1", 0)
        wire.port = server.sockets[0].getsockname()[1]
        try:
            yield wire
        finally:
            server.close()
            wire.cut()
            await asyncio.sleep(0)

    def cut(self) -> None:
        """From now on nobody answers there, and whoever is being answered isn't any more."""
        self._cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False
        self.change = lambda data: data

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._store.port)
        self._open |= {writer, back}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, back, lambda data: data))
                both.create_task(_pump(there, writer, lambda data: self.change(data)))
        except* OSError:
            pass
        finally:
            self._open -= {writer, back}
            writer.transport.abort()
            back.transport.abort()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Callable[[bytes], bytes]
) -> None:
    while data := await reader.read(2**16):
        changed = change(data)
        writer.write(changed)
        await writer.drain()
        if 0 < len(changed) < len(data):
            break
    raise ConnectionError  # one side has closed, so the other is, too


def spoilt(data: bytes) -> bytes:
    """An answer whose content is another one; of an answer without content, the same."""
    head, end, body = data.partition(HEAD_END)
    return head + end + bytes(byte ^ 1 for byte in body)


def halved(data: bytes) -> bytes:
    """An answer that breaks off in the middle of its content."""
    head, end, body = data.partition(HEAD_END)
    return head + end + body[: len(body) // 2]
