"""The latent a clip is denoised in, and the painter that turns it into frames.

A latent is a scene in layers: TOKENS tokens of WIDTH numbers. Token 0 holds the background's
colours and drift, then come its field, then per subject: coat, outline, path, form. Fields and
curves are stored as linear codes (principal components of what the scenes module draws), so the
painter can work at any size, any number of frames, without blocks or seams.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from gen.embedded import backdrops, scenes, shapes

WIDTH = 32
FIELD_TOKENS = 3
SUBJECT_TOKENS = 4
SUBJECTS = 2
TOKENS = 1 + FIELD_TOKENS + SUBJECTS * SUBJECT_TOKENS

CODES: dict[str, tuple[int, int]] = {
    # name: (numbers drawn, numbers kept)
    "field": (backdrops.GRID**2, FIELD_TOKENS * WIDTH),
    "texture": (scenes.TEXTURE_GRID**2, 24),
    "outline": (shapes.GRID**2, WIDTH),
    "path": (scenes.TIMES, 16),
    "size": (scenes.TIMES, 10),
    "turn": (scenes.TIMES, 6),
    "opacity": (scenes.TIMES, 8),
}

_FINE = 192
"""Outlines are refined to this grid once before they are sampled frame by frame."""


@dataclass
class Layers:
    """One clip, decoded but not yet painted. All tensors are float32.

    colours (4, 3), gradient (2,), soft (), drift (2,), field (64, 64); per subject s: coat
    (S, 2, 3), sheen (S,), present (S,), texture (S, 24, 24), outline (S, 48, 48), and path
    (S, 2, T), size, turn, opacity (S, T) over ``scenes.TIMES`` moments.
    """

    colours: Tensor
    gradient: Tensor
    soft: Tensor
    drift: Tensor
    field: Tensor
    coat: Tensor
    sheen: Tensor
    present: Tensor
    texture: Tensor
    outline: Tensor
    path: Tensor
    size: Tensor
    turn: Tensor
    opacity: Tensor

    def to(self, device: str) -> Layers:
        """The same layers on another device."""
        return Layers(**{name: value.to(device) for name, value in vars(self).items()})


class SceneCodec(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Linear codes between drawn scenes and latents, and the painter."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, tokens: int = TOKENS, width: int = WIDTH) -> None:
        super().__init__()
        for name, (drawn, kept) in CODES.items():
            self.register_buffer(f"{name}_basis", torch.zeros(kept, drawn))
            self.register_buffer(f"{name}_mean", torch.zeros(drawn))
        self.register_buffer("mean", torch.zeros(tokens, width))
        self.register_buffer("scale", torch.ones(tokens, width))
        # ModelMixin needs a parameter to know its own dtype by.
        self.unit = nn.Parameter(torch.ones(1), requires_grad=False)

    def fit(self, name: str, drawn: Tensor) -> None:
        """Learn one linear code from ``drawn`` of shape (samples, numbers)."""
        kept = CODES[name][1]
        mean = drawn.mean(0)
        centred = drawn - mean
        if len(drawn) < drawn.shape[1]:
            axes = torch.linalg.svd(centred, full_matrices=False).Vh
        else:
            axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1).T
        getattr(self, f"{name}_mean").copy_(mean)
        getattr(self, f"{name}_basis")[: len(axes)] = axes[:kept]

    def encode(self, name: str, drawn: Tensor) -> Tensor:
        """(..., numbers drawn) -> (..., numbers kept)."""
        basis, mean = getattr(self, f"{name}_basis"), getattr(self, f"{name}_mean")
        return (drawn - mean) @ basis.T

    def decode(self, name: str, code: Tensor) -> Tensor:
        """(..., numbers kept) -> (..., numbers drawn)."""
        basis, mean = getattr(self, f"{name}_basis"), getattr(self, f"{name}_mean")
        return code @ basis.float() + mean.float()

    def unpack(self, latent: Tensor) -> Layers:
        """One latent (TOKENS, WIDTH) as layers."""
        z = latent.float() * self.scale.float() + self.mean.float()
        top, field = z[0], z[1 : 1 + FIELD_TOKENS].reshape(-1)
        coat, outline, path, form = (
            z[1 + FIELD_TOKENS :].reshape(SUBJECTS, SUBJECT_TOKENS, -1).unbind(1)
        )
        sides = (backdrops.GRID, scenes.TEXTURE_GRID, shapes.GRID)
        return Layers(
            colours=top[:12].reshape(4, 3).clamp(0, 1),
            gradient=top[12:14],
            soft=top[14].clamp(0, 1),
            drift=top[15:17].clamp(-0.2, 0.2),
            field=self.decode("field", field).reshape(sides[0], sides[0]),
            coat=coat[:, :6].reshape(-1, 2, 3).clamp(0, 1),
            sheen=coat[:, 6].clamp(0, 1),
            present=coat[:, 7],
            texture=self.decode("texture", coat[:, 8:]).reshape(-1, sides[1], sides[1]),
            outline=self.decode("outline", outline).reshape(-1, sides[2], sides[2]),
            path=self.decode("path", path.reshape(-1, 2, CODES["path"][1])),
            size=self.decode("size", form[:, :10]),
            turn=self.decode("turn", form[:, 10:16]),
            opacity=self.decode("opacity", form[:, 16:24]).clamp(0, 1),
        )

    def paint(self, latent: Tensor, frames: int, height: int, width: int) -> Tensor:
        """One latent (TOKENS, WIDTH) -> uint8 frames (frames, height, width, 3)."""
        layers = self.unpack(latent).to("cpu")
        background = _Background(layers, height, width)
        subjects = [
            _Subject(layers, s, frames, height, width)
            for s in reversed(range(SUBJECTS))
            if layers.present[s] > 0
        ]
        film = torch.empty(frames, height, width, 3, dtype=torch.uint8)
        for i, moment in enumerate(torch.linspace(-0.5, 0.5, frames)):
            frame = background.paint(moment)
            for subject in subjects:
                subject.paint(frame, i)
            film[i] = frame.mul_(255).add_(0.5).clamp_(0, 255)
        return film


def pack(parts: dict[str, Tensor]) -> Tensor:
    """Codes and plain numbers of a batch -> raw latents (batch, TOKENS, WIDTH), not yet scaled.

    ``parts``: "top" (B, 17), "field" (B, 96), and per subject "coat" (B, S, 8), "texture"
    (B, S, 24), "outline" (B, S, 32), "path" (B, S, 2, 16), "size", "turn", "opacity" codes.
    """
    batch = parts["top"].shape[0]
    z = torch.zeros(batch, TOKENS, WIDTH)
    z[:, 0, :17] = parts["top"]
    z[:, 1 : 1 + FIELD_TOKENS] = parts["field"].reshape(batch, FIELD_TOKENS, WIDTH)
    subject = z[:, 1 + FIELD_TOKENS :].view(batch, SUBJECTS, SUBJECT_TOKENS, WIDTH)
    subject[:, :, 0, :8] = parts["coat"]
    subject[:, :, 0, 8:] = parts["texture"]
    subject[:, :, 1] = parts["outline"]
    subject[:, :, 2] = parts["path"].reshape(batch, SUBJECTS, WIDTH)
    subject[:, :, 3, :10] = parts["size"]
    subject[:, :, 3, 10:16] = parts["turn"]
    subject[:, :, 3, 16:24] = parts["opacity"]
    return z


def _over_time(curve: Tensor, frames: int) -> Tensor:
    """(..., TIMES) sampled evenly at ``frames`` moments."""
    flat = curve.reshape(1, -1, curve.shape[-1])
    return F.interpolate(flat, size=frames, mode="linear", align_corners=True).reshape(
        *curve.shape[:-1], frames
    )


def _mix(first: Tensor, second: Tensor, field: Tensor, soft: Tensor, crisp: float) -> Tensor:
    """Colours (..., 3) mixed by a field in [-1, 1]; ``crisp`` is the gain of a one-pixel edge."""
    gain = 0.5 * (2 * crisp) ** (1 - soft)
    share = (0.5 + gain * field).clamp(0, 1)[..., None]
    return torch.lerp(first, second, share)


class _Background:
    """Paints the background, once if it doesn't move."""

    def __init__(self, layers: Layers, height: int, width: int) -> None:
        self.layers = layers
        longer = max(height, width)
        across, down = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)
        gx, gy = layers.gradient
        along = (0.5 + 0.5 * (gx * across + gy * down[:, None])).clamp(0, 1)[..., None]
        self.behind = torch.lerp(layers.colours[0], layers.colours[1], along)
        self.front = torch.lerp(layers.colours[2], layers.colours[3], along)
        # The square field covers the longer side, so that nothing in it is stretched.
        x, y = across * (width / longer), down[:, None] * (height / longer)
        self.at = torch.stack(torch.broadcast_tensors(x, y), -1)
        self.fine = _refine(layers.field[None], 2 * _FINE)
        # A crisp field rises by 1 within 0.12 of the longer half side: the gain of a 1-pixel edge.
        self.crisp = max(0.06 * longer, 4.0)
        self.still = None if layers.drift.abs().max() > 0.01 else self._paint(torch.zeros(()))

    def paint(self, moment: Tensor) -> Tensor:
        """The background at a moment from -0.5 to 0.5, float (height, width, 3), to be kept."""
        return self._paint(moment) if self.still is None else self.still.clone()

    def _paint(self, moment: Tensor) -> Tensor:
        at = (self.at - self.layers.drift * moment) / backdrops.REACH
        field = F.grid_sample(self.fine, at[None], padding_mode="border", align_corners=True)[0, 0]
        return _mix(self.behind, self.front, field, self.layers.soft, self.crisp)


