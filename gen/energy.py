"""What a render costs: its seconds, its memory, and the energy it took from the wall as far as those are
known."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pynvml

WATTS = {"cuda": 300.0, "mps": 40.0, "cpu": 65.0}
"""What a busy device is taken to draw where it can't be measured and the host says nothing:
a data-centre card, a laptop's chip, a desktop processor."""
JOULES_PER_WH = 3600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, watt-hours, and whether the latter were measured or are seconds times a figure; and the most
    bytes of CUDA cards that it held, None where it used none."""

    seconds: float
    energy_wh: float
    energy_measured: bool
    memory: int | None


class Meter:
    """Runs from when it is made. Energy is measured on CUDA cards, by the counters of their driver;
    what others do on the same card meanwhile is counted too."""

    def __init__(self, watts: float | None = None) -> None:
        self._watts = watts
        _forget_peaks()
        self._before = _joules()
        self._began = time.monotonic()

    def read(self) -> Cost:
        seconds = time.monotonic() - self._began
        used, memory = _used_cards(), _peak()
        after = _joules()
        if used and used <= self._before.keys() & after.keys():
            joules = sum(after[card] - self._before[card] for card in used)
            return Cost(seconds, joules / JOULES_PER_WH, energy_measured=True, memory=memory)
        watts = self._watts or WATTS[_device()]
        return Cost(seconds, seconds * watts / JOULES_PER_WH, energy_measured=False, memory=memory)


def _joules() -> dict[str, float]:
    """What each card has drawn since its driver was loaded, by its UUID; empty where none can tell."""
    found = {}
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        for number in range(pynvml.nvmlDeviceGetCount()):
            card = pynvml.nvmlDeviceGetHandleByIndex(number)
            with suppress(pynvml.NVMLError):  # cards before Volta don't count
                millijoules = pynvml.nvmlDeviceGetTotalEnergyConsumption(card)
                found[pynvml.nvmlDeviceGetUUID(card)] = millijoules / 1000
    return found


def _used_cards() -> set[str]:
    """The UUIDs of the cards on which this process has used memory."""
    torch = _torch()
    if torch is None or not torch.cuda.is_initialized():
        return set()
    cuda = torch.cuda
    used = [n for n in range(cuda.device_count()) if cuda.max_memory_reserved(n)]
    return {f"GPU-{cuda.get_device_properties(n).uuid}" for n in used}


def _forget_peaks() -> None:
    torch = _torch()
    if torch is not None and torch.cuda.is_initialized():
        for number in range(torch.cuda.device_count()):
            torch.cuda.reset_peak_memory_stats(number)


def _peak() -> int | None:
    """Of all cards together, the most since then."""
    torch = _torch()
    if torch is None or not torch.cuda.is_initialized():
        return None
    held: int = sum(torch.cuda.max_memory_reserved(n) for n in range(torch.cuda.device_count()))
    return held


def _device() -> str:
    torch = _torch()
    if torch is None:
        return "cpu"
    if torch.cuda.is_initialized():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _torch() -> Any:
    """The library if an engine brought it: not every engine needs it, and importing it takes seconds."""
    return sys.modules.get("torch")
