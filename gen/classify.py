"""A classifier of pictures that a host has installed: it says what it sees, and decides nothing.

Only the render child imports this, and only where the settings name a folder with a model.
"""

from __future__ import annotations

import threading
from typing import Any

from PIL import Image

from gen.engines.base import CannotMake, Picture
from gen.rendered import Classifying

MISSING = (
    "The studio's picture classifier can't be loaded, so nothing is rendered; a host finds why in the "
    "settings `classifier` and `classifier_thresholds`."
)


class Classifier:
    """An image classification pipeline of transformers' from a local folder, on the CPU."""

    def __init__(self, asked: Classifying) -> None:
        """Load the model. Raises ``CannotMake`` when it is missing or has none of the labels."""
        # What is needed is a part of the extra `classify`, and takes seconds to import.
        try:
            from transformers import (
                AutoImageProcessor,
                AutoModelForImageClassification,
                pipeline,
            )

            folder = asked["folder"]
            model = AutoModelForImageClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
            processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
            self._pipeline: Any = pipeline(
                "image-classification", model=model, image_processor=processor, device="cpu"
            )
        except (ImportError, OSError, ValueError) as error:
            raise CannotMake(MISSING) from error
        labels = set(self._pipeline.model.config.id2label.values())
        if not set(asked["thresholds"]) <= labels:
            raise CannotMake(MISSING)
        self._thresholds = dict(asked["thresholds"])
        self._one_at_a_time = threading.Lock()

    def marks(self, pictures: list[Picture]) -> dict[str, float]:
        """Label -> how sure it is in the frame that shows it most; only what reaches its threshold."""
        images = [Image.fromarray(picture) for picture in pictures]
        with self._one_at_a_time:
            answers = self._pipeline(images, top_k=None)
        surest: dict[str, float] = {}
        for seen in (one for answer in answers for one in answer):
            surest[seen["label"]] = max(seen["score"], surest.get(seen["label"], 0.0))
        return {
            label: round(surest[label], 4)
            for label, least in self._thresholds.items()
            if surest.get(label, 0.0) >= least
        }
