"""Does the embedded model draw what it was asked for? Looks at pixels only.

``python -m bench.check_embedded`` renders 500 prompts with fixed seeds: combinations of shape, colour
and motion that were held out of training, pairs of subjects, moves of the camera; and judges each
clip. ``--truth`` judges drawings of the same plans instead, which shows how much of the error is the
checker's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from bench.figures import DECLARED, published
from bench.report import Figure, arguments, say, tell
from bench.seeing import (
    FRAMES,
    SHADY,
    SIDE,
    Recognizer,
    camera_of,
    look,
    moves_as,
    seen_shape,
    track,
)
from gen.embedded import backdrops, scenes, shapes, words
from gen.embedded.captions import describe
from gen.embedded.drawings import Drawings
from gen.embedded.painter import paint
from gen.embedded.palette import COLOURS, SHADELESS, shaded
from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.scenes import Scene, Subject
from gen.embedded.timeline import played
from gen.embedded.train import WEIGHTS

Film = NDArray[np.uint8]
Draw = Callable[[Scene, str, int], Film]
SHARES = (0.6, 0.24, 0.16)
"""Of the prompts: one subject, two subjects, a camera that moves."""
GLANCE = 3
"""Of the frames, every so many are looked at for the background."""
SPREAD_PROMPTS, QUICK_SPREAD_PROMPTS, SPREAD_SEEDS = 20, 2, 4
CLIPS, QUICK_CLIPS = 500, 50
LOOKS, QUICK_LOOKS = 60, 8
"""Drawings of each background, from which the judge learns how it looks."""
TEXTURED = ("night", "mountains", "city", "sky")
"""Backgrounds on which one can see what a camera does; along a pattern any period looks alike."""


def _subject(rng: np.random.Generator, colour: str, motion: str, spot: str = "") -> Subject:
    shade = "" if colour in SHADELESS or rng.random() < 0.7 else str(rng.choice(["light", "dark"]))
    shape = str(rng.choice(shapes.NAMES))
    return Subject(shape, colour, shade, texture="flat", motion=motion, spot=spot)


def one_subject(rng: np.random.Generator) -> Scene:
    colours = [str(c) for c in rng.choice(list(COLOURS), 3, replace=False)]
    subject = _subject(rng, colours[0], str(rng.choice(scenes.MOTIONS)))
    return Scene((subject,), str(rng.choice(backdrops.NAMES)), (colours[1], colours[2]))


def two_subjects(rng: np.random.Generator) -> Scene:
    """Of different colours, side by side, so that both can be seen."""
    colours = [str(c) for c in rng.choice(list(COLOURS), 4, replace=False)]
    motions = ("still", *scenes.CHANGES, "bouncing", "floating", "up", "down")
    pair = tuple(_subject(rng, colour, str(rng.choice(motions))) for colour in colours[:2])
    return Scene(pair, str(rng.choice(backdrops.NAMES)), (colours[2], colours[3]))


def moved_camera(rng: np.random.Generator) -> Scene:
    colours = [str(c) for c in rng.choice(list(COLOURS), 3, replace=False)]
    camera = str(rng.choice(scenes.CAMERAS[1:]))
    place = str(rng.choice(TEXTURED))
    subject = _subject(rng, colours[0], "still")
    return Scene((subject,), place, (colours[1], colours[2]), camera=camera)


def plans(count: int) -> list[tuple[str, Scene]]:
    """(what is checked, the plan), with held-out subjects that stand out from the background."""
    found: list[tuple[str, Scene]] = []
    kinds = {"one": one_subject, "two": two_subjects, "camera": moved_camera}
    for (kind, draw), share in zip(kinds.items(), SHARES, strict=True):
        rng = np.random.default_rng([11, len(found)])
        wanted = round(count * share)
        while wanted:
            plan = draw(rng)
            held = [scenes.held_out(subject) for subject in plan.subjects]
            if (all(held) if kind == "one" else any(held) or kind == "camera") and _visible(plan):
                found.append((kind, plan))
                wanted -= 1
    return found


def _visible(plan: Scene) -> bool:
    rng = np.random.default_rng(0)
    four, _ = backdrops.paint(plan.background, plan.colours, rng, plan.shades)
    way = np.linspace(0, 1, 9)[:, None, None]  # along both gradients
    behind = ((1 - way) * four[::2] + way * four[1::2]).reshape(-1, 3)
    own = [shaded(subject.colour, subject.shade) for subject in plan.subjects]
    far = min(float(np.linalg.norm(behind - colour, axis=1).min()) for colour in own)
    # Of a subject's darker side the same holds, a little less strictly.
    far = min([far, *(0.1 + float(np.linalg.norm(behind - SHADY * c, axis=1).min()) for c in own)])
    apart = float(np.linalg.norm(own[0] - own[-1])) if len(own) == 2 else 1.0
    return far > 0.45 and apart > 0.45


def ask(plan: Scene, index: int) -> str:
    """A caption that says all that will be checked."""
    rng = np.random.default_rng([12, index])
    while True:
        text = describe(plan, rng)
        said = text.replace(",", "").split()
        coloured = all(
            any(word in said for word in words.COLOURS[subject.colour])
            or any(
                name in text for name in words.SHADE_NAMES.get((subject.colour, subject.shade), ())
            )
            for subject in plan.subjects
        )
        if coloured and _says_place(plan, text):
            return text


def _says_place(plan: Scene, text: str) -> bool:
    """Captions sometimes leave the background open; those can't be checked."""
    if plan.background in words.PLACES:
        return any(place in text for place in words.PLACES[plan.background])
    return any(word in text.split() for word in words.COLOURS[plan.colours[0]])


