"""Folders for unfinished files. One that a killed process left is removed by the next process."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder(root: Path) -> Iterator[Path]:
    """A folder of this process's own under ``root``, for as long as it lives.

    The owner holds a lock on its folder, which the system lets go of however the owner ends: process
    ids would be reused, and mean nothing across containers that share a disk.
    """
    root.mkdir(parents=True, exist_ok=True)
    with locked(root):
        for left in root.iterdir():
            _remove_if_abandoned(left)
        own = Path(tempfile.mkdtemp(dir=root))
        lock = os.open(own, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a folder against every other process that asks for the same."""
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_if_abandoned(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)
