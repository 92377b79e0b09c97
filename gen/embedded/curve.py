"""The loss of a training run as a small picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 640, 240, 36
SMOOTH = 25
"""Steps whose mean is one point."""


def draw(losses: Sequence[float], path: Path) -> None:
    """Write an SVG: steps to the right, the loss upwards on a logarithmic scale."""
    means = [
        sum(losses[i : i + SMOOTH]) / len(losses[i : i + SMOOTH])
        for i in range(0, len(losses), SMOOTH)
    ]
    low, high = math.log(min(means)), math.log(max(means))
    wide, tall = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = " ".join(
        f"{MARGIN + wide * i / max(1, len(means) - 1):.1f},"
        f"{MARGIN + tall * (high - math.log(mean)) / (high - low or 1):.1f}"
        for i, mean in enumerate(means)
    )
    below = HEIGHT - MARGIN + 18
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        f'<polyline points="{points}" fill="none" stroke="#2456b0" stroke-width="2"/>\n'
        f'<text x="{MARGIN}" y="{MARGIN - 10}">loss {max(means):.2f}</text>\n'
        f'<text x="{WIDTH - MARGIN}" y="{below}" text-anchor="end">'
        f"step {len(losses)}, loss {means[-1]:.3f}</text>\n</svg>\n"
    )
