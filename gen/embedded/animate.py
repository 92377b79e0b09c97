"""Clips that begin with a picture or go on from a clip: what was lifted off it moves as the words say.

The first frame of an animated picture is that picture. A continued clip begins one frame after the
one it was given, and what was moving goes on moving before it follows the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor

from gen.embedded.codec import Layers
from gen.embedded.lift import Cutout, Lifted
from gen.embedded.painter import Figure, Pose, box, through
from gen.embedded.scenes import SUBJECTS
from gen.embedded.timeline import Timeline, played

_ALIKE = 0.6
"""A subject whose colour is no further from a thing's than this is taken to be that thing."""
_COAST = 8.0
"""Frames after which a motion that nothing drives has mostly died down."""
_BREATH = 0.12
"""Log zoom of a picture for which the words ask no motion at all."""


def animate(layers: Layers, lifted: Lifted, frames: int, *, continues: bool) -> Tensor:
    """uint8 frames (frames, height, width, 3) in the size of the plate."""
    height, width, _ = lifted.plate.shape
    timeline = _begun(played(layers, frames + continues), continues)
    present = [s for s in range(SUBJECTS) if layers.present[s] > 0]
    roles = _roles(layers, present, lifted.things)
    if continues and not lifted.things:  # what was not lifted off is in the picture all the same
        present = [s for s in present if not _shows(lifted.plate, layers.coat[s])]
    idle = not (lifted.things or timeline.camera.any())
    if idle:
        timeline.camera[:, 2] = _BREATH * _eased(len(timeline.camera), continues)
    new = [s for s in reversed(present) if s not in roles.values()]
    figures = [(s, Figure(layers, s, height, width)) for s in new]
    coasted = _COAST * (1 - torch.exp(-(torch.arange(frames) + continues) / _COAST))
    courses = [
        _course(thing, timeline, roles.get(k), coasted, height, width)
        for k, thing in enumerate(lifted.things)
    ]
    film = torch.empty(frames, height, width, 3, dtype=torch.uint8)
    plate = lifted.plate.movedim(-1, 0)[None]
    for i in range(frames):
        frame = _seen(plate, timeline.camera[i], [v * float(coasted[i]) for v in lifted.velocity])
        for thing, course in zip(lifted.things, courses, strict=True):
            _put(frame, thing, course, timeline.camera[i], i)
        for s, figure in figures:  # who is new fades in
            pose = Pose(timeline, s, i, height, width)
            pose.opacity = pose.opacity * min(1.0, 5 * (i + continues) / (frames + continues - 1))
            figure.paint(frame, pose)
        film[i] = frame.mul_(255).add_(0.5).clamp_(0, 255)
    return film


def _eased(moments: int, continues: bool) -> Tensor:
    """0..1 over the clip, starting from rest."""
    time = torch.linspace(0, 1, moments + continues)[int(continues) :]
    return 1.1 * time**2 / (time + 0.1)


def _begun(timeline: Timeline, continues: bool) -> Timeline:
    """The motions counted from where they begin."""
    moments = timeline.path.shape[-1]
    eased = _eased(moments, False) * (moments - 1)
    before = eased.floor().long().clamp(max=moments - 2)
    share = eased - before

    def at(curve: Tensor) -> Tensor:
        return torch.lerp(curve[..., before], curve[..., before + 1], share)

    camera = timeline.camera.T
    begun = Timeline(
        at(timeline.path), at(timeline.size), at(timeline.turn), at(timeline.opacity),
        (at(camera) - camera[:, :1]).T, timeline.drift, timeline.echo, timeline.fade,
    )  # fmt: skip
    if continues:  # the first moment is the frame that was given
        for name in ("path", "size", "turn", "opacity"):
            setattr(begun, name, getattr(begun, name)[..., 1:])
        begun.camera = begun.camera[1:]
    return begun


def _shows(plate: Tensor, coat: Tensor) -> bool:
    """Whether a noticeable part of the plate is of one of these two colours (2, 3)."""
    near = (plate[..., None, :] - coat).norm(dim=-1).amin(-1) < 0.25
    return float(near.float().mean()) > 0.005


