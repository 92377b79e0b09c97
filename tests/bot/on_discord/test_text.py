"""People's words in a message are words: they ping, link and format nothing, whatever they are."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.on_discord.text import cut, plain

ACTIVE = re.compile(f"(?<!\\\\)(?:\\\\\\\\)*[{re.escape(string.punctuation.replace(chr(92), ''))}]")
"""Punctuation that isn't behind a backslash, and so may mean something to Discord."""


def read(markdown: str) -> str:
    """What people see of escaped text."""
    return re.sub(r"\\(.)", r"\1", markdown)


@given(st.text())
def test_it_reads_as_it_was_written(words: str) -> None:
    assert read(plain(words, 10**6)) == " ".join(words.split())


@given(
    st.text(alphabet=st.sampled_from(string.punctuation + "aé @\n🙂"), max_size=300),
    st.integers(1, 200),
)
def test_nothing_in_it_is_active_and_it_fits(words: str, limit: int) -> None:
    escaped = plain(words, limit)
    assert len(escaped) <= limit
    assert not ACTIVE.search(escaped)
    assert not re.search(
        r"(?<!\\)(?:\\\\)*\\$", escaped
    )  # no lone backslash to swallow what follows
    assert "\n" not in escaped


@pytest.mark.parametrize(
    "words",
    [
        "@everyone <@123> <@&5> <#9> </sora:1> <t:1:R> <:smile:1>",
        "https://example.com [here](https://example.com)",
        "# big\n> quote\n- list\n1. first",
        "**bold** __under__ ~~no~~ ||spoiler|| `code` ```block```",
    ],
)
def test_what_discord_would_act_on_is_behind_a_backslash(words: str) -> None:
    assert not ACTIVE.search(plain(words, 1000))


def test_labels_are_cut_with_a_sign_of_it() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
