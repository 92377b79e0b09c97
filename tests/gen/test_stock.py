"""What a worker may offer of the catalogue, and one sentence with the way out for everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gen import catalogue, licences, machine, stock
from gen.catalogue import BadCatalogue, Entry, Memory, Part, StyleEntry
from gen.machine import Device
from gen.settings import WorkerSettings
from gen.stock import Standing, State
from tests.support import weights as made
from tests.support.engines import Toy, catalogue_file, entry

NETWORK = "transformer/diffusion_pytorch_model"


@pytest.fixture
def settings(tmp_path: Path) -> WorkerSettings:
    return WorkerSettings(models_dir=tmp_path / "stock", models=tmp_path / "models.toml")


def fetched(tmp_path: Path, **changes: object) -> Entry:
    """A model whose weights come from a hub."""
    model = entry("mine", Toy, tmp_path / "diary", source="ada/mine")
    return model.model_copy(update=changes)


def standings(settings: WorkerSettings, *models: Entry, gib: float = 8) -> dict[str, Standing]:
    assert settings.models is not None
    catalogue_file(settings.models, *models)
    return {s.entry.name: s for s in stock.look(settings, lambda: gib)}


def test_out_of_the_box_only_the_embedded_model_is_offered() -> None:
    found = stock.look(WorkerSettings(), memory=lambda: 1000.0)
    assert list(stock.offered(found)) == ["commons-shapes"]
    assert [s.entry.name for s in found if s.begun] == ["commons-shapes"]
    assert all("sora models " in s.why for s in found if s.state is not State.OFFERED)


def test_weights_in_the_folder_make_a_known_model_offered(settings: WorkerSettings) -> None:
    folder = made.pipeline(settings.weights / "wan2.1-t2v-1.3b")
    standing = next(
        s
        for s in stock.look(settings.model_copy(update={"models": None}), lambda: 24.0)
        if s.entry.name == "wan2.1-t2v-1.3b"
    )
    assert standing.state is State.OFFERED
    assert standing.entry.options["source"] == str(folder)


def _gone(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _cut(name: str, keep: int) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:keep])


@pytest.mark.parametrize(
    ("shards", "harm", "why"),
    [
        (1, _gone("model_index.json"), "are incomplete: model_index.json is missing"),
        (1, _cut("model_index.json", 9), "are damaged: model_index.json can't be read"),
        (1, _gone(f"{NETWORK}.safetensors"), "are incomplete: transformer has no safetensors"),
        (1, _cut(f"{NETWORK}.safetensors", 900), "is cut short or isn't safetensors"),
        (1, _cut(f"{NETWORK}.safetensors", 4), "is cut short or isn't safetensors"),
        (1, _cut(f"{NETWORK}.safetensors", 0), "is cut short or isn't safetensors"),
        (1, _cut("transformer/config.json", 3), "transformer/config.json can't be read"),
        (1, _gone("tokenizer/tokenizer_config.json"), "are incomplete: tokenizer is missing"),
        (
            3,
            _gone(f"{NETWORK}-00002-of-00003.safetensors"),
            "00002-of-00003.safetensors is missing",
        ),
        (3, _cut(f"{NETWORK}-00003-of-00003.safetensors", 50), "00003-of-00003.safetensors is cut"),
    ],
)
def test_weights_that_are_not_whole_are_not_offered(
    settings: WorkerSettings, tmp_path: Path, shards: int, harm: Callable[[Path], object], why: str
) -> None:
    folder = made.pipeline(settings.weights / "mine", shards)
    assert standings(settings, fetched(tmp_path))["mine"].state is State.OFFERED
    harm(folder)
    found = standings(settings, fetched(tmp_path))["mine"]
    assert found.state is State.UNUSABLE_WEIGHTS
    assert why in found.why
    assert found.why.endswith("sora models fetch mine")
    assert "mine" not in stock.offered([found])


def test_a_part_that_is_missing_is_named(settings: WorkerSettings, tmp_path: Path) -> None:
    made.pipeline(settings.weights / "mine")
    part = Part(source="ada/motion", loads="MotionAdapter")
    found = standings(settings, fetched(tmp_path, parts={"motion_adapter": part}))["mine"]
    assert found.state is State.UNUSABLE_WEIGHTS
    assert "model_index.json names no motion_adapter" in found.why


def test_a_model_too_large_for_the_device_is_not_offered(
    settings: WorkerSettings, tmp_path: Path
) -> None:
    made.pipeline(settings.weights / "mine")
    model = fetched(tmp_path, memory=Memory(full=20, offload=8))
    assert standings(settings, model, gib=8)["mine"].state is State.OFFERED
    found = standings(settings, model, gib=7.9)["mine"]
    assert found.state is State.TOO_LITTLE_MEMORY
    assert "needs 8 GiB of memory and the device has 7.9" in found.why


def test_memory_is_asked_for_only_where_it_matters(settings: WorkerSettings) -> None:
    def never() -> float:
        raise AssertionError("importing torch takes seconds")

    assert stock.offered(stock.look(settings.model_copy(update={"models": None}), never))


CPU: Device = {"device": "cpu", "name": "2 cores", "memory_bytes": 64 * 2**30}
GPUS: list[Device] = [
    {"device": f"cuda:{n}", "name": "GPU", "memory_bytes": gib * 2**30}
    for n, gib in enumerate((8, 24))
]


@pytest.mark.parametrize(
    ("devices", "wanted", "gib"),
    [
        ([CPU], None, 64),
        ([CPU, *GPUS], None, 8),
        ([CPU, *GPUS], "cuda:1", 24),
        ([CPU, *GPUS], "cuda", 8),
        ([CPU, *GPUS], "cpu", 64),
    ],
)
def test_memory_is_that_of_the_device_that_renders(
    devices: list[Device], wanted: str | None, gib: float
) -> None:
    assert machine.memory(devices, wanted) == gib


def test_a_worker_can_ask_without_torch_in_it() -> None:
    assert machine.memory_from_outside("cpu") == pytest.approx(
        machine.memory(machine.look()["devices"], "cpu")
    )


# ── licences ─────────────────────────────────────────────────────────────────────────────


def restricted(tmp_path: Path, **changes: object) -> Entry:
    terms = {
        "must_accept": True,
        "licence": "Narrow",
        "licence_url": "https://example.org/narrow",
        "restrictions": "Not in Narnia.",
    }
    return fetched(tmp_path, **(terms | changes))


def test_a_restricted_licence_is_accepted_before_anything(
    settings: WorkerSettings, tmp_path: Path
) -> None:
    made.pipeline(settings.weights / "mine")
    found = standings(settings, restricted(tmp_path))["mine"]
    assert found.state is State.NEEDS_ACCEPTANCE
    assert found.why.endswith("sora models accept mine")

    licences.accept(restricted(tmp_path), settings.weights)

    assert standings(settings, restricted(tmp_path))["mine"].state is State.OFFERED
    kept = json.loads((settings.weights / "accepted.json").read_text())["mine"]
    assert kept["licence_url"] == "https://example.org/narrow"
    assert kept["by"]
    assert kept["at"].startswith("20")


def test_other_terms_have_to_be_accepted_again(settings: WorkerSettings, tmp_path: Path) -> None:
    made.pipeline(settings.weights / "mine")
    licences.accept(restricted(tmp_path), settings.weights)
    narrower = restricted(tmp_path, restrictions="Not in Narnia, nor on Mondays.")
    assert standings(settings, narrower)["mine"].state is State.NEEDS_ACCEPTANCE


def test_a_file_of_acceptances_that_can_not_be_read_accepts_nothing(
    settings: WorkerSettings, tmp_path: Path
) -> None:
    made.pipeline(settings.weights / "mine")
    (settings.weights / "accepted.json").write_text('{"mine": true}')
    assert standings(settings, restricted(tmp_path))["mine"].state is State.NEEDS_ACCEPTANCE


@pytest.mark.parametrize("name", ["hunyuanvideo-1.5", "ltx-2"])
def test_ours_with_excluded_places_or_users_must_be_accepted(name: str) -> None:
    assert catalogue.read()[name].must_accept


# ── the default ──────────────────────────────────────────────────────────────────────────


def test_the_default_is_the_hosts_first_or_the_one_that_is_named(
    settings: WorkerSettings, tmp_path: Path
) -> None:
    first, second = (entry(name, Toy, tmp_path / "diary") for name in ("first", "second"))
    assert next(iter(standings(settings, first, second))) == "first"
    named = settings.model_copy(update={"default_model": "second"})
    assert list(standings(named, first, second))[:2] == ["second", "first"]
    with pytest.raises(BadCatalogue, match="SORA_DEFAULT_MODEL is one of first, second"):
        standings(settings.model_copy(update={"default_model": "third"}), first, second)


# ── styles ───────────────────────────────────────────────────────────────────────────────

INK = {"name": "ink", "title": "Ink", "owner": "Ada", "licence": "CC-BY-4.0", "models": ("mine",)}


@pytest.mark.parametrize(
    ("files", "weight_name", "why"),
    [
        (("ink.safetensors",), None, ""),
        (("ink.safetensors", "other.safetensors"), "ink.safetensors", ""),
        (("ink.safetensors", "other.safetensors"), None, "has not exactly one safetensors file"),
        (("other.safetensors",), "ink.safetensors", "ink.safetensors is missing"),
        (("broken",), "ink.safetensors", "is cut short or isn't safetensors"),
        ((), None, "There are no weights in"),
    ],
)
def test_a_style_is_offered_once_its_weights_are_there(
    tmp_path: Path, files: tuple[str, ...], weight_name: str | None, why: str
) -> None:
    loras = tmp_path / "loras"
    for file in files:
        if file == "broken":
            made.write(loras / "ink.safetensors", "not at all")
        else:
            made.tensors(loras / file)
    style = StyleEntry(source=str(loras), weight_name=weight_name, **INK)
    fault = stock.style_fault(style, tmp_path / "stock")
    assert why in fault if why else fault == ""
