"""Training data: random scenes as latents with captions, drawn as they are needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gen.embedded import backdrops, scenes, shapes
from gen.embedded.captions import describe
from gen.embedded.codec import CODES, FIELD_TOKENS, SUBJECTS, SceneCodec, pack
from gen.embedded.scenes import Scene, Subject

_CURVES = ("path", "size", "turn", "opacity")


class Drawings:
    """Draws scenes. Fields and outlines come from stocks of variants that are coded once."""

    def __init__(self, codec: SceneCodec, seed: int, variants: int = 600) -> None:
        self.codec = codec
        rng = np.random.default_rng([seed, 1])
        self._drawn_fields = {
            name: [backdrops.backdrop(name, rng) for _ in range(variants)]
            for name in backdrops.NAMES
        }
        self._drawn_outlines = {
            name: np.stack([shapes.outline(name, rng) for _ in range(max(8, variants // 5))])
            for name in shapes.NAMES
        }
        self._drawn_textures = {
            name: [scenes.texture(name, rng) for _ in range(variants)] for name in scenes.TEXTURES
        }
        self.code()

    def code(self) -> None:
        """Code the stocks again, after the codec has changed."""
        encode = self.codec.encode
        self.fields = {
            name: encode("field", _flat([b.field for b in stock]))
            for name, stock in self._drawn_fields.items()
        }
        self.outlines = {
            name: encode("outline", _flat(list(stock)))
            for name, stock in self._drawn_outlines.items()
        }
        self.textures = {
            name: encode("texture", _flat([field for field, _ in stock]))
            for name, stock in self._drawn_textures.items()
        }

    def fit(self, seed: int, samples: int = 20_000) -> None:
        """Learn the codec's linear codes, and the scale that makes latents about unit sized."""
        rng = np.random.default_rng([seed, 2])
        fields = [b.field for stock in self._drawn_fields.values() for b in stock]
        self.codec.fit("field", _flat(fields))
        self.codec.fit("outline", _flat(list(np.concatenate([*self._drawn_outlines.values()]))))
        textures = [field for stock in self._drawn_textures.values() for field, _ in stock]
        self.codec.fit("texture", _flat(textures))
        plans = [scenes.draw_scene(rng) for _ in range(min(3000, samples))]
        drawn = [self._curves(subject, rng) for plan in plans for subject in plan.subjects]
        for name, curve in zip(_CURVES, zip(*drawn, strict=True), strict=True):
            self.codec.fit(name, torch.from_numpy(np.stack(curve)).flatten(0, -2).float())
        self.code()
        self._fit_scale(torch.cat([self.raw(s, rng) for s in _plans(samples, rng)]))

    def _fit_scale(self, z: Tensor) -> None:
        subjects = z[:, 1 + FIELD_TOKENS :].unflatten(1, (SUBJECTS, -1))
        present = subjects[subjects[:, :, 0, 7] > 0]
        mean = torch.cat([z[:, : 1 + FIELD_TOKENS].mean(0), *[present.mean(0)] * SUBJECTS])
        std = torch.cat([z[:, : 1 + FIELD_TOKENS].std(0), *[present.std(0)] * SUBJECTS])
        # Within a code the small components stay somewhat smaller: they matter less to the eye.
        top = std.clone()
        first = 1 + FIELD_TOKENS
        top[1:first] = std[1:first].max()
        for s in range(SUBJECTS):
            at = first + 4 * s
            for token, start, end in _SPANS:
                top[at + token, start:end] = std[at + token, start:end].max()
            mean[at, 7], std[at, 7], top[at, 7] = 0.0, 1.0, 1.0
        scale = (std * top).sqrt()
        self.codec.mean.copy_(mean)
        self.codec.scale.copy_(torch.where(scale < 1e-4, torch.ones(()), scale))

    @staticmethod
    def _curves(subject: Subject, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        c = scenes.curves(subject, rng)
        return np.stack([c.x, c.y]), c.size[None], c.turn[None], c.opacity[None]

    def raw(self, plans: Sequence[Scene], rng: np.random.Generator) -> Tensor:
        """Unscaled latents (len(plans), TOKENS, WIDTH); an absent subject is all zero but -1."""
        batch = len(plans)
        kept = {name: CODES[name][1] for name in CODES}
        parts = {
            "top": torch.zeros(batch, 17),
            "field": torch.zeros(batch, kept["field"]),
            "coat": torch.zeros(batch, SUBJECTS, 8),
            "texture": torch.zeros(batch, SUBJECTS, kept["texture"]),
            "outline": torch.zeros(batch, SUBJECTS, kept["outline"]),
        }
        curves: list[tuple[np.ndarray, ...]] = []
        where: list[tuple[int, int]] = []
        for b, plan in enumerate(plans):
            stock = self._drawn_fields[plan.background]
            at = int(rng.integers(len(stock)))
            colours, way = backdrops.paint(plan.background, plan.colours, rng)
            top = [*colours.ravel(), *way, stock[at].soft, *stock[at].drift]
            parts["top"][b] = torch.tensor(top)
            parts["field"][b] = self.fields[plan.background][at]
            for s, subject in enumerate(plan.subjects):
                surface = scenes.coating(subject.texture, rng)
                at = int(rng.integers(len(self.textures[surface])))
                soft = self._drawn_textures[surface][at][1]
                coat = [*scenes.coat(subject.colour, surface, rng).ravel(), soft, 1.0]
                parts["coat"][b, s] = torch.tensor(coat)
                parts["texture"][b, s] = self.textures[surface][at]
                outlines = self.outlines[subject.shape]
                parts["outline"][b, s] = outlines[int(rng.integers(len(outlines)))]
                curves.append(self._curves(subject, rng))
                where.append((b, s))
        b_at, s_at = torch.tensor(where).T
        for name, drawn in zip(_CURVES, zip(*curves, strict=True), strict=True):
            code = self.codec.encode(name, torch.from_numpy(np.stack(drawn)).float())
            code = code if name == "path" else code[:, 0]
            parts[name] = torch.zeros(batch, SUBJECTS, *code.shape[1:])
            parts[name][b_at, s_at] = code
        return pack(parts)

    def latents(self, plans: Sequence[Scene], rng: np.random.Generator) -> Tensor:
        """Scaled latents (len(plans), TOKENS, WIDTH) of one variant of each plan."""
        z = (self.raw(plans, rng) - self.codec.mean) / self.codec.scale
        first = 1 + FIELD_TOKENS
        for b, plan in enumerate(plans):
            absent = z[b, first + 4 * len(plan.subjects) :]
            absent.zero_()
            absent[::4, 7] = -1.0
        return z

    def batch(self, size: int, seed: Sequence[int]) -> tuple[Tensor, list[str]]:
        """``size`` latents and their captions, the same for the same ``seed``."""
        rng = np.random.default_rng(list(seed))
        plans = [scenes.draw_scene(rng) for _ in range(size)]
        return self.latents(plans, rng), [describe(plan, rng) for plan in plans]


# Where each code of a subject lies: token, first and last number.
_SPANS = ((0, 8, 32), (1, 0, 32), (2, 0, 16), (2, 16, 32), (3, 0, 10), (3, 10, 16), (3, 16, 24))


def _flat(fields: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(fields)).flatten(1).float()


def _plans(count: int, rng: np.random.Generator) -> list[list[Scene]]:
    return [[scenes.draw_scene(rng) for _ in range(500)] for _ in range(count // 500)]
