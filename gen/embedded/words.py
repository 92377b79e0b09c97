"""The words of captions: how people call what a scene is made of."""

from __future__ import annotations

from itertools import product

from gen.embedded.scenes import HEADINGS

SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc", "ball", "dot", "sphere", "bubble"),
    "square": ("square", "square", "box", "block", "cube", "tile"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "diamond": ("diamond", "diamond", "rhombus"),
    "ring": ("ring", "ring", "hoop", "donut"),
    "cross": ("cross", "cross", "plus"),
    "hexagon": ("hexagon",),
    "crescent": ("crescent", "crescent", "moon", "crescent moon", "half moon"),
    "flower": ("flower", "flower", "blossom", "daisy"),
    "arrow": ("arrow",),
    "drop": ("drop", "raindrop", "droplet"),
    "fish": ("fish",),
    "boat": ("boat", "boat", "ship", "sailboat", "yacht"),
    "house": ("house", "house", "home", "hut", "cottage", "cabin"),
    "tree": ("tree", "tree", "fir", "pine"),
    "rocket": ("rocket", "rocket", "spaceship"),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "crimson", "scarlet", "ruby"),
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
SHADES: dict[str, tuple[str, ...]] = {
    "light": ("light", "light", "pale", "pastel"),
    "dark": ("dark", "dark", "deep"),
}
SHADE_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("blue", "dark"): ("navy", "navy blue"),
    ("red", "dark"): ("maroon",),
    ("brown", "light"): ("beige",),
    ("purple", "light"): ("lavender", "lilac"),
    ("green", "light"): ("mint",),
}
"""Shades that have a name of their own."""
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
GO = (
    ("drifts", "drifting"), ("drifts", "drifting"), ("moves", "moving"), ("moves", "moving"),
    ("goes", "going"), ("slides", "sliding"), ("glides", "gliding"), ("flies", "flying"),
    ("travels", "traveling"), ("floats", "floating"), ("swims", "swimming"), ("sails", "sailing"),
    ("runs", "running"), ("rolls", "rolling"), ("drives", "driving"), ("wanders", "wandering"),
)  # fmt: skip
UP = (
    ("rises", "rising"),
    ("climbs", "climbing"),
    ("ascends", "ascending"),
    ("soars", "soaring"),
    ("lifts off", "lifting off"),
)
DOWN = (
    ("sinks", "sinking"),
    ("descends", "descending"),
    ("lowers", "lowering"),
    ("dives", "diving"),
)
WAYS: dict[str, tuple[str, ...]] = {
    "left": ("left", "left", "to the left", "leftward", "leftwards", "from right to left"),
    "right": ("right", "right", "to the right", "rightward", "rightwards", "from left to right"),
    "up": ("up", "up", "upward", "upwards", "to the top", "from bottom to top"),
    "down": ("down", "down", "downward", "downwards", "to the bottom", "from top to bottom"),
}
OTHER: dict[str, tuple[tuple[str, str], ...]] = {
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
        ("twirls", "twirling"), ("whirls", "whirling"), ("spins around", "spinning around"),
    ),
    "growing": (("grows", "growing"), ("swells", "swelling"), ("gets bigger", "getting bigger"), ("expands", "expanding")),
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
        ("is motionless", "motionless"), ("waits", "waiting"),
    ),
}  # fmt: skip
VERBS: dict[str, tuple[tuple[str, str], ...]] = {
    **{
        way: tuple(
            (f"{verb} {to}", f"{gerund} {to}") for (verb, gerund), to in product(GO, WAYS[way])
        )
        for way in HEADINGS
    },
    **OTHER,
}
BARE = {"up": UP, "down": DOWN}

PLACES: dict[str, tuple[str, ...]] = {
    "sky": ("in the sky", "over a cloudy sky", "among the clouds", "over a blue sky with clouds",
            "against the sky"),
    "sea": ("over the sea", "at sea", "over the ocean", "on the water", "in front of the sea", "on a lake",
            "in the water", "on the waves"),
    "night": ("at night", "in the night sky", "under the stars", "over a starry night",
              "in space", "over a starry sky", "in the dark night", "in the moonlight",
              "under a starry sky"),
    "field": ("over a field", "in a meadow", "over green hills", "over a green field",
              "on the grass", "in a grassy field", "in a garden", "in a park"),
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
PATTERN_WORDS = {
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
OVER = ("over", "over", "on", "against", "in front of", "before", "across")
GROUND = ("background", "background", "background", "backdrop", "wall", "canvas")
OPENINGS = ("a video of", "an animation of", "show me", "a clip of", "there is", "make", "draw",
             "a film of", "please show", "i want")  # fmt: skip

# A camera's moves: after "the camera", as a gerund, and as an order.
CAMERAS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "still": (("stays still", "standing still", "static camera"),
              ("does not move", "not moving", "fixed camera")),
    "zoom in": (("zooms in", "zooming in", "zoom in"), ("moves closer", "moving closer", "close in")),
    "zoom out": (("zooms out", "zooming out", "zoom out"),
                 ("moves away", "moving away", "zoom out")),
    **{
        f"pan {way}": (
            (f"pans {way}", f"panning {way}", f"pan {way}"),
            (f"pans to the {way}", f"panning to the {way}", f"pan to the {way}"),
            (f"moves {way}", f"moving {way}", f"pan {way}"),
        )
        for way in ("left", "right")
    },
    **{
        f"pan {way}": (
            (f"pans {way}", f"panning {way}", f"pan {way}"),
            (f"tilts {way}", f"tilting {way}", f"tilt {way}"),
        )
        for way in ("up", "down")
    },
}  # fmt: skip
PLURALS = {
    "fish": "fish",
    "rhombus": "rhombus",
    "box": "boxes",
    "cross": "crosses",
    "plus": "plus",
    "daisy": "daisies",
}
"""Where it isn't an s."""
TWO = ("two", "two", "two", "2", "a pair of")
