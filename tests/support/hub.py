"""A model hub on this machine: the few addresses that huggingface_hub asks for, and what it was asked."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

API = re.compile(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?")
FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Hub:
    """Repositories are folders, and every change of one is another revision."""

    folder: Path
    url: str = ""
    sent: list[str] = field(default_factory=list)
    """"repository/file" of every file whose bytes were asked for from the first one on."""
    gated: set[str] = field(default_factory=set)
    break_after: int | None = None
    """Bytes of a file after which the line goes dead, and stays so until this is None again."""
    dead: bool = False
    older: dict[str, str] = field(default_factory=dict)
    """Revisions that are still there though the repository has changed: sha -> repository."""

    def sha(self, repository: str) -> str:
        digest = hashlib.sha1()
        for file in self.files(repository):
            digest.update(str(file).encode() + file.read_bytes())
        return digest.hexdigest()

    def files(self, repository: str) -> list[Path]:
        return sorted(file for file in (self.folder / repository).rglob("*") if file.is_file())

    def has(self, repository: str, revision: str) -> bool:
        return revision in ("main", self.sha(repository)) or self.older.get(revision) == repository


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        """It would be printed into a test's output."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(self.path.split("?")[0])
        if asked := FILE.fullmatch(path):
            self._file(*asked.groups())
        elif asked := API.fullmatch(path):
            self._listing(*asked.groups())
        else:
            self._refuse(404, "EntryNotFound")

    def _may(self, repository: str, revision: str) -> bool:
        if not (self.hub.folder / repository).is_dir():
            self._refuse(401, "RepoNotFound")
        elif repository in self.hub.gated:
            self._refuse(401, "GatedRepo")
        elif not self.hub.has(repository, revision):
            self._refuse(404, "RevisionNotFound")
        else:
            return True
        return False

    def _listing(self, repository: str, kind: str | None, revision: str | None) -> None:
        if not self._may(repository, revision or "main"):
            return
        root = self.hub.folder / repository
        rows = [
            (file.relative_to(root).as_posix(), file.stat().st_size)
            for file in self.hub.files(repository)
        ]
        if kind == "tree":
            tree = [{"type": "file", "path": p, "size": s, "oid": f"{s:040x}"} for p, s in rows]
            self._answer(json.dumps(tree).encode())
            return
        sha = self.hub.sha(repository) if revision in (None, "main") else revision
        siblings = [{"rfilename": p, "size": s} | self._lfs(root / p, s) for p, s in rows]
        self._answer(json.dumps({"id": repository, "sha": sha, "siblings": siblings}).encode())

    def _lfs(self, path: Path, size: int) -> dict[str, object]:
        if path.suffix != ".safetensors":
            return {}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return {"lfs": {"sha256": digest, "size": size, "pointerSize": 134}}

    def _file(self, repository: str, revision: str, name: str) -> None:
        if not self._may(repository, revision):
            return
        path = self.hub.folder / repository / name
        if not path.is_file():
            self._refuse(404, "EntryNotFound")
            return
        body = path.read_bytes()
        start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        if self.command == "GET" and not start:
            self.hub.sent.append(f"{repository}/{name}")
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", revision)
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        if self.command == "GET":
            self._send(body[start:])

    def _send(self, body: bytes) -> None:
        cut = self.hub.break_after
        if cut is not None and (self.hub.dead or len(body) > cut):
            self.wfile.write(b"" if self.hub.dead else body[:cut])
            self.hub.dead = True
            self.close_connection = True
            return
        self.wfile.write(body)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()
