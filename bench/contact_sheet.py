"""What the model that ships draws, on one sheet: 24 prompts, each its first, middle and last frame.

``python -m bench.contact_sheet`` writes the picture that the model's card shows. The prompts and seeds
are fixed, and nothing is picked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.train import WEIGHTS

PROMPTS = (
    "a red circle drifting left over a blue background",
    "a yellow star spinning in the night sky",
    "a white boat sails to the right on the sea",
    "a green tree grows in a meadow",
    "a pink heart pulsing over a purple wall with white dots",
    "an orange fish swims left in the water",
    "a rocket lifting off at sunset",
    "two blue balls bouncing on a yellow background",
    "a small black house stands still in the snow",
    "a large turquoise ring rolling right in the desert",
    "a striped red ball and a green square, both spinning, on white",
    "a golden moon rises over the city",
    "a dark brown boat on a lake, the camera pans right",
    "mountains, zoom in, a white flower in the middle",
    "a lavender diamond zigzags over a grid of lines on white",
    "a shiny silver arrow flies up among the clouds",
    "a raindrop falling in front of green hills",
    "a maroon cross fading away on a beige wall",
    "a spotted yellow fish and a blue boat on the waves",
    "a hexagon swinging from side to side over orange and red stripes",
    "a tiny white star circling in space",
    "a pale pink blossom floats over a gradient from blue to turquoise",
    "a black spaceship appears at dusk, zoom out",
    "a green triangle shrinking on black and white checks",
)
COLUMNS, SIDE, SEAM, GAP, CAPTION = 3, 144, 2, 14, 20
SEED = 1


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=WEIGHTS)
    parser.add_argument("--out", type=Path, default=Path("docs/images/contact-sheet.jpg"))
    asked = parser.parse_args()
    pipe = CommonsShapesPipeline.from_pretrained(asked.weights, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    wide, high = 3 * (SIDE + SEAM) + GAP, SIDE + CAPTION + GAP
    rows = -(-len(PROMPTS) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * wide + GAP, rows * high + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, prompt in enumerate(PROMPTS):
        dice = torch.Generator().manual_seed(SEED)
        made = pipe(prompt, height=2 * SIDE, width=2 * SIDE, num_frames=48, generator=dice)
        film = made.frames[0]
        x, y = GAP + number % COLUMNS * wide, GAP + number // COLUMNS * high
        draw.text((x, y), prompt, fill="black", font=font)
        for place, frame in enumerate((film[0], film[len(film) // 2], film[-1])):
            small = Image.fromarray(np.asarray(frame)).resize(
                (SIDE, SIDE), Image.Resampling.LANCZOS
            )
            sheet.paste(small, (x + place * (SIDE + SEAM), y + CAPTION))
    sheet.save(asked.out, quality=88, optimize=True)
    print(asked.out)


if __name__ == "__main__":
    main()
