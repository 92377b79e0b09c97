"""The graphics cards that a worker may use, as their driver sees them; none where there is no driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pynvml

from db.workers import Card


def look(device: str | None, visible: str | None) -> list[Card]:
    """How full and how busy they are now.

    ``device``: as in the settings, such as cuda:1, or None for any; ``visible``: what is in
    CUDA_VISIBLE_DEVICES, or None for all.
    """
    found: list[Card] = []
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        for number, handle in _chosen(list(enumerate(_visible(visible))), device):
            with suppress(pynvml.NVMLError):  # it was lost, or says nothing of itself
                found.append(_card(number, handle))
    return found


def _visible(visible: str | None) -> Iterator[Any]:
    if visible is None:
        for number in range(pynvml.nvmlDeviceGetCount()):
            yield pynvml.nvmlDeviceGetHandleByIndex(number)
        return
    for name in filter(None, (name.strip() for name in visible.split(","))):
        if name.isdecimal():
            yield pynvml.nvmlDeviceGetHandleByIndex(int(name))
        else:
            yield pynvml.nvmlDeviceGetHandleByUUID(name)


def _chosen(numbered: Sequence[tuple[int, Any]], device: str | None) -> Sequence[tuple[int, Any]]:
    kind, _, number = (device or "cuda").partition(":")
    if kind != "cuda":
        return []
    return numbered[int(number) :][:1] if number.isdecimal() else numbered


def _card(number: int, handle: Any) -> Card:
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return {
        "number": number,
        "name": pynvml.nvmlDeviceGetName(handle),
        "used": memory.used,
        "total": memory.total,
        "busy": pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
    }
