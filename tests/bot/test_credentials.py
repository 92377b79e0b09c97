"""What a clip's file says, as people are told: at the terminal, on the page, and by the doctor."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import cards_credentials, doctor_credentials
from bot.finding import State
from db.credentials import Flags, Ingredient, Said
from db.models import utcnow
from gen import credentials, encode, signing_key
from gen.credentials import Claim
from gen.settings import WorkerSettings
from tests.bot.test_cli import sora
from tests.support.films import plain

SAID = Said(
    title="Clip 1 of job 7",
    software="sora-commons 1",
    generated=True,
    at="2026-01-02T03:04:05+00:00",
    model="Toy",
    licence="Apache-2.0",
    licence_url="https://example.org/licence",
    prompt="",
    prompt_hash="ab",
    creator="",
    dataset=False,
    training=None,
    ingredients=(Ingredient("Clip 2 of job 5", "inputTo", True),),
    intact=True,
    signer="A studio",
    ours=True,
)
CLAIM = Claim("Clip 1 of job 7", "Toy", "Apache-2.0", "", "ab", Flags(training=True))


def told(said: Said) -> dict[str, str]:
    return {fact.name: fact.value for fact in cards_credentials.facts(said)}


def test_everything_it_says_is_told_in_plain_words() -> None:
    facts = told(SAID)
    assert facts["made"] == "by AI"
    assert facts["artist"] == "not named in it"
    assert facts["prompt"] == "not in it, only its salted hash"
    assert facts["made from"] == "Clip 2 of job 5 (with credentials of its own)"
    assert facts["training of models"] == "not said"
    assert facts["collections for analysis"] == "not allowed"
    shown = told(replace(SAID, creator="Ada", prompt="a boat", training=True))
    assert (shown["artist"], shown["prompt"]) == ("Ada", "a boat")
    assert shown["training of models"] == "allowed"


def test_whether_it_may_be_believed_comes_first() -> None:
    assert "since this studio signed it" in cards_credentials.standing(SAID).text
    stranger = cards_credentials.standing(replace(SAID, ours=False)).text
    assert "A studio" in stranger
    assert "doesn't know" in stranger
    assert "can be believed" in cards_credentials.standing(replace(SAID, intact=False)).text


@given(st.text())
def test_a_strangers_words_are_only_words(words: str) -> None:
    hostile = f"\x1b[2J\u202e{words}"
    said = replace(SAID, ours=False, signer=hostile, title=hostile, licence_url=f"java:{words}")
    shown = [cards_credentials.standing(said).text, *told(said).values()]
    assert not any(ord(c) < 32 or c == "\u202e" for text in shown for c in text)
    assert not any(fact.link for fact in cards_credentials.facts(said))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip that the studio in the folder ``data`` signed."""
    key = signing_key.hold(WorkerSettings(data=tmp_path / "data"))
    file = tmp_path / "clip.mp4"
    file.write_bytes(credentials.signed(encode.mp4(plain(4, 64, (9, 9, 9)), 8), CLAIM, key))
    return file


def test_the_command_shows_what_a_file_says(clip: Path) -> None:
    said = sora("credentials", "show", str(clip))
    assert said.status == 0
    assert said.out.splitlines()[0] == "It is unchanged since this studio signed it."
    assert "training of models:       allowed" in said.out
    elsewhere = sora("credentials", "show", str(clip), "--data", str(clip.parent / "other"))
    assert "whom this studio doesn't know" in elsewhere.out
    as_json = json.loads(sora("credentials", "show", str(clip), "--json").out)
    assert (as_json["model"], as_json["ours"], as_json["intact"]) == ("Toy", True, True)


def test_the_command_says_when_a_file_was_changed(clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    data[-9] ^= 4
    clip.write_bytes(data)
    said = sora("credentials", "show", str(clip))
    assert said.status == 1
    assert said.out.startswith("It was changed after it was signed")


def test_a_file_that_says_nothing_is_one_sentence(tmp_path: Path) -> None:
    unsigned, text = tmp_path / "plain.mp4", tmp_path / "notes.txt"
    unsigned.write_bytes(encode.mp4(plain(4, 64, (9, 9, 9)), 8))
    text.write_text("not a video")
    for file, status, sentence in (
        (unsigned, 1, f"{unsigned} has no Content Credentials."),
        (text, 2, f"{text} can't be read as an MP4 video."),
        (tmp_path / "no.mp4", 2, f"There is no file {tmp_path / 'no.mp4'}."),
    ):
        said = sora("credentials", "show", str(file))
        assert (said.status, said.out, said.err) == (status, "", f"{sentence}\n")


def test_the_doctor_says_who_signs_and_warns_in_time() -> None:
    def found(days: int, why: str = "") -> tuple[State, str]:
        until = (utcnow() + timedelta(days=days)).isoformat()
        said = doctor_credentials.finding({"signer": "A studio", "until": until, "why": why})
        return said.state, said.found

    assert found(400)[0] is State.OK
    assert "A studio" in found(400)[1]
    assert found(20)[0] is State.WARNING
    assert found(400, "It is locked.") == (State.BAD, "It is locked.")
    none = doctor_credentials.finding({"signer": "", "until": "", "why": ""})
    assert none.state is State.OK
