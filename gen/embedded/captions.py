"""Captions: the many ways in which a person might ask for a drawn scene."""

from __future__ import annotations

import re

import numpy as np

from gen.embedded import backdrops
from gen.embedded.scenes import Scene, Subject
from gen.embedded.words import (
    BARE,
    CAMERAS,
    COLOURS,
    GROUND,
    OPENINGS,
    OTHER,
    OVER,
    PATTERN_WORDS,
    PATTERNS,
    PLACES,
    PLURALS,
    SHADE_NAMES,
    SHADES,
    SHAPES,
    SIZES,
    SPEEDS,
    SPOTS,
    TEXTURES,
    TWO,
    VERBS,
    WAYS,
)


def _one(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _article(rng: np.random.Generator, words: str) -> str:
    article = _one(rng, ("a", "a", "a", "a", "the", "one", ""))
    if article == "a" and words[0] in "aeiou":
        article = "an"
    return f"{article} {words}".strip()


def _colour(rng: np.random.Generator, colour: str, shade: str) -> str:
    if not shade:
        return _one(rng, COLOURS[colour])
    named = SHADE_NAMES.get((colour, shade))
    if named and rng.random() < 0.4:
        return _one(rng, named)
    return f"{_one(rng, SHADES[shade])} {_one(rng, COLOURS[colour])}"


def _noun(subject: Subject, rng: np.random.Generator, *, plural: bool = False) -> str:
    words = [] if rng.random() < 0.05 else [_colour(rng, subject.colour, subject.shade)]
    if subject.texture:
        words.append(_one(rng, TEXTURES[subject.texture]))
        if rng.random() < 0.5:
            words.reverse()
    if subject.size:
        words.insert(0, _one(rng, SIZES[subject.size]))
    noun = _one(rng, SHAPES[subject.shape])
    if plural:
        return " ".join((_one(rng, TWO), *words, PLURALS.get(noun, f"{noun}s")))
    return _article(rng, " ".join((*words, noun)))


def _verb(subject: Subject, rng: np.random.Generator, form: int) -> str:
    bare = BARE.get(subject.motion)
    if bare and rng.random() < 0.3:
        pair = bare[int(rng.integers(len(bare)))]
    else:
        options = VERBS[subject.motion]
        pair = options[int(rng.integers(len(options)))]
    words = pair[form]
    if subject.speed:
        speed = _one(rng, SPEEDS[subject.speed])
        words = f"{speed} {words}" if rng.random() < 0.4 else f"{words} {speed}"
    if subject.spot:
        words = f"{words} {_one(rng, SPOTS[subject.spot])}"
    if subject.extra:
        options = OTHER[subject.extra]
        words += _one(rng, (" and ", " while ")) + options[int(rng.integers(len(options)))][form]
    return words


def _clause(subject: Subject, rng: np.random.Generator, *, plural: bool = False) -> str:
    noun = _noun(subject, rng, plural=plural)
    if subject.motion == "still" and rng.random() < 0.25:
        return f"{noun} {_one(rng, SPOTS[subject.spot])}" if subject.spot else noun
    # Of two, "circles" might be a noun or a verb: gerunds leave no doubt.
    form = int(plural or rng.random() < 0.65)
    verb = _verb(subject, rng, form)
    return f"{verb} {noun}" if form and rng.random() < 0.06 else f"{noun} {verb}"


def _story(scene: Scene, rng: np.random.Generator) -> str:
    if scene.twins:
        return _clause(scene.subjects[0], rng, plural=True)
    if len(scene.subjects) == 2 and scene.subjects[0].motion == scene.subjects[1].motion:
        first, second = scene.subjects
        if not (first.speed or second.speed or first.spot or second.spot) and rng.random() < 0.5:
            pair = f"{_noun(first, rng)} and {_noun(second, rng)}"
            return f"{pair} {_one(rng, ('', 'both '))}{_verb(first, rng, 1)}"
    joint = _one(rng, (" and ", " and ", " while ", " with ", ", "))
    return joint.join(_clause(subject, rng) for subject in scene.subjects)


def _place(scene: Scene, rng: np.random.Generator) -> str:
    name = scene.background
    first, second = (
        _colour(rng, colour, shade)
        for colour, shade in zip(scene.colours, scene.shades, strict=True)
    )
    if name in PLACES:
        return _one(rng, PLACES[name])
    ground, over = _one(rng, GROUND), _one(rng, OVER)
    if name == backdrops.PLAIN:
        return _one(rng, (
            f"{over} {_article(rng, f'{first} {ground}')}", f"with a {first} {ground}",
            f"{over} {first}", f"on plain {first}", f"{over} a plain {first} {ground}",
        ))  # fmt: skip
    if name == backdrops.GRADIENT:
        return _one(rng, (
            f"{over} a gradient from {first} to {second}", f"{over} a {first} to {second} gradient",
            f"with a {first} and {second} gradient", f"{over} a {first} {second} gradient {ground}",
        ))  # fmt: skip
    pattern, word = _one(rng, PATTERNS[name]), _one(rng, PATTERN_WORDS[name])
    return _one(rng, (
        f"{over} a {first} {ground} with {second} {pattern}", f"{over} {second} {pattern} on {first}",
        f"{over} a {word} {first} and {second} {ground}", f"with {second} {pattern} on {first}",
    ))  # fmt: skip


def _camera(text: str, camera: str, rng: np.random.Generator) -> str:
    """The caption with what the camera does; one that stays where it is, is seldom spoken of."""
    if camera == "still" and rng.random() < 0.93:
        return text
    options = CAMERAS[camera]
    third, gerund, order = options[int(rng.integers(len(options)))]
    return _one(rng, (
        f"{text}, the camera {third}", f"{text}, camera {third}", f"{text}, {order}",
        f"{text}, with the camera {gerund}", f"{order}, {text}", f"the camera {third}, {text}",
        f"{text} while the camera {third}",
    ))  # fmt: skip


def describe(scene: Scene, rng: np.random.Generator) -> str:
    """One caption of a scene."""
    story = _story(scene, rng)
    if rng.random() < 0.12:
        story = f"{_one(rng, OPENINGS)} {story}"
    if rng.random() < 0.04:
        return _camera(story, scene.camera, rng)
    place = _place(scene, rng)
    if rng.random() < 0.25:
        text = f"{place}{_one(rng, (', ', ' '))}{story}"
    else:
        text = f"{story}{_one(rng, (' ', ' ', ', '))}{place}"
    return _camera(text, scene.camera, rng)


def split(text: str) -> list[str]:
    """The words of a text, lower case; commas and full stops are words of their own."""
    return re.findall(r"[^\W_]+|,", re.sub("[.;]", ",", re.sub("['’]", "", text.lower())))


def vocabulary() -> tuple[str, ...]:
    """Every word a caption can hold, sorted; plurals are read as their singular."""
    texts: list[str] = [*OPENINGS, *OVER, *GROUND, *TWO, "both", "the camera", "on the left"]
    texts += ["a an the one and while with plain gradient from to", ","]
    tables = (SHAPES, COLOURS, SHADES, SHADE_NAMES, SIZES, TEXTURES, SPEEDS, WAYS, PLACES)
    for table in (*tables, PATTERNS, PATTERN_WORDS, SPOTS):
        texts += [text for options in table.values() for text in options]
    for forms in (*VERBS.values(), *BARE.values(), *CAMERAS.values()):
        texts += [text for form in forms for text in form]
    return tuple(sorted({word for text in texts for word in split(text)}))
