"""The embedded model can be trained from nothing by whoever wants to change it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gen.embedded import captions, scenes, words
from gen.embedded.codec import SceneCodec
from gen.embedded.denoiser import WordEncoder
from gen.embedded.drawings import Drawings
from gen.embedded.painter import paint
from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.timeline import played
from gen.embedded.train import Plan, Run, main


def test_quick_training_lowers_the_loss_and_leaves_loadable_weights(tmp_path: Path) -> None:
    losses = main(["--quick", "--out", str(tmp_path), "--curve", str(tmp_path / "curve.svg")])
    assert f"step {len(losses)}" in (tmp_path / "curve.svg").read_text()
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])
    pipe = CommonsShapesPipeline.from_pretrained(tmp_path, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    assert pipe("a red circle", num_inference_steps=2).frames.shape == (1, 48, 256, 256, 3)


def _tiny(steps: int) -> Plan:
    return Plan(steps=steps, batch=8, variants=20, dim=32, depth=1, heads=2)


def test_a_run_repeats_exactly_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = Run(_tiny(6), None).train()
    again = Run(_tiny(6), tmp_path / "run.pt")
    for _ in range(3):
        again.one_step()
    again.keep()
    assert Run(_tiny(6), tmp_path / "run.pt").train() == whole


def test_a_scene_survives_the_codec() -> None:
    codec = SceneCodec()
    drawings = Drawings(codec, seed=0, variants=40)
    drawings.fit(seed=0, samples=1000)
    rng = np.random.default_rng(3)
    subject = scenes.Subject("square", "red", motion="left")
    plan = scenes.Scene((subject,), "plain", ("blue", "white"))
    layers = codec.unpack(drawings.latents([plan], rng)[0])
    film = paint(layers, played(layers, 16), 128, 128)
    red = (film.float() - torch.tensor([219.0, 28, 31])).norm(dim=-1) < 90
    columns = torch.arange(128.0)
    x = (red.sum(1) * columns).sum(-1) / red.sum((1, 2))
    assert bool((x.diff() < 0).all())
    blue = (film.float() - torch.tensor([33.0, 76, 219])).norm(dim=-1) < 90
    assert float((red | blue).float().mean()) > 0.97


def test_every_caption_is_made_of_known_words() -> None:
    encoder, rng = WordEncoder(words=captions.vocabulary()), np.random.default_rng(0)
    for _ in range(2000):
        text = captions.describe(scenes.draw_scene(rng), rng)
        assert all(encoder.known(word) for word in captions.split(text)), text


@pytest.mark.parametrize("noun", [noun for nouns in words.SHAPES.values() for noun in nouns])
def test_many_of_a_shape_are_called_by_a_known_word(noun: str) -> None:
    encoder = WordEncoder(words=captions.vocabulary())
    many = words.PLURALS.get(noun, f"{noun}s")
    assert all(encoder.known(word) for word in captions.split(many)), many


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("drifted", "drifts"), ("circles", "circle"), ("bounced", "bounces"), ("stars", "star"),
        ("reddish", "red"), ("giraffe", None), ("spinned", "spins"), ("houses", "house"),
    ],
)  # fmt: skip
def test_inflections_of_known_words_are_known(word: str, known: str | None) -> None:
    encoder = WordEncoder(words=("drifts", "circle", "bounces", "star", "red", "spins", "house"))
    assert encoder.known(word) == known
