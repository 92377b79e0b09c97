"""What people type, and what the studio makes of it."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.plan import plan
from moderation.rules import Refused
from moderation.wish import PROMPT_LIMIT, SEED_LIMIT, Wish
from moderation.words import clean
from tests.support.studio import OFFER, request

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def planned(prompt: str = "a red circle", **wish: Any) -> Any:
    return plan(Wish(prompt, **wish), request(), 1, [OFFER])


def refusal(prompt: str = "a red circle", **wish: Any) -> str:
    with pytest.raises(Refused) as refused:
        planned(prompt, **wish)
    return str(refused.value)


def test_nothing_asked_for_means_the_models_defaults() -> None:
    job = planned()
    assert (job.model, job.aspect, job.width, job.height) == ("toy", "1:1", 64, 64)
    assert (job.frames, job.fps, job.steps, job.guidance, job.variations) == (16, 8, 4, 2, 2)
    assert 0 <= job.seed <= SEED_LIMIT


def test_a_seed_of_zero_is_a_seed() -> None:
    assert planned(seed=0).seed == 0


@pytest.mark.parametrize(
    "prompt",
    [
        *("", "   ", "\n\t", "\u202e\u2066", "\u200b", "\x00\x07", "\ufe0f"),
        *("\u3164", "\u115f\u1160", "\uffa0", "\u2800 \u2800", "\U000e0100", "\ufe0e \u200d"),
        *("\ufdd0", "\uffff", "\U0010fffe", "\ue000", "\U000e0067\U000e007f", "\u2065"),
    ],
)
def test_a_prompt_that_shows_nothing_is_empty(prompt: str) -> None:
    assert refusal(prompt) == "Say what the clip should show: the prompt is empty."


def test_a_prompt_of_ten_thousand_characters_is_told_the_limit() -> None:
    assert refusal("x" * 10_000) == "A prompt has at most 1,000 characters; this one has 10,000."
    assert planned("x" * PROMPT_LIMIT).prompt == "x" * PROMPT_LIMIT


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"model": "sora"}, "There is no model “sora” here; model is one of toy."),
        ({"aspect": "2:1"}, "Toy doesn't make 2:1; choose 1:1 or 16:9."),
        ({"duration": 9.0}, "duration is 1 to 4 seconds, not 9."),
        ({"duration": float("nan")}, "duration is 1 to 4 seconds, not nan."),
        ({"variations": 5}, "variations is 1 to 4, not 5."),
        ({"variations": 0}, "variations is 1 to 4, not 0."),
        ({"steps": 51}, "steps is 1 to 50, not 51."),
        ({"guidance": 0.5}, "guidance is 1 to 6, not 0.5."),
        ({"seed": -1}, "seed is a whole number from 0 to 4294967295, not -1."),
        ({"seed": 2**32}, "seed is a whole number from 0 to 4294967295, not 4294967296."),
        ({"model": "m" * 5000}, f"There is no model “{'m' * 20}…” here; model is one of toy."),
        ({"aspect": "9" * 5000}, f"Toy doesn't make {'9' * 20}…; choose 1:1 or 16:9."),
        ({"steps": 10**5000}, "steps is 1 to 50, not a number that long."),
        (
            {"seed": 10**5000},
            "seed is a whole number from 0 to 4294967295, not a number that long.",
        ),
        ({"variations": -(10**5000)}, "variations is 1 to 4, not a number that long."),
        ({"duration": 10**400}, "duration is 1 to 4 seconds, not a number that long."),
        ({"duration": float("inf")}, "duration is 1 to 4 seconds, not inf."),
        ({"guidance": 1e300}, "guidance is 1 to 6, not 1e+300."),
        (
            {"negative": "n" * 1001},
            "A negative prompt has at most 1,000 characters; this one has 1,001.",
        ),
    ],
)
def test_out_of_range_says_what_is_allowed(wish: dict[str, Any], said: str) -> None:
    assert refusal(**wish) == said


def test_without_a_worker_it_says_so() -> None:
    with pytest.raises(Refused, match="No worker has joined"):
        plan(Wish("a red circle"), request(), 1, [])


@pytest.mark.parametrize(
    "prompt",
    [
        "מעגל אדום נסחף שמאלה",
        "👩‍🚀 on the 🌕",
        "<script>alert(1)</script>",
        "@everyone **bold**",
        "नमस्ते क्ष्‍म",
        "🩷 🩵 🫨 \U0001fae9",
        ENGLAND,
        f"{ENGLAND}{ENGLAND} and 🏴",
        "\U0001fbff\u0378 of next year",
        "漢字\U000e0101 葛\U000e0100",
    ],
)
def test_every_script_and_every_sign_stays_as_it_was_written(prompt: str) -> None:
    assert planned(prompt).prompt == unicodedata.normalize("NFC", prompt)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\U000e0067\U000e0062\U000e007fb", "ab"),
        ("🏴\U000e0067", "🏴"),
        ("🏴 \U000e0067\U000e007f", "🏴"),
        ("🏴\u200b\U000e0067\U000e007f", "🏴"),
        ("🏴" + "\U000e0067" * 500 + "\U000e007f", "🏴"),
        (f"{ENGLAND}\U000e0067", ENGLAND),
        ("a\ufdd0b\ufffec\U0001ffffd\ud800e\uf8ff", "abcde"),
        ("a\u202e\u0301", "á"),
    ],
)
def test_what_hides_is_dropped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.sampled_from("🏴a \u0301\u200b\u200d\U000e0067\U000e0020\U000e007f\ufdd0")))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=200))
def test_cleaned_text_has_no_controls_and_is_clean_already(text: str) -> None:
    cleaned = clean(text)
    forbidden = {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not any(unicodedata.category(c) in forbidden for c in cleaned)
    assert not set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff"
    ) & set(cleaned)
    assert clean(cleaned) == cleaned
