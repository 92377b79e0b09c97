"""What this machine can render on: `python -m gen.machine` prints it as one JSON object.

Run apart from the worker, because it imports torch.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

GIB = 2**30
LIMIT_SECONDS = 120.0
"""Importing torch from a cold disk takes long."""


class Device(TypedDict):
    device: str
    name: str
    memory_bytes: int


class Machine(TypedDict):
    torch: str | None
    devices: list[Device]


def look() -> Machine:
    """Torch's version, if it is there, and the devices, the CPU first."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    devices: list[Device] = [
        {"device": "cpu", "name": f"{os.cpu_count()} cores", "memory_bytes": memory}
    ]
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return {"torch": None, "devices": devices}
    for number in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(number)
        devices.append(
            {"device": f"cuda:{number}", "name": found.name, "memory_bytes": found.total_memory}
        )
    if torch.backends.mps.is_available():
        devices.append({"device": "mps", "name": "Apple GPU", "memory_bytes": memory})
    return {"torch": torch.__version__, "devices": devices}


def memory(devices: Sequence[Device], wanted: str | None) -> float:
    """GiB of the device that is wanted, or else of the one an engine chooses."""
    chosen = devices[min(1, len(devices) - 1)]
    for device in devices:
        if wanted in (device["device"], device["device"].split(":")[0]):
            chosen = device
            break
    return chosen["memory_bytes"] / GIB


def memory_from_outside(wanted: str | None) -> float:
    """The same, asked of a process of its own. Raises ``subprocess.SubprocessError``."""
    ended = subprocess.run(
        [sys.executable, "-m", "gen.machine"],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    return memory(json.loads(ended.stdout)["devices"], wanted)


if __name__ == "__main__":
    json.dump(look(), sys.stdout)
    sys.stdout.write("\n")