class Judge:
    """Judges clips against the plans they were asked for."""

    def __init__(self, drawings: Drawings, each: int = LOOKS) -> None:
        """Learns the looks of backgrounds from ``each`` drawings of every one."""
        rng = np.random.default_rng(21)
        drawn: list[Scene] = []
        for name in backdrops.NAMES:
            here: list[Scene] = []
            while len(here) < each:
                plan = replace(one_subject(rng), background=name)
                here += [plan] if _visible(plan) else []
            drawn += here
        looks = []
        for plan, latent in zip(drawn, drawings.latents(drawn, rng), strict=True):
            film = painted(drawings, latent, FRAMES)[::GLANCE] / 255.0
            seen = track(film, plan.subjects[0].colour, plan.subjects[0].shade)
            masks = np.zeros(film.shape[:3], bool)
            if seen is not None:
                masks[seen.first : seen.last + 1] = seen.masks
            looks.append(look(film, masks))
        self.recognizer = Recognizer(np.stack(looks), [plan.background for plan in drawn])

    def verdict(self, kind: str, plan: Scene, clip: Film) -> dict[str, bool]:
        """Which aspects of one clip are right."""
        film = clip / 255.0
        tracks = [track(film, subject.colour, subject.shade) for subject in plan.subjects]
        masks = np.zeros(film.shape[:3], bool)
        for seen in tracks:
            if seen is not None:
                masks[seen.first : seen.last + 1] |= seen.masks
        if kind == "camera":
            return {"camera": camera_of(film, masks) == plan.camera}
        pairs = list(zip(tracks, plan.subjects, strict=True))
        right = {
            "colour": all(seen is not None for seen, _ in pairs),
            "shape": all(seen is not None and seen_shape(seen) == s.shape for seen, s in pairs),
            "motion": all(seen is not None and moves_as(seen, s.motion) for seen, s in pairs),
        }
        if kind == "two":
            return {"both": right["colour"] and right["shape"], "both move": all(right.values())}
        right["background"] = (
            self.recognizer.name(look(film[::GLANCE], masks[::GLANCE])) == plan.background
        )
        return right | {"all right": all(right.values())}


def painted(drawings: Drawings, latent: torch.Tensor, frames: int) -> Film:
    layers = drawings.codec.unpack(latent)
    return np.asarray(paint(layers, played(layers, frames), SIDE, SIDE).numpy())


def spread(draw: Draw, count: int) -> float:
    """The mean distance of clips of one prompt with different seeds: of 255 levels, per pixel."""
    distances = []
    for i, (_, plan) in enumerate(plans(100)[:count]):
        clips = [draw(plan, ask(plan, i), 1000 + seed) for seed in range(SPREAD_SEEDS)]
        pairs = [(a, b) for n, a in enumerate(clips) for b in clips[:n]]
        distances += [np.abs(a.astype(float) - b).mean() for a, b in pairs]
    return float(np.mean(distances))


def main() -> None:
    """Print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--weights", default=WEIGHTS)
    parser.add_argument("--clips", type=int, help=f"{CLIPS} unless given")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=1.2)
    parser.add_argument("--truth", action="store_true", help="judge drawings, not the model")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrong")
    asked = parser.parse_args()
    pipe = CommonsShapesPipeline.from_pretrained(asked.weights, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    drawings = Drawings(pipe.vae, seed=1, variants=100)

    def drawn(plan: Scene, prompt: str, seed: int) -> Film:
        latent = drawings.latents([plan], np.random.default_rng([31, seed]))[0]
        return painted(drawings, latent, FRAMES)

    def rendered(plan: Scene, prompt: str, seed: int) -> Film:
        made = pipe(
            prompt,
            height=SIDE,
            width=SIDE,
            num_frames=FRAMES,
            num_inference_steps=asked.steps,
            guidance_scale=asked.guidance,
            generator=torch.Generator().manual_seed(seed),
        )
        return np.asarray(made.frames[0])

    draw: Draw = drawn if asked.truth else rendered
    judge = Judge(drawings, QUICK_LOOKS if asked.quick else LOOKS)
    rows: dict[str, list[bool]] = {}
    clips = asked.clips or (QUICK_CLIPS if asked.quick else CLIPS)
    for i, (kind, plan) in enumerate(plans(clips)):
        prompt = ask(plan, i)
        right = judge.verdict(kind, plan, draw(plan, prompt, i))
        for aspect, fine in right.items():
            rows.setdefault(aspect, []).append(fine)
        if asked.wrong and not all(right.values()):
            say(f"{i} {prompt}: {[aspect for aspect, fine in right.items() if not fine]}")
        if i % 50 == 49:
            say(f"check_embedded: {i + 1} clips judged")
    prompt = "a red circle drifting left over a blue background"
    once, again = (rendered(plans(1)[0][1], prompt, 7).tobytes() for _ in range(2))
    found = [_share(aspect, verdicts) for aspect, verdicts in rows.items()]
    prompts = QUICK_SPREAD_PROMPTS if asked.quick else SPREAD_PROMPTS
    found += [
        Figure("check_embedded: between seeds", spread(draw, prompts), "levels", "of 255"),
        Figure("check_embedded: the same seed gives the same bytes", once == again, "times"),
    ]
    tell("check_embedded", found, asked.json)


def _share(aspect: str, verdicts: list[bool]) -> Figure:
    name, share = f"check_embedded: {aspect}", 100 * float(np.mean(verdicts))
    of = f"of {len(verdicts)}"
    return published(name, share, of) if name in DECLARED else Figure(name, share, "%", of)


if __name__ == "__main__":
    main()
