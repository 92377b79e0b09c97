"""The README's table says what the benches declare, no more and no less; and what one table shows."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from math import inf

import pytest

from bench import readme, run
from bench.figures import DECLARED, ROWS, published
from bench.report import NONE, Figure

TEXT = readme.README.read_text()
LINES = readme.lines(TEXT)


def test_the_readme_has_the_rows_aims_and_commands_that_are_declared() -> None:
    shown = [(line.what, line.aim, line.command) for line in LINES]
    assert shown == [(row.what, row.aim, row.command) for row in ROWS]


def wrong(line: readme.Line) -> list[str]:
    """What isn't shown as it was measured, or is in bold without missing its limit, or the other way round."""
    row, found = next(row for row in ROWS if row.what == line.what), []
    for declared, said in zip(row.figures, line.measured.split(" / "), strict=True):
        read = readme.AMOUNT.fullmatch(said)
        if read is None or read[3] != declared.unit:
            found.append(said)
            continue
        figure = declared.measured(float(read[2].replace(",", "")))
        # What is shown as the limit itself may have been a little more or less.
        on_its_limit = figure.value in {figure.at_most, figure.at_least}
        if not on_its_limit and bool(read[1]) != (figure.met is False):
            found.append(said)
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.what[:40])
def test_what_was_measured_is_there_and_in_bold_where_it_misses_its_limit(
    line: readme.Line,
) -> None:
    if line.measured == NONE:
        pytest.skip("not measured yet")
    assert wrong(line) == []


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("**151 MB**", True),
        ("151 MB", False),
        ("**150 MB**", True),
        ("150 MB", True),
        ("**149 MB**", False),
        ("149 s", False),
    ],
)
def test_bold_is_what_misses_and_beside_the_limit_may_be_either(said: str, right: bool) -> None:
    line = next(line for line in LINES if line.what.startswith("memory of the bot"))
    assert (wrong(line._replace(measured=f"{said} / 0 MB")) == []) == right


def test_every_figure_is_declared_once_and_measured_by_a_bench_that_is_there() -> None:
    assert len(DECLARED) == sum(len(row.figures) for row in ROWS)
    for name in run.BENCHES:
        spec = importlib.util.find_spec(f"bench.{name}")
        assert spec is not None, name
        source = (run.ROOT / "bench" / f"{name}.py").read_text()
        assert "published(" in source
        assert f'"{name}"' in source, "the name under which it tells its figures"


def test_a_figure_beside_its_limit() -> None:
    assert Figure("a", 75, "ms", at_most=150).ratio == 0.5
    assert Figure("a", 75, "ms", at_most=150).met
    assert not Figure("a", 151, "ms", at_most=150).met
    assert Figure("a", 0, "calls", at_most=0).met
    assert Figure("a", 1, "calls", at_most=0).ratio == inf
    assert Figure("a", 89, "%", at_least=90).met is False
    assert Figure("a", 90, "%", at_least=90).met
    free = Figure("a", 1, "s")
    assert (free.ratio, free.met, free.limit) == (None, None, "–")


def test_only_rows_that_were_measured_anew_change_in_the_readme() -> None:
    name = "memory: bot"
    both = [published(name, 151.4), published("memory: torch in the bot", 0)]
    changed = readme.lines(readme.written(TEXT, both))
    differ = [new for new, old in zip(changed, LINES, strict=True) if new != old]
    assert [line.measured for line in differ] == ["**151 MB** / 0 MB"]
    assert readme.written(TEXT, both[:1]) == TEXT, "half a row is none"


def test_a_bench_that_fails_is_named_and_the_others_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def one(name: str, quick: bool) -> list[Figure]:
        assert quick
        found = [f.measured(1) for f in DECLARED.values() if f.bench == name]
        return [] if name == "memory" else [replace(f, command=name) for f in found]

    monkeypatch.setattr(run, "run", one)
    monkeypatch.setattr("sys.argv", ["run", "--quick", "memory", "screen"])
    with pytest.raises(SystemExit) as ended:
        run.main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "screen: one prompt" in said.out
    assert "Not measured" in said.err
    assert "memory: bot" in said.err
    monkeypatch.setattr("sys.argv", ["run", "--quick", "screen"])
    run.main()