class _Subject:
    """Paints one subject, each frame within the box it reaches."""

    def __init__(self, layers: Layers, s: int, frames: int, height: int, width: int) -> None:
        unit = min(height, width) / 2
        self.radius = _over_time(layers.size[s], frames).exp().clamp(0.02, 1.5) * unit
        path = (_over_time(layers.path[s], frames) + 1) / 2
        self.x, self.y = path[0] * (width - 1), path[1] * (height - 1)
        turn = _over_time(layers.turn[s], frames)
        self.cos, self.sin = turn.cos(), turn.sin()
        self.opacity = _over_time(layers.opacity[s], frames)
        self.coat, self.sheen = layers.coat[s], layers.sheen[s]
        self.fine = torch.cat(
            [_refine(layers.outline[s, None], _FINE), _refine(layers.texture[s, None], _FINE)], 1
        )

    def paint(self, frame: Tensor, i: int) -> None:
        """Paint moment ``i`` over ``frame`` (height, width, 3), in place."""
        height, width, _ = frame.shape
        r, x, y = float(self.radius[i]), float(self.x[i]), float(self.y[i])
        reach = r * shapes.REACH
        x0, x1 = max(0, int(x - reach)), min(width, int(x + reach) + 2)
        y0, y1 = max(0, int(y - reach)), min(height, int(y + reach) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (torch.arange(x0, x1) - x) / reach
        dy = (torch.arange(y0, y1) - y)[:, None] / reach
        cos, sin = self.cos[i], self.sin[i]
        at = torch.stack([cos * dx + sin * dy, cos * dy - sin * dx], -1)
        distance, texture = F.grid_sample(self.fine, at[None], align_corners=True)[0]
        alpha = (0.5 - distance * r).clamp(0, 1) * (at.abs().amax(-1) <= 1) * self.opacity[i]
        colour = _mix(self.coat[0], self.coat[1], texture, self.sheen, 0.3 * r)
        frame[y0:y1, x0:x1].lerp_(colour, alpha[..., None])


def _refine(field: Tensor, side: int) -> Tensor:
    """(1, n, n) -> (1, 1, side, side), smoothly."""
    return F.interpolate(field[None], size=(side, side), mode="bicubic", align_corners=True)
