"""`/sora` as it is typed, in every room."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import OPTIONS, Takes, from_fields, read
from moderation.rules import Refused
from moderation.wish import Picture, Wish


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("a red circle", Wish("a red circle")),
        (
            "a red circle --aspect 9:16 --seed 7",
            Wish("a red circle", aspect="9:16", seed=7),
        ),
        ("a cat --duration=2.5 --variations 1", Wish("a cat", duration=2.5, variations=1)),
        ("a cat --private", Wish("a cat", private=True)),
        ("a cat —seed 7", Wish("a cat", seed=7)),
        ("--seed 7", Wish("", seed=7)),
        ("up -- down, t-shirt - and 3 - 2", Wish("up -- down, t-shirt - and 3 - 2")),
        ('a cat --negative "blurry, low quality"', Wish("a cat", negative="blurry, low quality")),
        ("a cat --negative it's blurry", Wish("a cat", negative="it's blurry")),
        ("a dot\n--seed 3", Wish("a dot", seed=3)),
        ("a lighthouse —tall and white— at dusk", Wish("a lighthouse —tall and white— at dusk")),
        ("a street —seedy, wet— at night", Wish("a street —seedy, wet— at night")),
        ("a cat —Seed=7 —private", Wish("a cat", seed=7, private=True)),
        ("a cat --Aspect 9:16 --SEED=7", Wish("a cat", aspect="9:16", seed=7)),
        ("a cat --private no", Wish("a cat")),
        ("a cat —prompt and all", Wish("a cat —prompt and all")),
        ("a cat --seed +000000000007", Wish("a cat", seed=7)),
        ("a cat --loop --style ink:0.8", Wish("a cat", loop=True, style="ink:0.8")),
        ("a cat --final --upscale --smooth no", Wish("a cat", final=True, upscale=True)),
        ("a cat --strength 0.5", Wish("a cat", strength=0.5)),
    ],
)
def test_prompt_first_then_options(text: str, wish: Wish) -> None:
    assert read(text) == wish


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a cat --sped 7", "There is no option --sped; the options are --model, --aspect,"),
        ("a cat --seed", "--seed needs a whole number."),
        ("a cat --seed seven", "--seed needs a whole number, not “seven”."),
        ("a cat --seed 1.5", "--seed needs a whole number, not “1.5”."),
        ("a cat --seed 1 --seed 2", "--seed is given twice."),
        ("a cat --variations 9", "--variations is 1 to 4, not 9."),
        ("a cat --duration long", "--duration needs a number, not “long”."),
        (
            "a cat --private on a mat",
            "--private takes no value; put the prompt before the options.",
        ),
        ("a cat --Seed 1 --sEED 2", "--seed is given twice."),
        ("--prompt a dog", "The prompt goes before the options, without --prompt."),
        ("a cat --Prompt a dog", "The prompt goes before the options, without --prompt."),
        ("a cat --seed -1", "--seed is a whole number from 0 to 4294967295, not -1."),
        (
            f"a cat --seed {'9' * 4000}",
            f"--seed is a whole number from 0 to 4294967295, not {'9' * 20}….",
        ),
        ("a cat --seed 7_000", "--seed needs a whole number, not “7_000”."),
        (
            f"a cat --steps 1{'0' * 400}",
            f"--steps is a whole number of at most 12 digits, not 1{'0' * 19}….",
        ),
        ("a cat --duration 1e999", "--duration needs a number, not “1e999”."),
        ("a cat --duration nan", "--duration needs a number, not “nan”."),
        (f"a cat --guidance {'x' * 4000}", f"--guidance needs a number, not “{'x' * 20}…”."),
        (
            f"a cat --image {'a' * 64}.png",
            "--image is a picture that you attach; it can't be typed.",
        ),
        ("a cat --last", "--last needs a picture that you attach."),
        ("a cat --style", "--style needs the name of a style."),
        (f"a cat --{'x' * 4000}", f"There is no option --{'x' * 20}…; the options are --model"),
    ],
)
def test_a_mistake_gets_one_sentence_that_says_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read(text)
    assert str(refused.value).startswith(said)


def test_empty_fields_of_a_form_are_not_given() -> None:
    assert from_fields({"prompt": "a cat", "seed": " ", "model": ""}) == Wish("a cat")


def test_a_picture_comes_beside_the_words() -> None:
    picture = Picture(f"{'a' * 64}.png", 64, 64)
    assert from_fields({"prompt": "a cat", "image": ""}, {"image": picture}).image == picture
    with pytest.raises(Refused, match="can't be typed"):
        from_fields({"prompt": "a cat", "image": picture.key})


def test_every_option_fills_a_field_of_the_wish() -> None:
    assert {option.name for option in OPTIONS} == {f.name for f in fields(Wish)} - {"prompt"}


@given(st.text(st.sampled_from("—- =aseedprivtx\n19e.")) | st.text(max_size=300))
def test_whatever_is_typed_is_a_wish_or_one_sentence(text: str) -> None:
    answer: Wish | Refused
    try:
        answer = read(text)
    except Refused as refused:
        answer = refused
    assert isinstance(answer, Wish) or ("\n" not in str(answer) and len(str(answer)) < 300)


values = {
    Takes.WHOLE: st.integers(1, 4).map(str),
    Takes.NUMBER: st.floats(1, 4).map(str),
    Takes.NOTHING: st.just(""),
    Takes.TEXT: st.sampled_from(["blurry", "low quality"]),
    Takes.MODEL: st.just("toy"),
    Takes.ASPECT: st.just("16:9"),
    Takes.STYLE: st.sampled_from(["ink", "ink:0.8"]),
}
TYPED = [option for option in OPTIONS if option.takes in values]


@given(
    st.sampled_from(["a red circle", "a – b", "30% off, 2 -- 3"]),
    st.lists(st.sampled_from(TYPED), unique=True).flatmap(
        lambda chosen: st.tuples(
            *(st.tuples(st.just(option.name), values[option.takes]) for option in chosen)
        )
    ),
)
def test_text_and_form_say_the_same(prompt: str, given_: tuple[tuple[str, str], ...]) -> None:
    text = prompt + "".join(f" --{name} {value}".rstrip() for name, value in given_)
    assert read(text) == from_fields({"prompt": prompt, **dict(given_)})
