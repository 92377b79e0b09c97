"""What the doctor is told about models and machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gen import check
from gen.stock import Standing, State
from tests.support.engines import Toy, catalogue_file, entry


class Sourced:
    """An engine with weights, which it must not load to be checked."""

    def __init__(self, source: str) -> None:
        self.source = source

    def load(self) -> None:
        raise AssertionError("too much for a check")


def standing(engine: str, options: dict[str, Any], diary: Path) -> Standing:
    model = entry("mine", Toy, diary).model_copy(update={"engine": engine, "options": options})
    return Standing(model, State.OFFERED, "", begun=True)


def test_an_engine_is_built_and_not_loaded(tmp_path: Path) -> None:
    offered = standing(f"{__name__}:Sourced", {"source": str(tmp_path)}, tmp_path / "diary")
    assert check.why_unusable(offered) == ""


@pytest.mark.parametrize(
    ("engine", "options", "why"),
    [
        ("nowhere.at.all:Engine", {}, "can't be imported"),
        (f"{__name__}:Nothing", {}, "can't be built"),
        (f"{__name__}:Sourced", {"colour": "red"}, "can't be built from its options"),
    ],
)
def test_an_engine_that_cannot_be_built_is_named(
    tmp_path: Path, engine: str, options: dict[str, Any], why: str
) -> None:
    assert why in check.why_unusable(standing(engine, options, tmp_path / "diary"))


def test_the_doctor_gets_one_json_object(tmp_path: Path) -> None:
    models = catalogue_file(tmp_path / "models.toml", entry("toy", Toy, tmp_path / "diary"))
    ended = subprocess.run(
        [sys.executable, "-m", "gen.check"],
        cwd=Path(check.__file__).parents[1],
        env={"SORA_MODELS": str(models), "SORA_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads(ended.stdout)
    assert said["torch"]
    assert said["devices"][0]["device"] == "cpu"
    assert said["devices"][0]["memory_bytes"] > 0
    assert [model["name"] for model in said["models"]] == ["toy", "commons-shapes"]
    assert said["models"][0]["usable"]


def test_a_bad_catalogue_and_a_bad_setting_are_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("model = 3")
    monkeypatch.setenv("SORA_MODELS", str(bad))
    assert str(bad) in check.report()["error"]
    monkeypatch.setenv("SORA_RUNNING_CAP", "0")
    assert "SORA_RUNNING_CAP" in check.report()["error"]
