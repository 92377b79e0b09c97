"""The table of limits, what is wrong with one, and when what is used frees. Pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import BotSettings
from db.settings import BadSettings
from db.usage import Use, channel_of
from moderation.limits import WINDOW, BadLimits, What, read
from moderation.people import Person, Role
from moderation.quotas import GPU, frees, has_room

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TABLE = """
[artist]
jobs_per_hour = 20
gpu_seconds_per_day = 600
in_line = 4
at_once = 1
[moderator]
jobs_per_hour = 60
[host]
jobs_per_hour = 30
in_line = 9
at_once = 3
[community]
gpu_seconds_per_day = 20_000
["discord/12/34"]
jobs_per_day = 5
"""


def test_the_most_generous_of_somebodys_roles_counts() -> None:
    limits = read(TABLE)
    ada = Person(1, "ada")
    mo, hal = Person(2, "mo", frozenset({Role.MODERATOR})), Person(3, "hal", frozenset({Role.HOST}))
    hour, line = What.JOBS_PER_HOUR, What.IN_LINE
    assert [limits.of(who)[hour] for who in (ada, mo, hal)] == [20, 60, 60]
    assert [limits.of(who)[GPU] for who in (ada, mo, hal)] == [600, 600, 600]
    assert [limits.of(who).get(What.AT_ONCE) for who in (ada, mo, hal)] == [1, 1, 3]
    assert [limits.in_line(who, 4) for who in (ada, mo, hal)] == [4, 4, 9]
    assert limits.of(hal)[line] == 9


def test_a_channel_has_its_own_and_the_communitys() -> None:
    limits = read(TABLE)
    assert limits.shared(channel_of("discord", "12/34/5/6")).keys() == {
        "discord/12/34", "community"
    }  # fmt: skip
    assert limits.shared(channel_of("discord", "12/345/5/6")).keys() == {"community"}
    assert limits.shared(channel_of("web", "mine:1")).keys() == {"community"}


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("[artists]\njobs_per_day = 1", "there is no [artists]; a row is artist, moderator, host"),
        ('["discord/12"]\njobs_per_day = 1', "there is no [discord/12]"),
        ("[artist]\njobs_per_week = 1", "[artist] has “jobs_per_week”; a limit is jobs_per_hour"),
        ("[artist]\nat_once = 0", "[artist] at_once is a whole number from 1 up, not 0."),
        ("[artist]\nat_once = true", "[artist] at_once is a whole number from 1 up, not True."),
        ("[artist]\nin_line = 1.5", "[artist] in_line is a whole number from 1 up, not 1.5."),
        ("artist = 3", "artist is a row of its own: [artist]."),
        ("[host]\njobs_per_day = 1", "[host] has jobs_per_day and [artist] has none"),
        ("[artist", "it is no TOML"),
    ],
)
def test_a_bad_table_is_refused_with_its_row(table: str, why: str) -> None:
    with pytest.raises(BadLimits) as refused:
        read(table)
    assert why in str(refused.value)


def test_the_table_is_named_by_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    monkeypatch.setenv("SORA_QUOTAS", str(file))
    with pytest.raises(BadSettings, match=r"SORA_QUOTAS names .*limits.toml, which can't be read"):
        BotSettings()
    file.write_text(TABLE)
    rules = BotSettings().rules()
    assert (rules.queued_cap, rules.limits) == (4, read(TABLE))
    file.write_text(f"{TABLE}[hots]\n")
    with pytest.raises(BadSettings, match=r"SORA_QUOTAS: in .*limits.toml, there is no \[hots\]"):
        BotSettings()


asked = st.lists(
    st.tuples(st.integers(0, 90_000), st.integers(0, 400)), min_size=1, max_size=12
).map(lambda found: [Use(NOW - timedelta(seconds=ago), n / 4) for ago, n in sorted(found)[::-1]])


@given(st.sampled_from(list(WINDOW)), asked, st.integers(0, 400), st.integers(1, 100))
def test_there_is_room_at_the_moment_that_is_said_and_not_before(
    what: What, uses: list[Use], quarters: int, limit: int
) -> None:
    need = quarters / 4 if what is GPU else 1

    def used(at: datetime) -> list[Use]:
        return [use for use in uses if at - WINDOW[what] < use.at]

    def fits(at: datetime) -> bool:
        total = sum(use.seconds if what is GPU else 1 for use in used(at))
        return has_room(total, need, limit)

    counted = used(NOW)
    total = sum(use.seconds if what is GPU else 1 for use in counted)
    if need > limit or fits(NOW):
        return
    at = frees(what, counted, total, need, limit)
    assert at is not None
    assert at > NOW
    assert fits(at)
    assert not fits(at - timedelta(microseconds=1))


def test_of_what_nobody_knows_how_long_it_takes_one_is_let_in_while_there_is_any_room() -> None:
    assert has_room(used=599, need=0, limit=600)
    assert not has_room(used=600, need=0, limit=600)
