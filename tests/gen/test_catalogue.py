"""The catalogue holds what a host may write, and says plainly what is wrong with it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from gen import catalogue, tell
from gen.catalogue import BadCatalogue
from gen.engines.families import tasks_of
from tests.support.engines import Other, Toy, catalogue_file, entry, style

OURS = catalogue.read()
ONE = '{ name = "x", title = "X", owner = "x", licence = "x", models = ["mine"], source = "./x" }'


@pytest.mark.parametrize("name", OURS)
def test_our_own_models_can_be_offered(name: str) -> None:
    model = OURS[name]
    assert model.offer.name == name
    assert "engine" not in model.offer.model_dump()
    assert model.about.endswith(".")
    assert model.training.endswith(".")
    assert model.licence_url
    longest = model.offer.frames(model.seconds.high) / model.fps
    assert longest <= model.seconds.high + model.frames_rule[0] / model.fps
    assert "approximations" not in model.options


@pytest.mark.parametrize("name", OURS)
def test_every_pipeline_is_one_that_diffusers_has(name: str) -> None:
    module, _, pipeline = OURS[name].options["pipeline"].rpartition(":")
    assert hasattr(importlib.import_module(module or "diffusers"), pipeline)


def test_the_only_weights_that_are_ours_lie_here() -> None:
    folders = [m.name for m in OURS.values() if not m.is_fetched]
    assert folders == ["commons-shapes"]
    assert Path(OURS["commons-shapes"].options["source"]).is_dir()


def test_the_table_in_the_docs_is_that_of_the_catalogue() -> None:
    docs = Path(catalogue.__file__).parents[1] / "docs" / "catalogue.md"
    assert tell.markdown(OURS.values()) in docs.read_text(), (
        "docs/catalogue.md is out of date: put in what `sora models list --markdown` prints"
    )


def test_a_hosts_own_models_come_first(tmp_path: Path) -> None:
    first = entry("first", Toy, tmp_path / "diary")
    second = entry("second", Other, tmp_path / "diary", step_ms=5)
    models = catalogue.read(catalogue_file(tmp_path / "models.toml", first, second))
    assert list(models)[:2] == ["first", "second"]
    assert len(models) == 2 + len(catalogue.read())
    assert models["second"] == second


def test_a_source_beside_the_file_is_found_from_anywhere(tmp_path: Path) -> None:
    model = entry("mine", Toy, tmp_path / "diary", source="./weights")
    models = catalogue.read(catalogue_file(tmp_path / "models.toml", model))
    assert models["mine"].options["source"] == str(tmp_path / "weights")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "mine"', "name = mine", "no valid TOML"),
        ('name = "mine"', 'name = "mine"\ncolour = 1', "model.0.colour"),
        ('name = "mine"', 'name = "../mine"', "model.0.name"),
        ("fps = 8", "", "model.0.fps"),
        ("fps = 8", "fps = 0", "model.0.fps"),
        ('"low" = 1.0', '"low" = 9.0', "model.0.seconds: Value error, low, default and high"),
        ('"low" = 1.0', '"lowest" = 1.0', "model.0.seconds.low"),
        (f"{Toy.__name__}", "../Toy", "model.0.engine"),
        ('name = "mine"', 'name = "commons-shapes"', "model.name: the studio has a model"),
        ("[[model]]", "[model]", "model"),
        ('"1:1"', '"square"', "sizes: square is no aspect ratio"),
        ("multiple = 1", "multiple = 48", "sizes: the sides of 1:1 are not multiples of 48"),
        (
            "multiple = 1",
            "multiple = 8\ndraft = { steps = 2, scale = 0.3 }",
            "draft.scale: the sides",
        ),
        ("multiple = 1", "draft = { steps = 99 }", "draft.steps: it is outside of steps"),
        ('tasks = ["text"]', 'tasks = ["sing"]', "model.0.tasks"),
        ('tasks = ["text"]', "tasks = []", "name at least one task"),
        ("frames_rule = [1, 0]", "frames_rule = [0, 1]", "it is [a, b] for a·n + b frames"),
        ("excluded_places = []", 'excluded_places = ["Narnia"]', "must_accept: what must be"),
        ("must_accept = false", "must_accept = true", "must_accept: what must be accepted"),
        ('licence_url = ""', 'licence_url = "ask me"', "model.0.licence_url"),
        ("multiple = 1", "memory = { full = 0 }", "model.0.memory.full"),
        ("styles = []", f"styles = [{ONE}]", "model.styles: a style is a [[style]] table"),
        (
            "parts = {  }",
            'parts = { adapter = { source = "here" } }',
            "model.0.parts.adapter.source",
        ),
        (
            '"diary"',
            '"source" = "some where", "diary"',
            "mine: options.source: 'some where' is not",
        ),
    ],
)
def test_a_mistake_is_named_in_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = catalogue_file(tmp_path / "models.toml", entry("mine", Toy, tmp_path / "diary"))
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadCatalogue) as wrong:
        catalogue.read(path)
    assert str(path) in str(wrong.value)
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_two_models_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    twice = [entry("mine", Toy, tmp_path / "diary")] * 2
    with pytest.raises(BadCatalogue, match="two models named mine"):
        catalogue.read(catalogue_file(tmp_path / "models.toml", *twice))


STYLE = style("./loras")


def with_style(folder: Path, old: str = "", new: str = "") -> Path:
    path = catalogue_file(folder / "models.toml", entry("mine", Toy, folder / "diary"))
    path.write_text(
        path.read_text() + STYLE.replace(old, new, 1) if old else path.read_text() + STYLE
    )
    return path


def test_a_style_comes_with_the_models_that_it_fits(tmp_path: Path) -> None:
    models = catalogue.read(with_style(tmp_path))
    assert [style.name for style in models["mine"].styles] == ["ink"]
    assert not models["commons-shapes"].styles
    offered = models["mine"].offer.styles[0]
    assert offered.owner == "Ada"
    assert "source" not in offered.model_dump()
    told = models["mine"].style("ink", 0.5)
    assert (told.source, told.strength) == (str(tmp_path / "loras"), 0.5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["mine"]', '["yours"]', "style.models: ink fits no known yours"),
        ('["mine"]', "[]", "style.0.models"),
        ('"ink"', '"mine"', "style.name: there is a model named mine"),
        ('owner = "Ada"', "", "style.0.owner"),
        ('"./loras"', '"loras"', "ink: source: 'loras' is not a folder"),
        ("source", "weight_name = 'a.bin'\nsource", "style.0.weight_name"),
        ("source", "strength = { low = 2, high = 1, default = 1 }\nsource", "style.0.strength"),
    ],
)
def test_a_mistake_in_a_style_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadCatalogue) as wrong:
        catalogue.read(with_style(tmp_path, old, new))
    assert said in str(wrong.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"nowhere\.toml can't be read"):
        catalogue.read(tmp_path / "nowhere.toml")


def test_reading_the_catalogue_loads_no_engine() -> None:
    program = "import sys; from gen import catalogue; catalogue.read(); print(*sys.modules)"
    root = Path(catalogue.__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert not {"torch", "diffusers", "av"} & set(ended.stdout.split())


@pytest.mark.parametrize("known", catalogue.read().values(), ids=lambda known: known.name)
def test_an_entry_claims_no_task_that_its_pipeline_cannot_do(known: catalogue.Entry) -> None:
    assert set(known.tasks) <= tasks_of(known.options["pipeline"])
