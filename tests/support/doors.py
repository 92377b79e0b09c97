"""`python -m …` for tests that ask it many things: each is a process of its own, forked from one that
has imported the door already, as that takes longer than most answers."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["bot.__main__", "bot.supervisor", "gen.models_cli", "torch"]  # and nothing that reads settings
)


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


def ask(
    module: str, *arguments: str, cwd: Path, env: Mapping[str, str], within: float = 100
) -> Said:
    """Run ``python -m module arguments`` with exactly these settings and nobody at the keyboard.

    Raises ``TimeoutError``.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _context.Process(
            target=_run, args=(module, arguments, str(cwd), dict(env), str(out), str(err))
        )
        process.start()
        process.join(within)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{module} {arguments} took more than {within} s")
        return Said(process.exitcode, out.read_text(), err.read_text())


def _run(
    module: str, arguments: tuple[str, ...], cwd: str, env: dict[str, str], out: str, err: str
) -> None:
    for number, path in enumerate((os.devnull, out, err)):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    door = importlib.import_module(module)
    sys.argv = [str(door.__file__), *arguments]
    door.main()
