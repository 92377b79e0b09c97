"""Where everything is at each frame of a clip: played from beginning to end, or in a loop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gen.embedded import shapes
from gen.embedded.codec import Layers


@dataclass
class Timeline:
    """Per frame: path (S, 2, F) in -1..1, size (S, F) a natural logarithm, turn (S, F) in radians,
    opacity (S, F); camera (F, 3): x, y, log zoom; drift (F, 2) of the background, and how much of it
    has given way (fade, (F,)) to the same background at ``echo`` (F, 2)."""

    path: Tensor
    size: Tensor
    turn: Tensor
    opacity: Tensor
    camera: Tensor
    drift: Tensor
    echo: Tensor
    fade: Tensor


def played(layers: Layers, frames: int) -> Timeline:
    """From beginning to end."""
    time = torch.linspace(-0.5, 0.5, frames)[:, None]
    return Timeline(
        _sampled(layers.path, frames),
        _sampled(layers.size, frames),
        _sampled(layers.turn, frames),
        _sampled(layers.opacity, frames),
        layers.camera * time,
        layers.drift * time,
        layers.drift * time,
        torch.zeros(frames),
    )


def middle(layers: Layers) -> Timeline:
    """The one moment half-way."""
    whole = played(layers, 3)
    one = {name: getattr(whole, name)[..., 1:2] for name in ("path", "size", "turn", "opacity")}
    rest = {name: getattr(whole, name)[1:2] for name in ("camera", "drift", "echo", "fade")}
    return Timeline(**one, **rest)


def looped(layers: Layers, frames: int) -> Timeline:
    """Without a seam: the frame after the last would be the first.

    What goes away leaves the picture and comes in again from the other side; what grows or fades
    goes there and back; what turns makes whole turns; all else is bent a little until its ends meet.
    """
    end = frames + 1  # the last of these moments is the first again, and is left out
    time = torch.arange(frames) / frames
    there_and_back = (1 - torch.cos(2 * math.pi * time)) / 2
    swing = torch.sin(2 * math.pi * time)[:, None] / 2
    path = torch.stack([
        _closed_path(_sampled(p, end), _sampled(s, end).exp())
        for p, s in zip(layers.path, layers.size, strict=True)
    ])  # fmt: skip
    turn = _sampled(layers.turn, end)
    whole = turn[:, -1:] - turn[:, :1]
    wanted = 2 * math.pi * torch.round(whole / (2 * math.pi) + 0.25 * whole.sign())
    turn = turn + (wanted - whole) * torch.linspace(-0.5, 0.5, end)
    return Timeline(
        path[..., :-1],
        _there_or_bent(layers.size, there_and_back, end, 0.25),
        turn[:, :-1],
        _there_or_bent(layers.opacity, there_and_back, end, 0.2),
        layers.camera * swing,
        layers.drift * time[:, None],
        layers.drift * (time[:, None] - 1),
        time,
    )


def _sampled(curve: Tensor, frames: int) -> Tensor:
    """(..., TIMES) at ``frames`` moments, evenly from the first to the last."""
    flat = curve.reshape(1, -1, curve.shape[-1])
    return F.interpolate(flat, size=frames, mode="linear", align_corners=True).reshape(
        *curve.shape[:-1], frames
    )


def _bent(curve: Tensor) -> Tensor:
    """The curve (..., F) with its ends brought together."""
    gap = curve[..., -1:] - curve[..., :1]
    return curve - gap * torch.linspace(-0.5, 0.5, curve.shape[-1])


def _there_or_bent(curve: Tensor, time: Tensor, end: int, least: float) -> Tensor:
    """(S, TIMES) -> (S, frames): there and back if it goes far, else bent."""
    place = time * (curve.shape[-1] - 1)
    before = place.floor().long().clamp(max=curve.shape[-1] - 2)
    there = torch.lerp(curve[:, before], curve[:, before + 1], place - before)
    goes = (curve[:, -1:] - curve[:, :1]).abs() > least
    return torch.where(goes, there, _bent(_sampled(curve, end))[:, :-1])


def _closed_path(path: Tensor, radius: Tensor) -> Tensor:
    """(2, F) with its ends together, or with both outside of the picture."""
    gap = path[:, -1] - path[:, 0]
    main = int(gap.abs().argmax())
    closed = _bent(path)
    if gap[main].abs() < 0.35:
        return closed
    # Sizes are in halves of the shorter side, which is all of -1..1 along it and less along the other.
    outside = 1 + shapes.REACH * float(radius.max())
    straight = torch.linspace(-outside, outside, path.shape[1]) * gap[main].sign()
    closed[main] = straight + closed[main] - closed[main].mean()
    return closed
