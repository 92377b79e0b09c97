"""The `sora` command as a person meets it: its help, and one sentence for every mistake."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot import __main__ as door
from bot import cli_make, grammar
from bot.settings import BotSettings
from bot.trouble import without_password
from db import events
from db.broker import Broker
from db.session import Db
from tests.support import doors
from tests.support.doors import Said
from tests.support.studio import Studio, person

ROOT = Path(__file__).parents[2]
DEAD_POSTGRES = "postgresql://sora:secret@localhost:1/sora"
UNREACHABLE = "The database at localhost:1 can't be reached (connection refused)."


def sora(*arguments: str, env: Mapping[str, str] | None = None) -> Said:
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(env or {})}
    return doors.ask("bot.__main__", *arguments, cwd=Path.cwd(), env=settings)


def test_help_names_every_command() -> None:
    said = sora("--help")
    assert said.status == 0
    for command in (
        "up",
        "top",
        "bot",
        "worker",
        "migrate",
        "doctor",
        "make",
        "models",
        "outbox",
        "record",
        "export",
        "forget",
    ):
        assert f"│ {command} " in said.out
    assert sora("--version").out.startswith("sora-commons")
    assert "[default: 8040]" in sora("up", "--help").out  # the brackets are no markup


@pytest.mark.parametrize(
    ("arguments", "env", "status", "sentence"),
    [
        (["up", "--port", "99999"], {}, 2, "--port is 1 to 65535, not 99999."),
        (["migrate"], {"SORA_QUEUED_CAP": "abc"}, 2, "SORA_QUEUED_CAP is a whole number, not abc."),
        (["bot"], {"SORA_REDIS_URL": "nonsense"}, 2, "SORA_REDIS_URL is an address like"),
        (["migrate"], {"SORA_BALLOT_HOURS": "inf"}, 2, "SORA_BALLOT_HOURS"),
        (["worker"], {"SORA_RUNNING_CAP": "0"}, 1, "SORA_RUNNING_CAP is at least 1, not 0."),
        (["migrate"], {"SORA_HOST": "0.0.0.0"}, 2, "the sign-in"),
        (["migrate"], {"SORA_DATABASE_URL": "nonsense"}, 2, "SORA_DATABASE_URL"),
        (["migrate"], {"SORA_DATABASE_URL": DEAD_POSTGRES}, 1, UNREACHABLE),
        (["bot"], {"SORA_DATABASE_URL": DEAD_POSTGRES}, 1, UNREACHABLE),
        (["migrate", "--data", "/dev/null"], {}, 1, "--data"),
        (["outbox", "retry"], {}, 1, "sora migrate"),
        (["bot"], {}, 1, "sora migrate"),
        (["make", "x", "--seed", "seven"], {}, 2, "--seed needs a whole number"),
        (["make", "x", "--variations", "5"], {}, 2, "--variations is 1 to 4"),
        (["make", "x", "-o", "clip.gif"], {}, 2, "clip.mp4"),
        (["make", "x", "--image", "nowhere.png"], {}, 2, "nowhere.png can't be read: No such file"),
        (["make", "x", "--image", "/dev/null"], {}, 2, "That is no picture; give a PNG"),
        (["make", "x", "-o", "nowhere/clip.mp4"], {}, 2, "There is no folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], env: dict[str, str], status: int, sentence: str
) -> None:
    said = sora(*arguments, env=env)
    assert said.status == status, said
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1
    assert "secret" not in said.err


def test_an_unknown_option_is_misuse() -> None:
    assert sora("up", "--nonsense").status == 2


def test_a_bug_shows_where_and_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks() -> None:
        raise KeyError("planted")

    monkeypatch.setattr(door, "app", breaks)
    with pytest.raises(SystemExit) as ended:
        door.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "KeyError: 'planted'" in said
    assert "Please report it" in said


@pytest.mark.parametrize("command", ["worker", "models"])
def test_what_needs_the_extra_says_how_to_install_it(command: str) -> None:
    program = (
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'torch' else real(name)\n"
        f"import sys; sys.argv = ['sora', '{command}']\n"
        "import bot.__main__ as door; door.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "pip install 'sora-commons[gen]'" in ended.stderr


def test_the_door_opens_fast() -> None:
    """What takes long to import is left to the command that needs it."""
    program = "import sys, bot.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"sqlalchemy", "sqlmodel", "pydantic", "arq", "aiohttp", "alembic"} & set(loaded)


def test_make_has_the_options_of_the_grammar() -> None:
    parameters = inspect.signature(cli_make.make, eval_str=True).parameters
    texts = {
        name: next(m.help for m in p.annotation.__metadata__ if hasattr(m, "help"))
        for name, p in parameters.items()
    }
    for option in (grammar.PROMPT, *grammar.OPTIONS):
        # A clip from the shell is private unless --publish, and starts from no other clip.
        if option.name not in {"private", *grammar.UPON_A_CLIP}:
            assert texts[option.name] == option.help


def test_settings_become_rules() -> None:
    rules = BotSettings(queued_cap=3, quorum=2, ballot_hours=1.5).rules()
    assert (rules.queued_cap, rules.quorum, rules.ballot.total_seconds()) == (3, 2, 5400)
    assert BotSettings(host="::1", port=81).page == "http://[::1]:81/"


def test_a_password_is_not_shown() -> None:
    assert without_password("redis://:secret@host:1/0") == "redis://:***@host:1/0"
    assert without_password("unix:///a/b") == "unix:///a/b"


async def test_what_was_set_aside_is_told_again(sqlite_url: str) -> None:
    db, broker = Db(sqlite_url), Broker("unix:///nonexistent")
    async with db.begin() as s:
        await events.join(s, "web")
    studio = await Studio(db, broker).open()
    await studio.submit(await person(db, "Ada"))
    async with db.begin() as s:
        for claim in await events.claim(s, "web"):
            while not await events.mark_failed(s, claim, "the room was closed"):
                claim = type(claim)(claim.room, claim.job_id, claim.events, claim.tries + 1)
    said = sora("outbox", "retry", env={"SORA_DATABASE_URL": sqlite_url})
    assert said.out == "1 set aside before will be told again.\n"
    assert "Nothing" in sora("outbox", "retry", env={"SORA_DATABASE_URL": sqlite_url}).out
    await broker.close()
    await db.close()
