"""`sora models fetch` against a hub on this machine, in a process of its own as a host runs it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from diffusers import AnimateDiffPipeline

from gen import catalogue, stock, weights
from gen.settings import WorkerSettings
from gen.stock import State
from tests.support import doors, tiny_images
from tests.support import hub as hubs
from tests.support import weights as made
from tests.support.doors import Said
from tests.support.engines import Toy, entry, style
from tests.support.hub import Hub

ROOT = Path(catalogue.__file__).parents[1]
MODEL = """
[[model]]
name = "mine"
title = "Mine"
about = "For tests."
licence = "Apache-2.0"
fps = 8
seconds = { low = 1, high = 4, default = 1 }
steps = { low = 1, high = 50, default = 4 }
guidance = { low = 1, high = 6, default = 2 }
sizes = { "1:1" = [64, 64] }
options = { source = "ada/mine" }
"""
STYLE = style("ada/ink")


@dataclass
class Place:
    """A host's machine with a hub within reach."""

    folder: Path
    hub: Hub

    @property
    def stock(self) -> Path:
        return self.folder / "stock"

    def writes(self, text: str = MODEL) -> None:
        (self.folder / "models.toml").write_text(text)

    def sora(self, *arguments: str, **env: str) -> Said:
        return doors.ask(
            "gen.models_cli",
            *arguments,
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(self.folder),
                "HF_ENDPOINT": self.hub.url,
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_ETAG_TIMEOUT": "5",
                "SORA_MODELS": str(self.folder / "models.toml"),
                "SORA_MODELS_DIR": str(self.stock),
                **env,
            },
        )

    def state(self, name: str = "mine") -> tuple[State, str]:
        settings = WorkerSettings(models=self.folder / "models.toml", models_dir=self.stock)
        found = {s.entry.name: s for s in stock.look(settings, lambda: 8.0)}[name]
        return found.state, found.why


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "host"
    folder.mkdir()
    with hubs.serving(tmp_path / "hub") as hub:
        made.pipeline(tmp_path / "hub" / "ada" / "mine", shards=2)
        place = Place(folder, hub)
        place.writes()
        yield place


def said(ended: Said) -> str:
    """The one sentence of a refusal, without the progress that a library draws before it."""
    assert ended.status in (1, 2), ended
    assert "Traceback" not in ended.err, ended.err
    return ended.err.strip().splitlines()[-1]


def test_what_is_fetched_is_pinned_whole_and_offered(place: Place) -> None:
    repository = place.hub.folder / "ada" / "mine"
    (repository / "transformer" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"x")
    (repository / "transformer" / "model.bin").write_bytes(b"pickle")
    (repository / "pipeline.py").write_text("print('run me')")
    made.tensors(repository / "everything-in-one.safetensors")
    made.tensors(repository / "unused" / "model.safetensors")
    assert place.state()[0] is State.NEEDS_WEIGHTS

    ended = place.sora("fetch", "mine")

    assert ended.status == 0, ended.err
    there = {file.name for file in (place.stock / "mine").rglob("*") if file.is_file()}
    for left in ("pipeline.py", "model.bin", "everything-in-one.safetensors", "model.safetensors"):
        assert left not in there
    assert "diffusion_pytorch_model.fp16.safetensors" not in there
    assert "diffusion_pytorch_model-00002-of-00002.safetensors" in there
    assert "spiece.model" in there
    pin = weights.pin_of(place.stock / "mine")
    assert pin is not None
    assert pin.repositories[""].revision == place.hub.sha("ada/mine")
    assert place.state() == (State.OFFERED, "")
    assert place.sora("check", "mine").out == "✓ mine: It can be used.\n"


