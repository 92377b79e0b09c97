"""Does the embedded model draw what it was asked for? Looks at pixels only.

``python -m bench.check_embedded`` renders held-out combinations of shape, colour and motion (never
seen in training) with fixed seeds and judges each clip; ``--truth`` judges drawings of the same
plans instead, which shows how much of the error is the checker's own.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from bench.seeing import FRAMES, SIDE, look, moves_as, seen_shape, track
from gen.embedded import backdrops, captions, scenes, shapes
from gen.embedded.captions import describe
from gen.embedded.codec import FIELD_TOKENS
from gen.embedded.drawings import Drawings
from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.scenes import Scene, Subject
from gen.embedded.train import WEIGHTS

ASPECTS = ("colour", "shape", "motion", "background")


def plans(count: int) -> list[Scene]:
    """Held-out scenes with one subject whose colours can be told from the background's."""
    rng = np.random.default_rng(11)
    found: list[Scene] = []
    while len(found) < count:
        colours = tuple(str(c) for c in rng.choice(list(backdrops.COLOURS), 3, replace=False))
        subject = Subject(
            shape=str(rng.choice(shapes.NAMES)),
            colour=colours[0],
            texture="flat",
            motion=str(rng.choice(scenes.MOTIONS)),
        )
        plan = Scene((subject,), str(rng.choice(backdrops.NAMES)), (colours[1], colours[2]))
        if scenes.held_out(subject) and _contrast(plan) > 0.45:
            found.append(plan)
    return found


def _contrast(plan: Scene) -> float:
    rng = np.random.default_rng(0)
    colours, _ = backdrops.paint(plan.background, plan.colours, rng)
    subject = np.array(backdrops.COLOURS[plan.subjects[0].colour])
    return float(np.linalg.norm(colours - subject, axis=1).min())


def ask(plan: Scene, index: int) -> str:
    """A caption that says all that will be checked."""
    subject = plan.subjects[0]
    rng = np.random.default_rng([12, index])
    colours = captions.COLOURS[subject.colour]
    while True:
        text = describe(plan, rng)
        names_colour = any(word in text.split() for word in colours)
        if names_colour and _says_place(plan, text):
            return text


def _says_place(plan: Scene, text: str) -> bool:
    """Captions sometimes leave the background open; those can't be checked."""
    if plan.background in captions.PLACES:
        return any(place in text for place in captions.PLACES[plan.background])
    return any(word in text.split() for word in captions.COLOURS[plan.colours[0]])


class Judge:
    """Judges clips against the plans they were asked for."""

    def __init__(self, drawings: Drawings) -> None:
        self.drawings = drawings
        self.places: list[tuple[str, NDArray[np.float64]]] = []

    def _references(self, plan: Scene) -> list[tuple[str, NDArray[np.float64]]]:
        """How each background would look in the plan's colours; places have their own."""
        colourful = tuple(name for name in backdrops.NAMES if name not in backdrops.PLACES)
        if not self.places:
            self.places = self._looks(plan, backdrops.PLACES)
        return [*self.places, *self._looks(plan, colourful)]

    def _looks(self, plan: Scene, names: tuple[str, ...]) -> list[tuple[str, NDArray[np.float64]]]:
        alike = [replace(plan, background=name) for name in names for _ in range(8)]
        latents = self.drawings.latents(alike, np.random.default_rng(21))
        latents[:, 1 + FIELD_TOKENS, 7] = -1  # without its subject
        films = [self.drawings.codec.paint(z, 1, SIDE, SIDE).numpy() / 255.0 for z in latents]
        return [(s.background, look(f, None)) for s, f in zip(alike, films, strict=True)]

    def verdict(self, plan: Scene, clip: NDArray[np.uint8]) -> dict[str, bool]:
        """Which aspects of one clip are right."""
        film, subject = clip / 255.0, plan.subjects[0]
        seen = track(film, subject.colour)
        masks = None
        if seen is not None:
            masks = np.zeros(film.shape[:3], bool)
            masks[seen.first : seen.last + 1] = seen.masks
        shown = look(film, masks)
        likeness = [(np.abs(shown - other).sum(), name) for name, other in self._references(plan)]
        return {
            "colour": seen is not None,
            "shape": seen is not None and seen_shape(seen) == subject.shape,
            "motion": seen is not None and moves_as(seen, subject.motion),
            "background": min(likeness)[1] == plan.background,
        }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=WEIGHTS)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--truth", action="store_true", help="judge drawings, not the model")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrong")
    asked = parser.parse_args()
    pipe = CommonsShapesPipeline.from_pretrained(asked.weights, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    drawings = Drawings(pipe.vae, seed=1, variants=100)
    judge, rows = Judge(drawings), []
    rng = np.random.default_rng(31)
    for i, plan in enumerate(plans(asked.clips)):
        prompt = ask(plan, i)
        if asked.truth:
            clip = pipe.vae.paint(drawings.latents([plan], rng)[0], FRAMES, SIDE, SIDE).numpy()
        else:
            clip = pipe(
                prompt,
                height=SIDE,
                width=SIDE,
                num_frames=FRAMES,
                num_inference_steps=asked.steps,
                guidance_scale=asked.guidance,
                generator=torch.Generator().manual_seed(i),
            ).frames[0]
        right = judge.verdict(plan, clip)
        rows.append([*right.values(), all(right.values())])
        if asked.wrong and not all(right.values()):
            subject = plan.subjects[0]
            wrong = [aspect for aspect, fine in right.items() if not fine]
            print(f"{i} {prompt} [{subject.shape} {subject.motion} {plan.background}]: {wrong}")
    shares = np.array(rows).mean(0) * 100
    print(" ".join(f"{name:>12}" for name in (*ASPECTS, "all right")))
    print(" ".join(f"{share:>11.1f}%" for share in shares))


if __name__ == "__main__":
    main()
