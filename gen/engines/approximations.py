"""Ways to be faster or smaller that change the picture: off unless a model's entry names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import diffusers
import torch

from gen.engines.base import CannotMake


def denoisers(pipe: Any) -> list[Any]:
    """The parts that are run at every step."""
    named = (getattr(pipe, name, None) for name in ("transformer", "transformer_2", "unet"))
    return [part for part in named if part is not None]


def _first_block_cache(pipe: Any, part: Any) -> None:
    """A step is skipped where the first block says that it would change little."""
    part.enable_cache(diffusers.FirstBlockCacheConfig(threshold=0.1))


def _attention_broadcast(pipe: Any, part: Any) -> None:
    """Attention is kept for a few steps in the middle of the way."""
    part.enable_cache(
        diffusers.PyramidAttentionBroadcastConfig(
            spatial_attention_block_skip_range=2,
            spatial_attention_timestep_skip_range=(100, 800),
            current_timestep_callback=lambda: pipe.current_timestep,
        )
    )


def _eight_bit_weights(pipe: Any, part: Any) -> None:
    """Weights are stored in 8 bits and computed with in the model's own precision."""
    part.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=part.dtype)


APPROXIMATIONS: dict[str, Callable[[Any, Any], None]] = {
    "first-block-cache": _first_block_cache,
    "attention-broadcast": _attention_broadcast,
    "fp8-weights": _eight_bit_weights,
}


def approximate(pipe: Any, names: Sequence[str]) -> None:
    """Turn these on. Raises ``CannotMake`` for one that is unknown or cannot act on this model."""
    for name in names:
        if name not in APPROXIMATIONS:
            known = ", ".join(APPROXIMATIONS)
            raise CannotMake(f"There is no approximation called {name}; there are {known}.")
        for part in denoisers(pipe):
            try:
                APPROXIMATIONS[name](pipe, part)
            # What a method doesn't know, it meets as a missing attribute or an empty list.
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise CannotMake(
                    f"The approximation {name} can't act on this model; a host has to take it out of"
                    " the model's entry."
                ) from error


def notes(names: Sequence[str]) -> list[str]:
    """What the artist is told of them."""
    return [f"Made faster by an approximation: {', '.join(names)}."] if names else []
