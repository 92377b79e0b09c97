"""The sizes and lengths that a pipeline can make, read from what it is made of."""

from __future__ import annotations

import inspect
import math
from typing import Any

from gen.engines.base import Brief, CannotMake

_SPATIAL = (
    "vae_scale_factor_spatial",
    "vae_spatial_compression_ratio",
    "vae_spatial_scale_factor",
    "vae_scale_factor",
)
_TEMPORAL = (
    "vae_scale_factor_temporal",
    "vae_temporal_compression_ratio",
    "vae_temporal_scale_factor",
)


def spatial(pipe: Any) -> int:
    """Pixels a side to one latent."""
    return _first(pipe, _SPATIAL)


def temporal(pipe: Any) -> int:
    """Frames to one latent; the first frame has one of its own."""
    return _first(pipe, _TEMPORAL)


def at_least(frames: int, pipe: Any) -> int:
    """The smallest number of frames from ``frames`` on that the pipeline can make."""
    every = temporal(pipe)
    return math.ceil((max(frames, 1) - 1) / every) * every + 1


def at_most(frames: int, pipe: Any) -> int:
    """The largest number of frames up to ``frames`` that make whole latents."""
    every = temporal(pipe)
    return (frames - 1) // every * every + 1


def passes(pipe: Any, frames: int) -> int:
    """How often the steps are gone through: a pipeline that works in windows does for each."""
    window = inspect.signature(pipe.__call__).parameters.get("num_latent_frames_per_chunk")
    if window is None:
        return 1
    return math.ceil(frames / ((window.default - 1) * temporal(pipe) + 1))


def check(pipe: Any, brief: Brief) -> None:
    """Refuse what a pipeline would otherwise round silently. Raises ``CannotMake``."""
    side = spatial(pipe) * _patch(pipe)
    if brief.width % side or brief.height % side:
        raise CannotMake(
            f"This model's width and height go in steps of {side} pixels;"
            f" {brief.width} × {brief.height} does not fit."
        )
    every = temporal(pipe)
    if every > 1 and brief.frames % every != 1:
        below = max(0, brief.frames - 1) // every * every + 1
        raise CannotMake(f"This model makes {below} or {below + every} frames, not {brief.frames}.")
    if hasattr(pipe, "target_size") and "height" not in inspect.signature(pipe.__call__).parameters:
        height, width = pipe.video_processor.calculate_default_height_width(
            height=brief.height, width=brief.width, target_size=pipe.target_size
        )
        if (width, height) != (brief.width, brief.height):
            raise CannotMake(
                f"This model makes {width} × {height} of a picture, not"
                f" {brief.width} × {brief.height}."
            )


def _patch(pipe: Any) -> int:
    config = getattr(getattr(pipe, "transformer", None), "config", None)
    patch = getattr(config, "patch_size", 1)
    return int(patch[-1] if isinstance(patch, (list, tuple)) else patch or 1)


def _first(pipe: Any, names: tuple[str, ...]) -> int:
    return next((int(getattr(pipe, name)) for name in names if hasattr(pipe, name)), 1)
