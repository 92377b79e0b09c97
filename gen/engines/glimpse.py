"""Small pictures of what a clip is becoming, while it is denoised, for next to nothing.

Decoding takes seconds; but to the eye each colour of a small picture is nearly a weighted sum of the
latent's channels. The weights are fitted by least squares, first to what the VAE makes of smooth
noise, then to the first clip that it decodes: so they need no table per model.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gen.engines import grid
from gen.engines.base import Film, Picture

log = logging.getLogger(__name__)

EVERY = 3
"""Steps from one to the next."""
_SIDE = 256
"""Pixels of the longer side."""
_RIDGE = 1e-3
"""Keeps channels that never varied from having a say."""
_SAMPLES = 4
"""Latent frames of a clip that the weights are fitted to."""
_NOISE = (3, 8, 8)
"""Frames, height and width of the latents that are decoded before there is a clip."""


class Glimpses:
    """Guesses colours from latents that lie as ``layout`` says, e.g. "cfhw"; "tc" is packed."""

    def __init__(self, layout: str, spatial: int, temporal: int) -> None:
        self.layout, self.spatial, self.temporal = layout, spatial, temporal
        self._weights = torch.zeros(1, 3)
        self._from_clip = False
        self._steps: list[Tensor] = []

    @classmethod
    @torch.no_grad()
    def of(cls, pipe: Any, layout: str) -> Glimpses:
        """With weights fitted to what the pipeline's VAE makes of smooth noise."""
        made = cls(layout, grid.spatial(pipe), grid.temporal(pipe))
        config, dice = pipe.vae.config, torch.Generator().manual_seed(0)
        channels = int(getattr(config, "z_dim", None) or config.latent_channels)
        frames, height, width = _NOISE
        coarse = torch.randn(frames, channels, 3, 3, generator=dice)
        latents = F.interpolate(coarse, (height, width), mode="bilinear").movedim(0, 1)
        made._fit(latents, _decoded(pipe, latents))
        pipe.maybe_free_model_hooks()
        return made

    def begin(self) -> None:
        """Forget the call before."""
        self._steps = []

    def follow(self, latents: Tensor, height: int, width: int) -> None:
        """Take note of the latents after a step, of clips so high and wide."""
        clip = self._clip(latents, height, width)
        if clip is not None and len(clip) >= len(self._weights) - 1:
            middle = clip[:, clip.shape[1] // 2].float()
            self._steps = [*(old for old in self._steps[-1:] if old.shape == middle.shape), middle]

    @torch.no_grad()
    def picture(self, scheduler: Any) -> Picture | None:
        """The middle frame of the first clip as it would be if the noise went on as it goes.

        None before the second step, and for latents that lie otherwise.
        """
        if len(self._steps) < 2:
            return None
        clean = _denoised(scheduler, *self._steps).cpu()[: len(self._weights) - 1]
        colours = torch.tensordot(self._weights[:-1].T, clean, 1) + self._weights[-1][:, None, None]
        height, width = (side * self.spatial for side in clean.shape[1:])
        scale = _SIDE / max(height, width)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        shown = F.interpolate(colours[None], size, mode="bicubic", align_corners=False)[0]
        return np.asarray(shown.clamp(0, 1).mul(255).round().byte().movedim(0, -1).numpy())

    @torch.no_grad()
    def learn(self, latents: Tensor, film: Film) -> None:
        """Fit to the first clip of a call: its last latents, and what they were decoded to."""
        if self._from_clip:
            return
        clip = self._clip(latents, *film.shape[1:3])
        if clip is not None and (clip.shape[1] - 1) * self.temporal + 1 == len(film):
            self._fit(clip.float().cpu(), torch.from_numpy(film).movedim(-1, 1) / 255)
            self._from_clip = True

    def _clip(self, latents: Tensor, height: int, width: int) -> Tensor | None:
        """The first clip of a call's latents as (C, F, h, w)."""
        first, size = latents[0], (height // self.spatial, width // self.spatial)
        if self.layout == "tc":
            if first.ndim != 2 or len(first) % (size[0] * size[1]):
                return None
            return first.T.unflatten(1, (-1, *size))
        if first.ndim != len(self.layout):
            return None
        clip = first.permute(*(self.layout.index(axis) for axis in "cfhw"))
        return clip if tuple(clip.shape[2:]) == size else None

    def _fit(self, latents: Tensor, film: Tensor) -> None:
        """Latents (C, F, h, w) to a film (frames, 3, H, W) in 0..1."""
        rows, colours = [], []
        count = latents.shape[1]
        for f in {round(f) for f in np.linspace(0, count - 1, min(count, _SAMPLES))}:
            start = max(0, (f - 1) * self.temporal + 1)
            seen = film[start : f * self.temporal + 1].mean(0, keepdim=True)
            small = F.interpolate(seen, tuple(latents.shape[2:]), mode="area")[0]
            rows.append(latents[:, f].flatten(1).T)
            colours.append(small.flatten(1).T)
        x, y = torch.cat(rows).double(), torch.cat(colours).double()
        x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
        ridge = _RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        ridge[-1, -1] = 0
        self._weights = torch.linalg.solve(x.T @ x + ridge, x.T @ y).float()


def glimpses(pipe: Any, layout: str) -> Glimpses | None:
    """Of a loaded pipeline; one that can't be glimpsed at is as good as any other."""
    try:
        return Glimpses.of(pipe, layout)
    except Exception:  # whatever the library that met it raises
        log.exception("There will be no previews of this model.")
        return None


def _denoised(scheduler: Any, before: Tensor, now: Tensor) -> Tensor:
    """What the latents lead to: a straight line on from a step, to where there is no noise.

    With noise x = clean + level · noise, or its interpolation, that is exact for Euler's steps (Karras
    et al. 2022). Schedulers that don't count in levels are left as they are.
    """
    levels, step = getattr(scheduler, "sigmas", None), getattr(scheduler, "step_index", None)
    if levels is None or step is None or not 0 < step < len(levels):
        return now
    was, level = float(levels[step - 1]), float(levels[step])
    return now if was == level else now - level * (now - before) / (level - was)


def _decoded(pipe: Any, latents: Tensor) -> Tensor:
    """Normalized latents (C, F, h, w) -> a film (frames, 3, H, W) in 0..1."""
    vae, config, channels = pipe.vae, pipe.vae.config, len(latents)

    def per_channel(name: str, other: float) -> Tensor:
        value = dict(vae.named_buffers()).get(name, getattr(config, name, None))
        value = torch.full((channels,), other) if value is None else torch.as_tensor(value)
        return value.float().cpu().view(-1, 1, 1, 1)

    scale = getattr(config, "scaling_factor", None) or 1.0
    z = latents * per_channel("latents_std", 1.0) / scale + per_channel("latents_mean", 0.0)
    # Where it computes: when parts are offloaded, the weights are elsewhere until then.
    z = z.to(pipe._execution_device, next(vae.parameters()).dtype)
    if all(p.ndim < 5 for p in vae.decoder.parameters()):  # it decodes pictures, not films
        return _shown(vae.decode(z.movedim(1, 0)).sample)
    timed = getattr(config, "timestep_conditioning", False)
    options = {"temb": torch.full((1,), 0.05, device=z.device, dtype=z.dtype)} if timed else {}
    return _shown(vae.decode(z[None], **options).sample[0].movedim(1, 0))


def _shown(film: Tensor) -> Tensor:
    return (film.float().cpu() / 2 + 0.5).clamp(0, 1)