def _roles(layers: Layers, present: list[int], things: list[Cutout]) -> dict[int, int]:
    """Thing -> the subject whose motion it takes: the assignment whose colours are most alike."""
    if not things or not present:
        return {}
    far = torch.stack([
        torch.stack([(layers.coat[s] - thing.colour).norm(dim=-1).min() for s in present])
        for thing in things
    ])  # fmt: skip
    count = min(len(things), len(present))
    ways = [
        list(zip(ks, ps, strict=True))
        for ks in permutations(range(len(things)), count)
        for ps in permutations(range(len(present)), count)
    ]
    best = min(ways, key=lambda way: sum(min(float(far[k, p]), _ALIKE) for k, p in way))
    return {k: present[p] for k, p in best if far[k, p] < _ALIKE}


def _kept_in(start: float, timeline: Timeline, s: int, axis: int, side: int) -> Tensor:
    """How far a thing goes along one axis, in pixels per frame (F,), without leaving the picture."""
    path = timeline.path[s, axis]
    way = (path - path[0]) * side / 2
    edge = 0.1 * side
    ahead, back = float(way.max()), -float(way.min())
    share = 1.0
    if ahead > 0 and start + ahead > side - edge:
        share = min(share, max(0.0, side - edge - start) / ahead)
    if back > 0 and start - back < edge:
        share = min(share, max(0.0, start - edge) / back)
    return way * share


def _seen(plate: Tensor, camera: Tensor, moved: list[float]) -> Tensor:
    """The plate (1, 3, H, W) through the camera -> (H, W, 3), to be kept."""
    height, width = plate.shape[2:]
    if not camera.any() and not any(moved):
        return plate[0].movedim(0, -1).clone()
    longer, zoom = max(height, width), float(camera[2].exp())
    x = torch.linspace(-1, 1, width) / zoom + float(camera[0]) * longer / width
    y = torch.linspace(-1, 1, height) / zoom + float(camera[1]) * longer / height
    x, y = x - 2 * moved[0] / width, y - 2 * moved[1] / height
    at = torch.stack(torch.broadcast_tensors(x, y[:, None]), -1)
    return F.grid_sample(plate, at[None], padding_mode="reflection", align_corners=True)[0].movedim(
        0, -1
    )


@dataclass
class _Course:
    """How a lifted thing goes: its middle in pixels (F,) twice, how many times as large as it was,
    how far turned, and its opacity, (F,) each."""

    x: Tensor
    y: Tensor
    scale: Tensor
    turn: Tensor
    opacity: Tensor


def _course(
    thing: Cutout, timeline: Timeline, s: int | None, coasted: Tensor, height: int, width: int
) -> _Course:
    """The course of a thing that goes on as it went, and then as subject ``s`` moves."""
    x, y = (at + speed * coasted for at, speed in zip(thing.centre, thing.velocity, strict=True))
    if s is None:
        ones = torch.ones(len(coasted))
        return _Course(x, y, ones, 0 * ones, ones)
    rest = [at + _COAST * v for at, v in zip(thing.centre, thing.velocity, strict=True)]
    size, turn, opacity = timeline.size[s], timeline.turn[s], timeline.opacity[s]
    fades = bool(opacity[-1] < 0.5)
    return _Course(
        x + _kept_in(rest[0], timeline, s, 0, width),
        y + _kept_in(rest[1], timeline, s, 1, height),
        (size - size[0]).exp(),
        turn - turn[0],
        opacity.clamp(0, 1) if fades else torch.ones_like(opacity),
    )


def _put(frame: Tensor, thing: Cutout, course: _Course, camera: Tensor, i: int) -> None:
    """Paint a thing where it has gone to by frame ``i``."""
    height, width, _ = frame.shape
    middle = (width - 1) / 2, (height - 1) / 2
    x, y, near = through(
        camera, float(course.x[i]) - middle[0], float(course.y[i]) - middle[1], height, width
    )
    far = near * float(course.scale[i]) * (thing.patch.shape[0] // 2)
    touched = box(frame, x, y, far, course.turn[i])
    if touched is None:
        return
    rows, columns, at = touched
    patch = thing.patch.movedim(-1, 0)[None]
    sampled = F.grid_sample(patch, at[None], align_corners=True)[0]
    alpha = sampled[3] * course.opacity[i]
    frame[rows, columns].lerp_(sampled[:3].movedim(0, -1), alpha[..., None])
