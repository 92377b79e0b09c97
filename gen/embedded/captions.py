"""Captions: the many ways in which a person might ask for a drawn scene."""

from __future__ import annotations

import re
from itertools import product

import numpy as np

from gen.embedded import backdrops
from gen.embedded.scenes import HEADINGS, Scene, Subject

SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc", "ball", "dot"),
    "square": ("square", "square", "box", "block"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "diamond": ("diamond", "diamond", "rhombus"),
    "ring": ("ring", "ring", "hoop", "donut"),
    "cross": ("cross", "cross", "plus"),
    "hexagon": ("hexagon",),
    "crescent": ("crescent", "crescent", "moon", "crescent moon"),
    "flower": ("flower", "flower", "blossom", "daisy"),
    "arrow": ("arrow",),
    "drop": ("drop", "raindrop", "droplet"),
    "fish": ("fish",),
    "boat": ("boat", "boat", "ship", "sailboat"),
    "house": ("house", "house", "home", "hut"),
    "tree": ("tree", "tree", "fir"),
    "rocket": ("rocket", "rocket", "spaceship"),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "golden", "gold"),
    "green": ("green", "green", "emerald"),
    "turquoise": ("turquoise", "cyan", "teal", "aqua"),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink", "pink", "rose", "magenta"),
    "brown": ("brown",),
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray", "silver"),
}
SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "small", "tiny", "little"),
    "medium": ("medium", "medium sized"),
    "large": ("large", "big", "huge", "giant"),
}
TEXTURES: dict[str, tuple[str, ...]] = {
    "flat": ("flat", "simple"),
    "striped": ("striped", "stripy"),
    "spotted": ("spotted", "dotted"),
    "shiny": ("shiny", "glossy", "glowing"),
}
SPEEDS: dict[str, tuple[str, ...]] = {
    "slow": ("slowly", "gently", "slow"),
    "normal": ("steadily",),
    "fast": ("quickly", "fast", "rapidly"),
}

# Verbs as (third person, gerund).
_GO = (
    ("drifts", "drifting"), ("drifts", "drifting"), ("moves", "moving"), ("moves", "moving"),
    ("goes", "going"), ("slides", "sliding"), ("glides", "gliding"), ("flies", "flying"),
    ("travels", "traveling"), ("floats", "floating"), ("swims", "swimming"), ("sails", "sailing"),
    ("runs", "running"),
)  # fmt: skip
_UP = (("rises", "rising"), ("climbs", "climbing"), ("ascends", "ascending"))
_DOWN = (("sinks", "sinking"), ("descends", "descending"), ("lowers", "lowering"))
WAYS: dict[str, tuple[str, ...]] = {
    "left": ("left", "left", "to the left", "leftward", "leftwards", "from right to left"),
    "right": ("right", "right", "to the right", "rightward", "rightwards", "from left to right"),
    "up": ("up", "up", "upward", "upwards", "to the top", "from bottom to top"),
    "down": ("down", "down", "downward", "downwards", "to the bottom", "from top to bottom"),
}
_OTHER: dict[str, tuple[tuple[str, str], ...]] = {
    "falling": (("falls", "falling"), ("falls down", "falling down"), ("drops", "dropping")),
    "bouncing": (
        ("bounces", "bouncing"), ("jumps", "jumping"), ("hops", "hopping"),
        ("bounces up and down", "bouncing up and down"),
    ),
    "circling": (
        ("circles around", "circling around"), ("circles", "circling"), ("orbits", "orbiting"),
        ("moves in a circle", "moving in a circle"), ("goes round", "going round"),
    ),
    "zigzag": (
        ("zigzags", "zigzagging"), ("moves in a zigzag", "moving in a zigzag"),
        ("goes zigzag", "going zigzag"),
    ),
    "swinging": (
        ("swings", "swinging"), ("sways", "swaying"), ("rocks", "rocking"),
        ("swings from side to side", "swinging from side to side"),
    ),
    "floating": (
        ("floats", "floating"), ("hovers", "hovering"), ("bobs", "bobbing"),
        ("floats in place", "floating in place"),
    ),
    "spinning": (
        ("spins", "spinning"), ("rotates", "rotating"), ("turns", "turning"),
        ("twirls", "twirling"), ("spins around", "spinning around"),
    ),
    "growing": (("grows", "growing"), ("gets bigger", "getting bigger"), ("expands", "expanding")),
    "shrinking": (("shrinks", "shrinking"), ("gets smaller", "getting smaller")),
    "pulsing": (("pulses", "pulsing"), ("beats", "beating"), ("throbs", "throbbing")),
    "appearing": (("appears", "appearing"), ("fades in", "fading in")),
    "vanishing": (
        ("fades away", "fading away"), ("disappears", "disappearing"), ("vanishes", "vanishing"),
        ("fades out", "fading out"),
    ),
    "still": (
        ("stands still", "standing still"), ("stays still", "staying still"), ("rests", "resting"),
        ("is still", "still"), ("does not move", "not moving"), ("sits", "sitting"),
        ("is motionless", "motionless"),
    ),
}  # fmt: skip
VERBS: dict[str, tuple[tuple[str, str], ...]] = {
    **{
        way: tuple(
            (f"{verb} {to}", f"{gerund} {to}") for (verb, gerund), to in product(_GO, WAYS[way])
        )
        for way in HEADINGS
    },
    **_OTHER,
}
_BARE = {"up": _UP, "down": _DOWN}

