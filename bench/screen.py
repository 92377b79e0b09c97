"""The screen of words: how often it is wrong on the test set, rule by rule, and how long it takes.

``python -m bench.screen`` looks at every prompt of tests/moderation/screen_prompts.toml, and at the same
innocent ones for a pattern that was left out of the rules.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

from bench.figures import published
from bench.report import Figure, main
from moderation.screening.words import standard

PROMPTS = Path(__file__).parents[1] / "tests" / "moderation" / "screen_prompts.toml"
ROUNDS, QUICK_ROUNDS = 20, 3
LIMIT_SECONDS = 120.0
LONGEST = "a photo of somebody walking past the harbour while (golden hour:1.2) light falls, "
NAME = re.compile(r"(?:photo of|in the style of) [A-Z]\w+ [A-Z]\w+")
"""What would find any name, known or not."""


async def measure(quick: bool) -> list[Figure]:
    screen, prompts = standard(), tomllib.loads(PROMPTS.read_text())
    innocent: list[str] = prompts["innocent"]
    wrong = Counter(found.rule.id for text in innocent for found in screen.read(text))
    clean = sum(not screen.read(text) for text in innocent)
    named = sum(bool(NAME.search(text)) for text in innocent)
    found = len(innocent) - clean
    figures = [
        published(
            "screen: innocent prompts in which anything is found",
            100 * found / len(innocent),
            f"{found} of {len(innocent)}",
        ),
        _rate("… by the pattern “photo of Two Words”, were it a rule", named, len(innocent)),
    ]
    missed, of = 0, 0
    for rule, texts in prompts["flagged"].items():
        not_found = sum(rule not in {f.rule.id for f in screen.read(t)} for t in texts)
        missed, of = missed + not_found, of + len(texts)
        figures.append(_rate(f"{rule}: missed", not_found, len(texts)))
        figures.append(_rate(f"{rule}: found in what is innocent", wrong[rule], len(innocent)))
    hard = wrong["sexual-minors"]
    figures.append(_rate("sexual-minors: found in what is innocent", hard, len(innocent)))
    name = "screen: missed of all that should be found"
    figures.append(published(name, 100 * missed / of, f"{missed} of {of}"))
    every = [*innocent, *(text for texts in prompts["flagged"].values() for text in texts)]
    rounds = QUICK_ROUNDS if quick else ROUNDS
    took = [_milliseconds(text) for _ in range(rounds) for text in every]
    longest = (LONGEST * 20)[:1000]
    return [
        *figures,
        published("screen: one prompt", median(took)),
        Figure("one prompt, 99 of 100", quantiles(took, n=100)[-1], "ms"),
        Figure(
            "one of 1,000 characters", median(_milliseconds(longest) for _ in range(rounds)), "ms"
        ),
    ]


def _rate(name: str, found: int, of: int) -> Figure:
    return Figure(name, 100 * found / of, "%", f"{found} of {of}")


def _milliseconds(text: str) -> float:
    began = time.thread_time()
    standard().read(text)
    return 1000 * (time.thread_time() - began)


if __name__ == "__main__":
    main("screen", __doc__, measure, LIMIT_SECONDS)
