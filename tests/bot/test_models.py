"""`sora models` as a host types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gen import catalogue
from tests.bot.test_cli import sora
from tests.support import doors
from tests.support import weights as made
from tests.support.doors import Said

RESTRICTED = "hunyuanvideo-1.5"


def models(*arguments: str, **env: str) -> Said:
    """What `sora models` turns into at once."""
    return doors.ask("gen.models_cli", *arguments, cwd=Path.cwd(), env=os.environ | env)


def test_the_list_names_every_model_and_how_it_stands() -> None:
    said = sora("models", "list")
    assert said.status == 0, said.err
    rows = said.out.splitlines()
    assert [row.split()[0] for row in rows[1:]] == list(catalogue.read())
    assert rows[1].rstrip().endswith("offered")
    assert (
        next(row for row in rows if row.startswith("mochi-1 ")).rstrip().endswith("needs weights")
    )
    assert next(row for row in rows if row.startswith(RESTRICTED)).rstrip().endswith("acceptance")


def test_show_says_what_an_artist_and_a_host_want_to_know() -> None:
    said = models("show", RESTRICTED).out
    for wanted in (
        "European Union",
        "LICENSE",
        "848 × 480",
        "4·n + 1 frames",
        "trained on",
        "steps",
    ):
        assert wanted in said
    shown = json.loads(models("show", RESTRICTED, "--json").out)
    assert shown["sizes"]["16:9"] == [848, 480]
    assert shown["state"] == "needs acceptance"


def test_check_without_a_name_speaks_only_of_what_was_begun(tmp_path: Path) -> None:
    stock = tmp_path / "stock"
    said = models("check", SORA_MODELS_DIR=str(stock))
    assert (said.status, said.out) == (0, "✓ commons-shapes: It can be used.\n")
    (made.pipeline(stock / "mochi-1") / "model_index.json").unlink()
    said = models("check", SORA_MODELS_DIR=str(stock))
    assert said.status == 1
    assert said.out.splitlines()[1].startswith("✗ mochi-1: The weights in")
    assert said.out.endswith("sora models fetch mochi-1\n")
    rows = json.loads(models("check", "mochi-1", "--json", SORA_MODELS_DIR=str(stock)).out)
    assert [(row["name"], row["state"]) for row in rows] == [("mochi-1", "unusable weights")]


def test_a_licence_is_accepted_by_typing_the_name(tmp_path: Path) -> None:
    refused = models("fetch", RESTRICTED)
    assert refused.status == 1
    assert refused.err.endswith(f"has to be accepted first: sora models accept {RESTRICTED}\n")

    wrong = models("accept", RESTRICTED, "--yes", "hunyuan")
    assert wrong.status == 2
    assert wrong.err == f"Nothing was accepted: that takes the name {RESTRICTED}.\n"
    assert "European Union, United Kingdom, South Korea" in wrong.out
    assert "https://github.com/Tencent-Hunyuan" in wrong.out
    assert models("accept", RESTRICTED).status == 2  # nobody is there to type it
    assert not (tmp_path / "data" / "models").exists()

    accepted = models("accept", RESTRICTED, "--yes", RESTRICTED)
    assert accepted.status == 0, accepted.err
    assert accepted.out.endswith(f"sora models fetch {RESTRICTED}\n")
    assert "accepted already" in models("accept", RESTRICTED).out
    assert "needs weights" in models("show", RESTRICTED).out


@pytest.mark.parametrize(
    ("arguments", "env", "sentence"),
    [
        (["show", "sora"], {}, "There is no sora; known are commons-shapes, wan2.1"),
        (["check", "sora"], {}, "There is no sora; known are"),
        (["fetch", "sora"], {}, "There is no sora; known are"),
        (["fetch", "commons-shapes"], {}, "commons-shapes comes from no hub"),
        (["accept", "mochi-1"], {}, "mochi-1 needs no acceptance; its licence is Apache-2.0."),
        (["list"], {"SORA_DEFAULT_MODEL": "sora"}, "SORA_DEFAULT_MODEL is one of"),
        (["list"], {"SORA_MODELS": "nowhere.toml"}, "nowhere.toml can't be read"),
        (["list"], {"SORA_RUNNING_CAP": "0"}, "SORA_RUNNING_CAP is at least 1"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], env: dict[str, str], sentence: str
) -> None:
    said = models(*arguments, **env)
    assert said.status == 2
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


def test_the_data_folder_may_be_named(tmp_path: Path) -> None:
    made.pipeline(tmp_path / "elsewhere" / "models" / "mochi-1")
    shown = json.loads(sora("models", "show", "mochi-1", "--json", "--data", "elsewhere").out)
    assert shown["options"]["source"] == str(tmp_path / "elsewhere" / "models" / "mochi-1")
    assert shown["state"] in ("offered", "too little memory")
