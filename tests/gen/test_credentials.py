"""What a clip's file says once it is signed: real files of the encoder, read again by the C2PA's reader."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c2pa import Reader
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from db import credentials as reading
from db.credentials import Flags, Ingredient, NoCredentials, NoVideo, Said
from gen import credentials, encode, signing_key
from gen.credentials import CannotSign, Claim, Parent
from gen.settings import WorkerSettings
from gen.signing_key import SigningKey
from tests.support.films import ball, decoded

CLAIM = Claim(
    title="Clip 2 of job 17",
    model="commons-shapes",
    licence="Apache-2.0",
    licence_url="https://example.org/licence",
    prompt_hash=credentials.prompt_hash("a red ball", "salt"),
    flags=Flags(),
)
FILM = encode.mp4(ball(12, 64, 96), Fraction(24000, 1001))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return signing_key.hold(WorkerSettings(data=tmp_path_factory.mktemp("data")))


@pytest.fixture
def sign(key: SigningKey, tmp_path: Path) -> Any:
    def signed(name: str = "clip.mp4", video: bytes = FILM, **claim: Any) -> Path:
        file = tmp_path / name
        file.write_bytes(credentials.signed(video, replace(CLAIM, **claim), key))
        return file

    return signed


def test_a_file_says_how_it_was_made(sign: Any, key: SigningKey) -> None:
    said: Said = reading.read(sign())
    assert said.generated
    assert said.intact
    assert said.software.startswith("sora-commons")
    assert (said.title, said.model, said.licence) == (CLAIM.title, CLAIM.model, CLAIM.licence)
    assert said.licence_url == CLAIM.licence_url
    assert said.signer == key.signer
    assert not said.ours, "nobody has said whose certificate it is"
    assert datetime.fromisoformat(said.at).tzinfo is not None
    assert said.ingredients == ()


def test_the_picture_is_untouched_and_still_starts_before_it_is_loaded(
    sign: Any, tmp_path: Path
) -> None:
    file = sign()
    (tmp_path / "plain.mp4").write_bytes(FILM)
    before, after = decoded(tmp_path / "plain.mp4"), decoded(file)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    data = file.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_without_leave_a_file_says_neither_who_nor_what_was_written(sign: Any) -> None:
    """Nor can the prompt be tried out: without the salt its hash is of no use."""
    said = reading.read(sign())
    assert (said.creator, said.prompt) == ("", "")
    assert said.prompt_hash != hashlib.sha256(b"a red ball").hexdigest()
    assert said.prompt_hash == hashlib.sha256(b"salta red ball").hexdigest()
    with_leave = reading.read(sign(creator="Ada", prompt="a red ball"))
    assert (with_leave.creator, with_leave.prompt) == ("Ada", "a red ball")
    assert b"Ada" not in sign().read_bytes()


@given(flags=st.builds(Flags, *[st.booleans()] * 4))
def test_what_may_be_done_with_a_clip_follows_its_flags(
    flags: Flags, key: SigningKey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    file.write_bytes(credentials.signed(FILM, replace(CLAIM, flags=flags), key))
    said = reading.read(file)
    assert (said.dataset, said.training) == (flags.dataset, flags.training)
    with Reader(file) as reader:
        manifest = reader.get_active_manifest() or {}
    entries = {
        name: entry["use"]
        for assertion in manifest["assertions"]
        if assertion["label"].endswith("training-mining")
        for name, entry in assertion["data"]["entries"].items()
    }
    for name, use in entries.items():
        agreed = flags.dataset if name.endswith("data_mining") else flags.training
        assert use == ("allowed" if agreed else "notAllowed")
    assert {name.partition(".")[2] for name in entries} == {
        "data_mining",
        "ai_training",
        "ai_generative_training",
    }


def test_signing_again_leaves_nothing_of_what_was_said_before(sign: Any) -> None:
    first = sign(creator="Ada", prompt="a secret ball", flags=Flags(training=True))
    again = sign("again.mp4", first.read_bytes())
    assert (reading.read(again).creator, reading.read(again).training) == ("", False)
    assert b"Ada" not in again.read_bytes()
    assert b"secret" not in again.read_bytes()
    assert abs(again.stat().st_size - sign("once.mp4").stat().st_size) < 100


def test_a_parent_goes_with_its_clip(sign: Any, tmp_path: Path) -> None:
    grandparent = sign("first.mp4")
    parent = sign("second.mp4", parents=(Parent("Clip 1 of job 3", str(grandparent)),))
    child = sign(parents=(Parent("Clip 1 of job 4", str(parent)), Parent("A picture"), Parent("B")))
    assert set(reading.read(child).ingredients) == {
        Ingredient("Clip 1 of job 4", "inputTo", True),
        Ingredient("A picture", "inputTo", False),
        Ingredient("B", "inputTo", False),
    }
    with Reader(child) as reader:
        store = json.loads(reader.json())
    assert len(store["manifests"]) == 3, "the grandparent's credentials are in it, too"
    (created,) = store["manifests"][store["active_manifest"]]["assertions"][1]["data"]["actions"]
    assert len(created["parameters"]["ingredients"]) == 3


def test_what_a_film_is_put_together_from_is_placed_in_it(sign: Any) -> None:
    shots = [sign(f"shot-{n}.mp4") for n in (1, 2)]
    parents = [Parent(shot.stem, str(shot), is_part=True) for shot in shots]
    film = sign(parents=(*parents, Parent("A picture")))
    said = reading.read(film)
    assert said.intact
    assert {(one.title, one.relation, one.signed) for one in said.ingredients} == {
        ("shot-1", "componentOf", True),
        ("shot-2", "componentOf", True),
        ("A picture", "inputTo", False),
    }
    with Reader(film) as reader:
        manifest = reader.get_active_manifest() or {}
    created, *placed = manifest["assertions"][1]["data"]["actions"]
    assert len(created["parameters"]["ingredients"]) == 1
    assert [action["action"] for action in placed] == ["c2pa.placed", "c2pa.placed"]


def test_a_parent_whose_file_is_gone_or_was_altered_is_still_named(sign: Any) -> None:
    torn = sign("torn.mp4")
    data = bytearray(torn.read_bytes())
    data[-20] ^= 1
    torn.write_bytes(data)
    parents = (Parent("Gone", str(torn.with_name("gone.mp4"))), Parent("Torn", str(torn)))
    said = reading.read(sign(parents=parents))
    assert said.intact
    assert {(one.title, one.signed) for one in said.ingredients} == {
        ("Gone", False),
        ("Torn", False),
    }


def test_a_picture_that_was_given_is_not_in_the_file(sign: Any, tmp_path: Path) -> None:
    picture = tmp_path / "face.png"
    Image.new("RGB", (640, 480), "teal").save(picture)
    plain = sign("plain.mp4", parents=(Parent("A picture"),))
    with_file = sign("quoting.mp4", parents=(Parent("A picture", str(picture)),))
    assert with_file.stat().st_size - plain.stat().st_size < 500, "there is no thumbnail in it"


@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_film_is_found(
    where: float, bit: int, key: SigningKey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(credentials.signed(FILM, CLAIM, key))
    start = data.index(b"moov")
    data[start + 4 + int(where * (len(data) - start - 4))] ^= 1 << bit
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    file.write_bytes(data)
    with suppress(NoCredentials):  # so torn that nothing can be read
        assert not reading.read(file).intact


def test_a_changed_statement_is_found(sign: Any) -> None:
    file = sign(flags=Flags())
    file.write_bytes(file.read_bytes().replace(b"notAllowed", b"isAllowed!"))
    assert not reading.read(file).intact


def test_what_has_no_credentials_is_said_in_one_sentence(tmp_path: Path) -> None:
    plain, text = tmp_path / "plain.mp4", tmp_path / "text.mp4"
    plain.write_bytes(FILM)
    text.write_text("not a video")
    for file, kind, words in (
        (plain, NoCredentials, "has no Content Credentials"),
        (text, NoVideo, "can't be read as an MP4 video"),
        (tmp_path / "gone.mp4", NoVideo, "There is no file"),
        (tmp_path, NoVideo, "There is no file"),
    ):
        with pytest.raises(kind, match=words) as told:
            reading.read(file)
        assert str(told.value).endswith(".")


def test_a_time_that_is_known_is_kept(key: SigningKey, tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    file.write_bytes(credentials.signed(FILM, CLAIM, key, at))
    assert datetime.fromisoformat(reading.read(file).at) == at


def test_what_is_no_video_cannot_be_signed(key: SigningKey) -> None:
    with pytest.raises(CannotSign):
        credentials.signed(b"nothing", CLAIM, key)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["actions", "data", "x"]), inner)
    ),
    max_leaves=8,
)


@given(assertions=values, ingredients=values, signature=values, data=values)
def test_whatever_a_strangers_file_says_it_can_be_read(
    assertions: Any, ingredients: Any, signature: Any, data: Any
) -> None:
    labels = (reading.ACTIONS, reading.RENDER, reading.CREATOR, *reading.MINING)
    ours = [{"label": label, "data": data} for label in labels]
    for said in (assertions, ours):
        manifest = {"assertions": said, "ingredients": ingredients, "signature_info": signature}
        store = {"active_manifest": "a", "manifests": {"a": manifest}, "validation_state": "Valid"}
        assert reading._said(store, set()).intact
