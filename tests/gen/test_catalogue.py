"""The catalogue holds what a host may write, and says plainly what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gen import catalogue
from gen.catalogue import BadCatalogue
from tests.support.engines import Other, Toy, catalogue_file, entry


def test_our_own_models_can_be_offered() -> None:
    for name, model in catalogue.read().items():
        assert model.offer.name == name
        assert "engine" not in model.offer.model_dump()
        assert model.offer.frames(model.seconds.default) > 1
        assert Path(model.options["source"]).is_absolute()


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
