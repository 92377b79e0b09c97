"""Training data: random scenes as latents with captions, drawn as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gen.embedded import backdrops, motions, scenes, shapes, surfaces
from gen.embedded.captions import describe
from gen.embedded.codec import CODES, FIRST, FORM, PRESENT, TOP, SceneCodec, pack
from gen.embedded.motions import Curves
from gen.embedded.scenes import SUBJECTS, Scene, Subject

_CURVES = ("path", "size", "turn", "opacity")


class _Look(NamedTuple):
    """What a subject looks like: its coat (8,), the code of its texture, which outline it has."""

    coat: np.ndarray
    texture: Tensor
    variant: int


class Drawings:
    """Draws scenes. Tiles and outlines come from stocks of variants that are coded once."""

    def __init__(self, codec: SceneCodec, seed: int, variants: int = 600) -> None:
        self.codec = codec
        rng = np.random.default_rng([seed, 1])
        self._tiles = {
            name: np.stack([backdrops.tile(name, number) for number in range(count)])
            for name, count in backdrops.TILES.items()
        }
        each = max(8, variants // 5)
        self._outlines = {
            (name, mirrored): np.stack(
                [shapes.outline(name, rng, mirrored=mirrored) for _ in range(each)]
            )
            for name in shapes.NAMES
            for mirrored in ((False, True) if name in shapes.UPRIGHT else (False,))
        }
        self._textures = {
            name: [surfaces.texture(name, rng) for _ in range(variants)] for name in scenes.TEXTURES
        }
        self.code()

    def code(self) -> None:
        """Code the stocks again, after the codec has changed."""
        encode = self.codec.encode
        self.tiles = {name: encode("field", _flat([*t])) for name, t in self._tiles.items()}
        self.outlines = {key: encode("outline", _flat([*o])) for key, o in self._outlines.items()}
        self.textures = {
            name: encode("texture", _flat([field for field, _ in stock]))
            for name, stock in self._textures.items()
        }

    def fit(self, seed: int, samples: int = 20_000) -> None:
        """Learn the codec's linear codes, and the scale that makes latents about unit sized."""
        rng = np.random.default_rng([seed, 2])
        self.codec.fit("field", _flat([tile for stock in self._tiles.values() for tile in stock]))
        self.codec.fit(
            "outline", _flat([line for stock in self._outlines.values() for line in stock])
        )
        textures = [field for stock in self._textures.values() for field, _ in stock]
        self.codec.fit("texture", _flat(textures))
        plans = [scenes.draw_scene(rng) for _ in range(min(3000, samples))]
        drawn = [_stacked(c) for plan in plans for c in motions.all_curves(plan, rng)]
        for name, curve in zip(_CURVES, zip(*drawn, strict=True), strict=True):
            self.codec.fit(name, torch.from_numpy(np.stack(curve)).flatten(0, -2).float())
        self.code()
        self._fit_scale(torch.cat([self.raw(s, rng) for s in _plans(samples, rng)]))

    def _fit_scale(self, z: Tensor) -> None:
        subjects = z[:, FIRST:].unflatten(1, (SUBJECTS, -1))
        present = subjects[subjects[:, :, 0, PRESENT] > 0]
        mean = torch.cat([z[:, :FIRST].mean(0), *[present.mean(0)] * SUBJECTS])
        std = torch.cat([z[:, :FIRST].std(0), *[present.std(0)] * SUBJECTS])
        # Within a code the small components stay somewhat smaller: they matter less to the eye.
        top = std.clone()
        top[1:FIRST] = std[1:FIRST].max()
        for s in range(SUBJECTS):
            at = FIRST + 4 * s
            for token, where in _SPANS:
                top[at + token, where] = std[at + token, where].max()
            mean[at, PRESENT], std[at, PRESENT], top[at, PRESENT] = 0.0, 1.0, 1.0
        scale = (std * top).sqrt()
        self.codec.mean.copy_(mean)
        # What is smaller still can't be seen: it isn't blown up to be learned.
        self.codec.scale.copy_(torch.where(scale < 0.01, torch.ones(()), scale))

    def raw(self, plans: Sequence[Scene], rng: np.random.Generator) -> Tensor:
        """Unscaled latents (len(plans), TOKENS, WIDTH); an absent subject is all zero but -1."""
        batch = len(plans)
        kept = {name: CODES[name][1] for name in CODES}
        top = np.zeros((batch, TOP), np.float32)
        coats = np.zeros((batch, SUBJECTS, 8), np.float32)
        headings = np.zeros((batch, SUBJECTS, 2), np.float32)
        parts = {
            "field": torch.zeros(batch, kept["field"]),
            "texture": torch.zeros(batch, SUBJECTS, kept["texture"]),
            "outline": torch.zeros(batch, SUBJECTS, kept["outline"]),
        }
        curves: list[tuple[np.ndarray, ...]] = []
        where: list[tuple[int, int]] = []
        for b, plan in enumerate(plans):
            tiles = self.tiles[plan.background]
            parts["field"][b] = tiles[int(rng.integers(len(tiles)))]
            top[b] = _top(plan, rng)
            moves = motions.all_curves(plan, rng)
            look: _Look | None = None
            for s, (subject, move) in enumerate(zip(plan.subjects, moves, strict=True)):
                if look is None or not plan.twins:
                    look = self._look(subject, rng)
                coats[b, s] = look.coat
                parts["texture"][b, s] = look.texture
                outlines = self.outlines[subject.shape, move.mirrored]
                parts["outline"][b, s] = outlines[look.variant % len(outlines)]
                headings[b, s] = np.cos(move.heading), np.sin(move.heading)
                curves.append(_stacked(move))
                where.append((b, s))
        parts |= {
            "top": torch.from_numpy(top),
            "coat": torch.from_numpy(coats),
            "heading": torch.from_numpy(headings),
        }
        b_at, s_at = torch.tensor(where).T
        for name, drawn in zip(_CURVES, zip(*curves, strict=True), strict=True):
            code = self.codec.encode(name, torch.from_numpy(np.stack(drawn)).float())
            code = code if name == "path" else code[:, 0]
            parts[name] = torch.zeros(batch, SUBJECTS, *code.shape[1:])
            parts[name][b_at, s_at] = code
        return pack(parts)

    def _look(self, subject: Subject, rng: np.random.Generator) -> _Look:
        surface = surfaces.coating(subject.texture, rng)
        at = int(rng.integers(len(self.textures[surface])))
        soft = self._textures[surface][at][1]
        coat = np.array([*surfaces.coat(subject, surface, rng).ravel(), soft, 1.0], np.float32)
        return _Look(coat, self.textures[surface][at], int(rng.integers(2**16)))

    def latents(self, plans: Sequence[Scene], rng: np.random.Generator) -> Tensor:
        """Scaled latents (len(plans), TOKENS, WIDTH) of one variant of each plan."""
        z = (self.raw(plans, rng) - self.codec.mean) / self.codec.scale
        for b, plan in enumerate(plans):
            absent = z[b, FIRST + 4 * len(plan.subjects) :]
            absent.zero_()
            absent[::4, PRESENT] = -1.0
        return z

    def batch(self, size: int, seed: Sequence[int]) -> tuple[Tensor, list[str]]:
        """``size`` latents and their captions, the same for the same ``seed``."""
        rng = np.random.default_rng(list(seed))
        plans = [scenes.draw_scene(rng) for _ in range(size)]
        return self.latents(plans, rng), [describe(plan, rng) for plan in plans]


# Where each code of a subject lies: token, numbers.
_SPANS = (
    (0, slice(8, 32)), (1, slice(0, 32)), (2, slice(0, 16)), (2, slice(16, 32)),
    *((3, where) for where in FORM.values()),
)  # fmt: skip


def _top(plan: Scene, rng: np.random.Generator) -> np.ndarray:
    """The numbers of token 0, in the order of ``Layers``."""
    colours, way = backdrops.paint(plan.background, plan.colours, rng, plan.shades)
    lies = backdrops.frame(plan.background, rng)
    angle = np.cos(2 * lies.angle), np.sin(2 * lies.angle)
    camera = motions.pan(plan.camera, rng)
    return np.array(
        [*colours.ravel(), *way, lies.soft, *lies.drift, *lies.shift, lies.scale, *angle, *camera],
        np.float32,
    )


def _stacked(c: Curves) -> tuple[np.ndarray, ...]:
    return np.stack([c.x, c.y]), c.size[None], c.turn[None], c.opacity[None]


def _flat(fields: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(fields)).flatten(1).float()


def _plans(count: int, rng: np.random.Generator) -> list[list[Scene]]:
    return [[scenes.draw_scene(rng) for _ in range(500)] for _ in range(count // 500)]
