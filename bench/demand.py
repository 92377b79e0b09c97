"""Who asks for what, and when: a day in a large community. All of it is assumed but for the speeds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from db.speed import Shape

HOUR, DAY = 3600.0, 86_400.0
MEMBERS = 100_000
TAIL = 1.1
"""Of the Pareto distribution of how often each asks: the most active hundredth asks for about half."""
SWING = 0.6
"""How far the busiest hour is above the mean, and the quietest below it."""
BUSIEST = 20 * HOUR
BURSTS, BURST_SECONDS, BURST = 6, 20 * 60.0, 3.0
"""A day, how long each, and how many times as much is asked for meanwhile: a theme opens, say."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its makers publish its speed; ``seconds`` of a job of so many clips of five seconds."""

    name: str
    a_clip: float
    clips: int
    share: float
    """Of all wishes."""
    small: bool
    """Whether it fits a card of 24 GB."""
    load: float
    """Seconds until a worker has it in memory."""

    @property
    def seconds(self) -> float:
        return self.a_clip * self.clips

    @property
    def shape(self) -> Shape:
        return Shape(832, 480, 81, 4, self.clips)


MODELS = (
    Model("FastWan 1.3B", 3.4, 4, 0.45, True, 10),  # three steps, on an RTX 4090
    Model("Helios, distilled", 81 / 19.5, 4, 0.20, True, 45),  # 19.5 frames a second on an H100
    Model("Wan 14B, four steps", 14, 4, 0.15, False, 45),  # 81 frames of 480p on an H200
    Model("Kandinsky 5 Lite, distilled", 47.5, 4, 0.12, True, 12),  # 35 to 60 s on an H100
    Model("Wan 14B", 366, 1, 0.08, False, 45),  # the official figure for the same, on an H200
)
MEAN_SECONDS = sum(model.seconds * model.share for model in MODELS)


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish, before anybody has said whether there is room for it."""

    at: float
    person: int
    model: Model


def wishes(
    chance: random.Random, per_day: float, seconds: float, members: int = MEMBERS
) -> Iterator[Asked]:
    """What is asked for in so many seconds from midnight on, in order."""
    eager = list(accumulate(chance.paretovariate(TAIL) for _ in range(members)))
    bursts = [
        chance.uniform(0, max(seconds, DAY)) for _ in range(math.ceil(BURSTS * seconds / DAY))
    ]
    extra = 1 + BURSTS * BURST_SECONDS * (BURST - 1) / DAY
    most = per_day / DAY * (1 + SWING) * BURST
    shares, at, people = [model.share for model in MODELS], 0.0, range(members)
    while (at := at + chance.expovariate(most)) < seconds:
        usual = 1 + SWING * math.cos(2 * math.pi * (at - BUSIEST) / DAY)
        now = usual * (BURST if any(0 <= at - b < BURST_SECONDS for b in bursts) else 1) / extra
        if chance.random() < now * per_day / DAY / most:
            (person,) = chance.choices(people, cum_weights=eager)
            (model,) = chance.choices(MODELS, shares)
            yield Asked(at, person, model)
