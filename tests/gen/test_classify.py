"""A classifier that a host installs, here a tiny one whose answer is known, looks at every clip."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from gen.classify import MISSING, Classifier
from gen.engines.base import Brief, CannotMake
from gen.host import Host
from gen.settings import WorkerSettings
from tests.support.engines import Toy, entry

LABELS = {0: "calm", 1: "nsfw"}
FRAMES = [np.full((40, 40, 3), level, np.uint8) for level in (10, 240)]
BRIEF = Brief("a red circle", (7, 8), width=64, height=64, frames=8, fps=8, steps=4, guidance=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real network that is sure of one label, whatever it sees."""
    # Here, as to load them takes seconds, and every process of a run collects every test.
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    where = tmp_path_factory.mktemp("classifier")
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=32, patch_size=16, id2label=LABELS, label2id={v: k for k, v in LABELS.items()},
    )  # fmt: skip
    model = ViTForImageClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 2.0]))
    model.save_pretrained(where)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(where)
    return where


def test_only_what_it_is_sure_enough_of_is_a_mark(folder: Path) -> None:
    sure = 1 / (1 + np.exp(-2))
    for least, marks in ((0.88, {"nsfw": pytest.approx(sure, abs=1e-3)}), (0.89, {})):
        found = Classifier({"folder": str(folder), "thresholds": {"nsfw": least}})
        assert found.marks(FRAMES) == marks
    both = Classifier({"folder": str(folder), "thresholds": {"nsfw": 0.5, "calm": 0.1}})
    assert set(both.marks(FRAMES)) == {"nsfw", "calm"}


def test_a_folder_without_a_model_or_without_its_label_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    for where, label in ((tmp_path, "nsfw"), (folder, "gore")):
        with pytest.raises(CannotMake) as refused:
            Classifier({"folder": str(where), "thresholds": {label: 0.5}})
        assert str(refused.value) == MISSING


async def test_the_render_child_looks_at_every_clip(folder: Path, tmp_path: Path) -> None:
    toy = entry("toy", Toy, tmp_path / "diary")
    host = Host(classifying={"folder": str(folder), "thresholds": {"nsfw": 0.5}})
    host.start()
    async with asyncio.timeout(60):
        rendered = await host.render(toy, BRIEF, tmp_path, lambda _: None)
    await host.close()
    assert [set(clip.marks) for clip in rendered.clips] == [{"nsfw"}, {"nsfw"}]
    assert all(clip.hashes for clip in rendered.clips)


def test_without_a_folder_nothing_is_asked_for(tmp_path: Path) -> None:
    assert WorkerSettings(data=tmp_path).classifying is None
    named = WorkerSettings(data=tmp_path, classifier=tmp_path, classifier_thresholds={"gore": 0.7})
    assert named.classifying == {"folder": str(tmp_path), "thresholds": {"gore": 0.7}}
