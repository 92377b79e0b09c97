"""What every torch engine needs to know of devices, memory, frames and sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from gen.engines.base import Film, Sound


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def best_dtype(device: str) -> torch.dtype:
    """Half precision where the hardware computes in it; emulated, it is far slower than single."""
    if device != "cpu":
        return torch.bfloat16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def empty_cache() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def replaced(thing: Any, name: str, function: Any) -> Iterator[None]:
    """``thing.name`` is ``function`` for a while; a method of the class shows through again after."""
    own = vars(thing).get(name)
    setattr(thing, name, function)
    try:
        yield
    finally:
        if own is None:
            delattr(thing, name)
        else:
            setattr(thing, name, own)


def films(frames: Any) -> list[Film]:
    """What a pipeline calls frames -> uint8 (frames, height, width, 3), one per variation."""
    return [_film(video) for video in frames]


def sounds(audio: Any, rate: int) -> list[Sound]:
    """What a vocoder makes, (variations, channels, n) -> a sound per variation."""
    samples = audio.detach().float().clamp(-1, 1).cpu().numpy()
    return [Sound(np.ascontiguousarray(one), rate) for one in samples]


def _film(video: Any) -> Film:
    if isinstance(video, torch.Tensor):  # (F, 3, H, W)
        video = video.movedim(1, -1)
        if video.dtype != torch.uint8:
            video = video.float().mul(255).add_(0.5).clamp_(0, 255).to(torch.uint8)
        return np.ascontiguousarray(video.cpu().numpy())
    array = np.stack([np.asarray(frame) for frame in video])
    if array.dtype != np.uint8:
        array = (array * 255 + 0.5).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(array)
