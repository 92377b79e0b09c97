"""What is sent, with parts of it gone, of another kind, twice, or far too long."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

Place = tuple[Any, Any]
"""What holds it, and at which key or number."""


def _deep(levels: int) -> Any:
    found: Any = []
    for _ in range(levels):
        found = {"id": [found]}
    return found


JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, 10**30),
    *("", " ", "\0", "\ud800", "/", "a/b/c/d/e/f", "٣", "9" * 5000, "é" * 4000, "-1", "nan"),
    *([], {}, [[]], [None], {"": None}, {"id": {}}, {"values": {"x": {"y": None}}}),
)


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """As many examples as half a property gets, for what takes them one by one in a loop of its own."""
    found: list[Any] = []

    @settings(max_examples=settings().max_examples // 2, phases=[Phase.generate])
    @given(strategy)
    def draw(one: Any) -> None:
        found.append(one)

    draw()
    return found


def broken(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the libraries had to write down. Anybody may knock at a port of ours with what is no HTTP."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.exc_info and record.name != "aiohttp.server"
    ]


@st.composite
def mangled(draw: st.DrawFn, payload: Any) -> Any:
    """The same with one to three of its parts mangled."""
    made = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(made))
        if places:
            _mangle(draw, *draw(st.sampled_from(places)))
    return made


def _places(whole: Any) -> Iterator[Place]:
    keys: Any = ()
    if isinstance(whole, dict):
        keys = list(whole)
    elif isinstance(whole, list):
        keys = range(len(whole))
    for key in keys:
        yield whole, key
        yield from _places(whole[key])


def _mangle(draw: st.DrawFn, holder: Any, key: Any) -> None:
    how = draw(st.sampled_from(["gone", "junk", "deep", "twice", "long", "text"]))
    value = holder[key]
    if how == "gone":
        del holder[key]
    elif how == "twice" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(value))
    elif how == "long" and isinstance(value, str | list) and len(repr(value)) < 2000:
        holder[key] = value * 50
    elif how == "deep":
        holder[key] = _deep(60)
    elif how == "text":
        holder[key] = draw(st.text(max_size=40))
    else:
        holder[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
