"""Paints layers: from where everything is to frames, at whatever size is wanted."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gen.embedded import backdrops, shapes
from gen.embedded.codec import Layers
from gen.embedded.scenes import SUBJECTS
from gen.embedded.timeline import Timeline

_FINE = 192
"""Fields are refined to so many points a side, fewer for a small picture, once before they are sampled
frame by frame."""


class Background:
    """Two gradients and the tile that mixes them, seen by a camera."""

    def __init__(self, layers: Layers, height: int, width: int) -> None:
        self.layers = layers
        self.longer = max(height, width)
        x, y = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)[:, None]
        # The square tile covers the longer side, so that nothing in it is stretched.
        square = x * (width / self.longer), y * (height / self.longer)
        self.at = torch.stack(torch.broadcast_tensors(*square), -1)
        self.full = torch.tensor([width / self.longer, height / self.longer])
        self.fine = _refine(layers.field[None], 2 * _fine(self.longer))
        cos, sin = layers.angle.cos(), layers.angle.sin()
        self.turned = torch.stack([torch.stack([cos, -sin]), torch.stack([sin, cos])])
        self._still: tuple[Tensor, Tensor] | None = None

    def paint(self, camera: Tensor, drift: Tensor) -> Tensor:
        """Float (height, width, 3), to be kept; painted anew only when something has moved."""
        moment = torch.cat([camera, drift])
        if self._still is None or not torch.equal(self._still[0], moment):
            self._still = moment, self._paint(camera, drift)
        return self._still[1].clone()

    def _paint(self, camera: Tensor, drift: Tensor) -> Tensor:
        layers = self.layers
        zoom = camera[2].exp()
        at = self.at / zoom + camera[:2]
        along = (0.5 + 0.5 * (at / self.full) @ layers.gradient).clamp(0, 1)[..., None]
        behind = torch.lerp(layers.colours[0], layers.colours[1], along)
        front = torch.lerp(layers.colours[2], layers.colours[3], along)
        scale = layers.scale.exp()
        on_tile = ((at - layers.shift - drift) @ self.turned) / (scale * backdrops.REACH)
        field = F.grid_sample(
            self.fine, on_tile[None], padding_mode="reflection", align_corners=True
        )[0, 0]
        # A crisp field rises by 1 within 0.12 of the longer half side: the gain of a 1-pixel edge.
        crisp = max(0.06 * self.longer * float(zoom * scale), 4.0)
        return _mix(behind, front, field, layers.soft, crisp)


class Figure:
    """One subject, painted within the box it reaches."""

    def __init__(self, layers: Layers, s: int, height: int, width: int) -> None:
        side = _fine(max(height, width))
        self.coat, self.sheen = layers.coat[s], layers.sheen[s]
        self.fine = torch.cat(
            [_refine(layers.outline[s, None], side), _refine(layers.texture[s, None], side)], 1
        )

    def paint(self, frame: Tensor, pose: Pose) -> None:
        """Paint it over ``frame`` (height, width, 3), in place."""
        touched = box(frame, pose.x, pose.y, pose.radius * shapes.REACH, pose.turn)
        if touched is None:
            return
        rows, columns, at = touched
        distance, texture = F.grid_sample(self.fine, at[None], align_corners=True)[0]
        inside = at.abs().amax(-1) <= 1
        alpha = (0.5 - distance * pose.radius).clamp(0, 1) * inside * pose.opacity
        colour = _mix(self.coat[0], self.coat[1], texture, self.sheen, 0.3 * pose.radius)
        frame[rows, columns].lerp_(colour, alpha[..., None])


class Pose:
    """Where a subject is in one frame, in pixels, as the camera sees it."""

    def __init__(self, timeline: Timeline, s: int, i: int, height: int, width: int) -> None:
        x, y = (timeline.path[s, :, i] * torch.tensor([width - 1, height - 1]) / 2).tolist()
        self.x, self.y, near = through(timeline.camera[i], x, y, height, width)
        unit = min(height, width) / 2
        self.radius = float(timeline.size[s, i].exp().clamp(0.02, 1.5)) * unit * near
        self.turn = timeline.turn[s, i]
        self.opacity = timeline.opacity[s, i]


def through(
    camera: Tensor, x: float, y: float, height: int, width: int
) -> tuple[float, float, float]:
    """Where the camera (3,) sees a point that is (x, y) pixels from the middle, in pixels from the
    top left; and how many times as large."""
    pan_x, pan_y, zoom = camera.tolist()
    near, longer = math.exp(zoom), max(height, width) / 2
    x = (width - 1) / 2 + near * (x - pan_x * longer)
    y = (height - 1) / 2 + near * (y - pan_y * longer)
    return x, y, near


def box(
    frame: Tensor, x: float, y: float, far: float, turn: Tensor
) -> tuple[slice, slice, Tensor] | None:
    """The rows and columns of ``frame`` that a turned square around (x, y) may touch, and where on
    the square they are, (h, w, 2) in -1..1; None outside of the frame. ``far`` is half a side."""
    height, width, _ = frame.shape
    reach = far * math.sqrt(2)
    x0, x1 = max(0, math.ceil(x - reach)), min(width, int(x + reach) + 1)
    y0, y1 = max(0, math.ceil(y - reach)), min(height, int(y + reach) + 1)
    if x0 >= x1 or y0 >= y1:
        return None
    dx = (torch.arange(x0, x1) - x) / far
    dy = (torch.arange(y0, y1) - y)[:, None] / far
    cos, sin = turn.cos(), turn.sin()
    at = torch.stack([cos * dx + sin * dy, cos * dy - sin * dx], -1)
    return slice(y0, y1), slice(x0, x1), at


def paint(layers: Layers, timeline: Timeline, height: int, width: int) -> Tensor:
    """uint8 frames (F, height, width, 3)."""
    frames = timeline.path.shape[-1]
    background = Background(layers, height, width)
    present = [s for s in reversed(range(SUBJECTS)) if layers.present[s] > 0]
    figures = [(s, Figure(layers, s, height, width)) for s in present]
    film = torch.empty(frames, height, width, 3, dtype=torch.uint8)
    for i in range(frames):
        frame = background.paint(timeline.camera[i], timeline.drift[i])
        if timeline.fade[i] and layers.drift.any():
            echo = background.paint(timeline.camera[i], timeline.echo[i])
            frame.lerp_(echo, timeline.fade[i])
        for s, figure in figures:
            figure.paint(frame, Pose(timeline, s, i, height, width))
        film[i] = frame.mul_(255).add_(0.5).clamp_(0, 255)
    return film


def _mix(first: Tensor, second: Tensor, field: Tensor, soft: Tensor, crisp: float) -> Tensor:
    """Colours (..., 3) mixed by a field in [-1, 1]; ``crisp`` is the gain of a one-pixel edge."""
    gain = 0.5 * (2 * crisp) ** (1 - soft)
    share = (0.5 + gain * field).clamp(0, 1)[..., None]
    return torch.lerp(first, second, share)


def _fine(longer: int) -> int:
    return min(_FINE, longer // 2)


def _refine(field: Tensor, side: int) -> Tensor:
    """(1, n, n) -> (1, 1, side, side), smoothly."""
    return F.interpolate(field[None], size=(side, side), mode="bicubic", align_corners=True)