def test_a_fetch_that_was_cut_off_goes_on_with_the_same_revision(place: Place) -> None:
    big = place.hub.folder / "ada" / "mine" / "transformer"
    big = made.tensors(big / "diffusion_pytorch_model-00002-of-00002.safetensors", kilobytes=30_000)
    first = place.hub.sha("ada/mine")
    place.hub.break_after = 20_000_000
    assert "files that came whole are kept" in said(place.sora("fetch", "mine"))
    state, why = place.state()
    assert state is State.UNUSABLE_WEIGHTS
    assert "are incomplete" in why
    assert why.endswith("sora models fetch mine")

    place.hub.break_after = None
    place.hub.sent.clear()
    left = place.stock / "mine" / ".cache" / "huggingface" / "download" / "x.incomplete"
    left.touch()
    (place.hub.folder / "ada" / "mine" / "README.md").write_text("A newer revision.")
    place.hub.older[first] = "ada/mine"
    assert place.sora("fetch", "mine").status == 0
    pin = weights.pin_of(place.stock / "mine")
    assert pin is not None
    assert pin.repositories[""].revision == first
    assert place.state() == (State.OFFERED, "")
    assert not left.exists()
    came = [sent for sent in place.hub.sent if sent.endswith(".safetensors")]
    assert came == [f"ada/mine/transformer/{big.name}"]  # the other one was there already


@pytest.mark.parametrize("keep", [0, 2000, None], ids=["empty", "cut short", "one bit"])
def test_a_fetch_mends_what_was_damaged_since(place: Place, keep: int | None) -> None:
    assert place.sora("fetch", "mine").status == 0
    name = "transformer/diffusion_pytorch_model-00001-of-00002.safetensors"
    file = place.stock / "mine" / name
    before, times = file.read_bytes(), file.stat()
    file.write_bytes(before[:keep] if keep is not None else before[:-1] + b"!")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # as when a disk does it
    checked = place.sora("check", "mine")
    assert checked.status == 1
    assert file.name in checked.out
    assert checked.out.endswith("sora models fetch mine\n")
    assert place.sora("fetch", "mine").status == 0
    assert file.read_bytes() == before
    assert place.sora("check", "mine").status == 0


def test_another_revision_than_the_catalogues_is_never_used(place: Place) -> None:
    assert place.sora("fetch", "mine").status == 0
    (place.hub.folder / "ada" / "mine" / "README.md").write_text("A newer revision.")
    newer = place.hub.sha("ada/mine")
    source = 'source = "ada/mine"'
    place.writes(MODEL.replace(source, f'{source}, revision = "{newer}"'))
    state, why = place.state()
    assert state is State.UNUSABLE_WEIGHTS
    assert newer[:12] in why
    assert place.sora("fetch", "mine").status == 0
    assert place.state()[0] is State.OFFERED


def test_weights_of_a_revision_before_are_removed(place: Place) -> None:
    assert place.sora("fetch", "mine").status == 0
    shutil.rmtree(place.hub.folder / "ada" / "mine")
    made.pipeline(place.hub.folder / "ada" / "mine")
    source = 'source = "ada/mine"'
    place.writes(MODEL.replace(source, f'{source}, revision = "{place.hub.sha("ada/mine")}"'))
    assert place.sora("fetch", "mine").status == 0
    there = sorted(f.name for f in (place.stock / "mine" / "transformer").iterdir())
    assert there == ["config.json", "diffusion_pytorch_model.safetensors"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("ada/mine", "ada/yours", "There is no ada/yours on"),
        (
            '"ada/mine"',
            f'"ada/mine", revision = "{"a" * 40}"',
            f"ada/mine has no revision {'a' * 40}",
        ),
        ("ada/mine", "ada/gated", "ada/gated is gated: agree to its terms on"),
        ("ada/mine", "ada/empty", "ada/empty has no model_index.json"),
        ("ada/mine", "ada/garbled", "ada/garbled has a model_index.json that can't be read"),
        ("ada/mine", "ada/pickled", "ada/pickled has transformer only as pickles"),
        ('"ada/mine"', '"./here"', "mine comes from no hub"),
    ],
)
def test_what_can_not_be_fetched_is_one_sentence(
    place: Place, old: str, new: str, sentence: str
) -> None:
    made.pipeline(place.hub.folder / "ada" / "gated")
    place.hub.gated.add("ada/gated")
    (place.hub.folder / "ada" / "empty").mkdir()
    (place.hub.folder / "ada" / "empty" / "README.md").touch()
    (made.pipeline(place.hub.folder / "ada" / "garbled") / "model_index.json").write_text("{")
    pickled = made.pipeline(place.hub.folder / "ada" / "pickled") / "transformer"
    (pickled / "diffusion_pytorch_model.safetensors").rename(pickled / "model.bin")
    place.writes(MODEL.replace(old, new))
    assert sentence in said(place.sora("fetch", "mine"))
    assert not (place.stock / "mine").exists()


