"""Where a pipeline's parts live, and what is done when memory runs out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gen.engines.tensors import empty_cache, replaced
from gen.trouble import is_out_of_memory

NONE, MODEL, GROUP = "none", "model", "group"
"""Everything stays on the accelerator; only the part that computes; only the layers that do."""

_FOR_COMPUTING = 0.25
"""Of the free memory: what a clip needs beside the weights, of which it is the smaller part."""


def offload(wanted: str, parts: list[int], free: int) -> str:
    """How to place parts of so many bytes into so much free memory: the fastest way that fits."""
    if wanted != "auto":
        return wanted
    room = free * (1 - _FOR_COMPUTING)
    if sum(parts) <= room:
        return NONE
    return MODEL if max(parts) <= room else GROUP


def parts_of(pipe: Any) -> list[int]:
    """The bytes of each part's weights."""
    modules = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    return [sum(p.numel() * p.element_size() for p in part.parameters()) for part in modules]


def place(pipe: Any, device: str, wanted: str) -> str:
    """Bring a pipeline to its device and answer how. It is exact in every way."""
    if not device.startswith("cuda"):
        pipe.to(device)
        return NONE
    gc.collect()
    empty_cache()  # what another model has left behind would count as taken
    how = offload(wanted, parts_of(pipe), torch.cuda.mem_get_info(device)[0])
    if how == MODEL:
        pipe.enable_model_cpu_offload(device=device)
    elif how == GROUP:
        pipe.enable_group_offload(
            onload_device=torch.device(device),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=True,
        )
    else:
        pipe.to(device)
    return how


@contextmanager
def decoding(pipe: Any) -> Iterator[list[str]]:
    """While the pipeline runs, its VAE decodes in smaller pieces if the whole does not fit.

    First clip by clip, which is exact, then in tiles, which shows at their edges: that is noted in
    the list. What was denoised is so not lost.
    """
    vae = getattr(pipe, "vae", None)
    notes: list[str] = []
    if vae is None or not hasattr(vae, "decode"):
        yield notes
        return
    plain = vae.decode
    reliefs = [
        name
        for name in ("slicing", "tiling")
        if hasattr(vae, f"enable_{name}") and not getattr(vae, f"use_{name}", False)
    ]
    used: list[str] = []

    def decode(*args: Any, **kwargs: Any) -> Any:
        waiting = [name for name in reliefs if name not in used]
        for relief in waiting:
            try:
                return plain(*args, **kwargs)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            # Only here has the error let go of what the attempt had taken.
            empty_cache()
            used.append(relief)
            getattr(vae, f"enable_{relief}")()
        return plain(*args, **kwargs)

    try:
        with replaced(vae, "decode", decode):
            yield notes
    finally:
        for relief in used:
            getattr(vae, f"disable_{relief}")()
        if "tiling" in used:
            notes.append("It was decoded in tiles, for want of memory: their edges may show.")
