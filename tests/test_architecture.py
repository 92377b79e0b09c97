"""The rules of the house, each kept by a check, and each check kept honest by a planted mistake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.architecture import RULES, Rule, Source, offences, sources

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "diffusers", "transformers", "gen"}

# (rule, where, what): the smallest file that breaks it.
PLANTED = [
    (
        "status_moves_in_one_place",
        "moderation/desk/making.py",
        "def f(job):\n    job.status = 'ready'",
    ),
    ("status_moves_in_one_place", "gen/tasks.py", "q = update(Job).values(status='ready')"),
    ("status_moves_in_one_place", "bot/feed.py", "setattr(job, 'status', 'ready')"),
    ("commits_in_one_place", "db/votes.py", "async def f(s):\n    await s.commit()"),
    ("commits_in_one_place", "moderation/desk/making.py", "def f(db):\n    db.session().commit()"),
    ("settings_come_from_the_door", "gen/encode.py", "import os\nx = os.environ['X']"),
    ("settings_come_from_the_door", "gen/encode.py", "import os\ndef f():\n    os.getenv('X')"),
    ("settings_come_from_the_door", "bot/cards.py", "from os import environ"),
    ("settings_come_from_the_door", "bot/settings.py", "import os\nX = os.environ['X']"),
    ("settings_come_from_the_door", "gen/worker.py", "settings = StoreSettings()"),
    ("files_stay_small", "bot/cards.py", "x = 1\n" * 301),
    ("the_loop_is_never_blocked", "bot/feed.py", "async def f():\n    time.sleep(1)"),
    ("the_loop_is_never_blocked", "gen/tasks.py", "async def f():\n    subprocess.run(['x'])"),
    ("bells_ring_in_one_place", "moderation/sweep.py", "def f(pool):\n    pool.enqueue_job('r')"),
    (
        "broad_excepts_explain_themselves",
        "bot/feed.py",
        "try:\n    f()\nexcept Exception:\n    pass",
    ),
    ("broad_excepts_explain_themselves", "bot/feed.py", "try:\n    f()\nexcept:\n    x = 1"),
    ("rooms_do_not_know_each_other", "bot/on_web/app.py", "from bot.on_slack import paint"),
    ("rooms_do_not_know_each_other", "bot/on_web/app.py", "from ..on_slack import paint"),
    ("the_core_knows_no_platform", "bot/cards.py", "import discord.ui"),
    ("the_core_knows_no_platform", "bot/feed.py", "from aiohttp import web"),
    ("the_core_knows_no_platform", "bot/room.py", "from slack_bolt.app import App"),
]

# What looks like an offence and is none.
FINE = [
    ("status_moves_in_one_place", "db/jobs.py", "q = update(Job).values(status='ready')"),
    ("status_moves_in_one_place", "bot/on_web/app.py", "if answer.status == 200: pass"),
    (
        "settings_come_from_the_door",
        "bot/__main__.py",
        "import os\ndef main():\n    os.environ['X']",
    ),
    ("settings_come_from_the_door", "gen/worker.py", "def main():\n    return StoreSettings()"),
    ("the_core_knows_no_platform", "bot/on_web/app.py", "from aiohttp import web"),
    ("files_stay_small", "db/migrations/versions/0001_x.py", "x = 1\n" * 301),
    (
        "the_loop_is_never_blocked",
        "gen/tasks.py",
        "async def f():\n    def g():\n        time.sleep(1)\n    await asyncio.to_thread(g)",
    ),
    (
        "broad_excepts_explain_themselves",
        "bot/feed.py",
        "try:\n    f()\nexcept Exception:  # a card that fails must not block the line\n    pass",
    ),
    (
        "broad_excepts_explain_themselves",
        "bot/feed.py",
        "try:\n    f()\nexcept Exception:\n    log.exception('feed.failed')",
    ),
]


def test_the_house_keeps_its_rules() -> None:
    files = list(sources(ROOT))
    found = [offence for rule in RULES for offence in offences(rule, files)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_mistake_is_found(rule: str, path: str, text: str) -> None:
    assert offences(_named(rule), [Source(path, text)])


@pytest.mark.parametrize(("rule", "path", "text"), FINE)
def test_what_is_right_is_left_alone(rule: str, path: str, text: str) -> None:
    assert not offences(_named(rule), [Source(path, text)])


def test_every_rule_has_a_planted_mistake() -> None:
    assert {rule for rule, _, _ in PLANTED} == {rule.__name__ for rule in RULES}


def _named(name: str) -> Rule:
    return next(rule for rule in RULES if rule.__name__ == name)


# ── torch stays with the worker ──────────────────────────────────────────────────────────


def heavy_after_importing(module: str, *extra_path: Path) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*extra_path, ROOT]))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return HEAVY & set(ended.stdout.split())


def test_the_bot_starts_without_torch() -> None:
    found = heavy_after_importing("bot.__main__")
    assert not found, f"the bot's machine has no GPU and no torch, but bot.__main__ imports {found}"


def test_a_planted_torch_is_found(tmp_path: Path) -> None:
    (tmp_path / "torch.py").touch()
    (tmp_path / "planted.py").write_text("import torch")
    assert heavy_after_importing("planted", tmp_path) == {"torch"}


# ── the checks are run ───────────────────────────────────────────────────────────────────


def test_make_check_runs_every_check() -> None:
    """A strict setting that nobody runs is decoration."""
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    for check in ("ruff check", "ruff format --check", "mypy", "lint-imports", "support.drift"):
        assert check in recipe[1], f"make check doesn't run {check}"
    assert "make check" in (ROOT / ".ci" / "run").read_text()