PLACES: dict[str, tuple[str, ...]] = {
    "sky": ("in the sky", "over a cloudy sky", "among the clouds", "over a blue sky with clouds",
            "against the sky"),
    "sea": ("over the sea", "at sea", "over the ocean", "on the water", "in front of the sea"),
    "night": ("at night", "in the night sky", "under the stars", "over a starry night",
              "in space", "over a starry sky"),
    "field": ("over a field", "in a meadow", "over green hills", "over a green field",
              "on the grass", "in a grassy field"),
    "mountains": ("in the mountains", "over mountains", "in front of a mountain"),
    "desert": ("in the desert", "over a desert", "over sand dunes", "on the sand"),
    "city": ("over a city", "in the city", "in front of a skyline", "above the town"),
    "sunset": ("at sunset", "in front of a sunset", "at dusk", "in the evening sun"),
    "snow": ("in the snow", "while it snows", "in snowfall", "in winter"),
}  # fmt: skip
PATTERNS: dict[str, tuple[str, ...]] = {
    "grid": ("grid", "grid of lines"),
    "stripes": ("stripes", "lines"),
    "dots": ("dots", "polka dots", "spots"),
    "checks": ("checks", "squares", "checkerboard"),
}
_PATTERN_WORDS = {
    "grid": ("grid", "gridded"), "stripes": ("striped",), "dots": ("dotted", "polka dot"),
    "checks": ("checkered", "checkerboard"),
}  # fmt: skip
SPOTS: dict[str, tuple[str, ...]] = {
    "centre": ("in the middle", "in the centre", "in the center"),
    "left side": ("on the left", "on the left side"),
    "right side": ("on the right", "on the right side"),
    "top": ("at the top", "near the top"),
    "bottom": ("at the bottom", "near the bottom"),
}
_OVER = ("over", "over", "on", "against", "in front of", "before", "across")
_GROUND = ("background", "background", "background", "backdrop", "wall", "canvas")
_OPENINGS = ("a video of", "an animation of", "show me", "a clip of", "there is", "make", "draw",
             "a film of", "please show", "i want")  # fmt: skip


def _one(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _article(rng: np.random.Generator, words: str) -> str:
    article = _one(rng, ("a", "a", "a", "a", "the", "one", ""))
    if article == "a" and words[0] in "aeiou":
        article = "an"
    return f"{article} {words}".strip()


def _noun(subject: Subject, rng: np.random.Generator) -> str:
    words = [] if rng.random() < 0.06 else [_one(rng, COLOURS[subject.colour])]
    if subject.texture:
        words.append(_one(rng, TEXTURES[subject.texture]))
        if rng.random() < 0.5:
            words.reverse()
    if subject.size:
        words.insert(0, _one(rng, SIZES[subject.size]))
    words.append(_one(rng, SHAPES[subject.shape]))
    return _article(rng, " ".join(words))


def _verb(subject: Subject, rng: np.random.Generator, form: int) -> str:
    bare = _BARE.get(subject.motion)
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
        options = _OTHER[subject.extra]
        words += _one(rng, (" and ", " while ")) + options[int(rng.integers(len(options)))][form]
    return words


def _clause(subject: Subject, rng: np.random.Generator) -> str:
    noun = _noun(subject, rng)
    if subject.motion == "still" and not subject.spot and rng.random() < 0.25:
        return noun
    form = int(rng.random() < 0.65)
    verb = _verb(subject, rng, form)
    return f"{verb} {noun}" if form and rng.random() < 0.06 else f"{noun} {verb}"


def _place(scene: Scene, rng: np.random.Generator) -> str:
    name, (first, second) = scene.background, (_one(rng, COLOURS[c]) for c in scene.colours)
    if name in PLACES:
        return _one(rng, PLACES[name])
    ground, over = _one(rng, _GROUND), _one(rng, _OVER)
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
    pattern, word = _one(rng, PATTERNS[name]), _one(rng, _PATTERN_WORDS[name])
    return _one(rng, (
        f"{over} a {first} {ground} with {second} {pattern}", f"{over} {second} {pattern} on {first}",
        f"{over} a {word} {first} and {second} {ground}", f"with {second} {pattern} on {first}",
    ))  # fmt: skip


def describe(scene: Scene, rng: np.random.Generator) -> str:
    """One caption of a scene."""
    joint = _one(rng, (" and ", " and ", " while ", " with ", ", "))
    story = joint.join(_clause(subject, rng) for subject in scene.subjects)
    if rng.random() < 0.12:
        story = f"{_one(rng, _OPENINGS)} {story}"
    if rng.random() < 0.04:
        return story
    place = _place(scene, rng)
    if rng.random() < 0.25:
        return f"{place}{_one(rng, (', ', ' '))}{story}"
    return f"{story}{_one(rng, (' ', ' ', ', '))}{place}"


def split(text: str) -> list[str]:
    """The words of a text, lower case; commas and full stops are words of their own."""
    return re.findall(r"[^\W_]+|,", re.sub("[.;]", ",", re.sub("['’]", "", text.lower())))


def vocabulary() -> tuple[str, ...]:
    """Every word a caption can hold, sorted."""
    texts: list[str] = [*_OPENINGS, *_OVER, *_GROUND]
    tables = (SHAPES, COLOURS, SIZES, TEXTURES, SPEEDS, WAYS, PLACES, PATTERNS, SPOTS)
    for table in (*tables, _PATTERN_WORDS):
        texts += [text for options in table.values() for text in options]
    verbs = [pair for pairs in (*VERBS.values(), *_BARE.values()) for pair in pairs]
    texts += [text for pair in verbs for text in pair]
    texts += [
        "a",
        "an",
        "the",
        "one",
        "and",
        "while",
        "with",
        "plain",
        "gradient",
        "from",
        ",",
        "to",
    ]
    return tuple(sorted({word for text in texts for word in split(text)}))