def test_without_a_network_it_says_so(place: Place) -> None:
    sentence = said(place.sora("fetch", "mine", HF_ENDPOINT="http://127.0.0.1:1"))
    assert sentence.startswith("http://127.0.0.1:1 can't be reached: check the network")
    sentence = said(place.sora("fetch", "mine", HF_HUB_OFFLINE="1"))
    assert "can't be reached" in sentence


def test_files_that_a_host_put_there_are_left_alone(place: Place) -> None:
    made.pipeline(place.stock / "mine")
    assert "move them away first" in said(place.sora("fetch", "mine"))
    assert place.state()[0] is State.OFFERED


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gen import fetch

    monkeypatch.setattr(fetch, "_repository", lambda *_: HUGE)
    model = entry("mine", Toy, place.folder / "diary", source="ada/mine")
    with pytest.raises(fetch.CannotFetch, match=r"1000000\.0 GB are still to be fetched and"):
        fetch.plan(model, place.stock / "mine")
    assert not place.stock.exists()


HUGE = weights.Pinned(source="a/b", revision="c" * 40, files={"x.safetensors": 10**15})


def test_a_style_is_fetched_and_then_offered_with_its_model(place: Place) -> None:
    loras = place.hub.folder / "ada" / "ink"
    made.tensors(loras / "ink.safetensors")
    made.pipeline(place.stock / "mine")
    place.writes(MODEL + STYLE)
    before = json.loads(place.sora("show", "mine", "--json").out)
    assert not before["styles"]
    assert before["faults"]["ink"].endswith("sora models fetch ink")

    assert place.sora("fetch", "ink").status == 0

    after = json.loads(place.sora("show", "mine", "--json").out)
    assert [style["name"] for style in after["styles"]] == ["ink"]
    assert after["styles"][0]["weight_name"] == "ink.safetensors"
    assert Path(after["styles"][0]["source"], "ink.safetensors").is_file()


def test_a_style_with_several_files_has_to_name_one(place: Place) -> None:
    for name in ("one", "two"):
        made.tensors(place.hub.folder / "ada" / "ink" / f"{name}.safetensors")
    place.writes(MODEL + STYLE)
    assert "weight_name" in said(place.sora("fetch", "ink"))
    place.writes(MODEL + STYLE + 'weight_name = "two.safetensors"\n')
    assert place.sora("fetch", "ink").status == 0
    assert {f.name for f in (place.stock / "styles" / "ink").glob("*.safetensors")} == {
        "two.safetensors"
    }


def test_parts_from_elsewhere_become_one_pipeline(place: Place) -> None:
    """Stable Diffusion and a motion adapter, each in a repository of its own, as AnimateDiff."""
    tiny_images.stable_diffusion(place.hub.folder / "ada" / "images")
    tiny_images.motion_adapter(place.hub.folder / "ada" / "motion")
    part = '{ motion_adapter = { source = "ada/motion", loads = "MotionAdapter" } }'
    place.writes(MODEL.replace("ada/mine", "ada/images") + f"parts = {part}\n")
    for _ in ("once", "again"):
        assert place.sora("fetch", "mine").status == 0
        assert place.state() == (State.OFFERED, "")
    pipe = AnimateDiffPipeline.from_pretrained(
        place.stock / "mine", local_files_only=True, use_safetensors=True
    )
    made = pipe("a cat", num_frames=4, height=16, width=16, num_inference_steps=2, output_type="np")
    assert made.frames.shape == (1, 4, 16, 16, 3)
