"""`sora doctor` on a healthy, an empty and a broken studio."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import supervisor
from bot.doctor import _folder as folder_finding
from bot.doctor import _look
from bot.doctor_chats import discord as discord_findings
from bot.finding import Finding, State
from bot.settings import BotSettings
from bot.trouble import Trouble
from db import workspaces
from db.session import Db
from tests.doubles.on_discord import Discord
from tests.support import toy
from tests.support import weights as made
from tests.support.buckets import Store
from tests.support.processes import Processes

CANARY = "no-token-of-anybody"


class Doctor:
    """Asks the doctor about one data folder."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.processes = processes
        self.data = folder / "data"
        self.env = {"SORA_MODELS": str(toy.models(folder)), "SORA_DATA": str(self.data)}

    async def says(self, **env: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
        asked = self.processes.start("-m", "bot", "doctor", "--json", env=self.env | env)
        status = await asked.ends(100)
        findings = json.loads(asked.said().splitlines()[-1])["findings"]
        return status, {f["name"]: (f["state"], f["found"], f["mend"]) for f in findings}


@pytest.fixture
def doctor(sora_process: Processes, tmp_path: Path) -> Doctor:
    return Doctor(sora_process, tmp_path)


@pytest.fixture
def without_gen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the bot alone: asking torch takes most of a doctor's time."""

    def lacks() -> None:
        raise Trouble("Install it with: pip install 'sora-commons[gen]'")

    monkeypatch.setattr(supervisor, "insist_on_gen", lacks)


async def looked(monkeypatch: pytest.MonkeyPatch, data: Path, **env: str) -> dict[str, Finding]:
    """What the doctor finds, asked in this process."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return {finding.name: finding async for finding in _look(data)}


@pytest.mark.usefixtures("without_gen")
async def test_an_empty_folder_has_nothing_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    found = await looked(monkeypatch, data)
    assert all(finding.state is not State.BAD for finding in found.values()), found
    assert found["Studio"] == Finding(
        "Studio", State.WARNING, "`sora up` isn't running.", "Run: sora up"
    )
    assert {found[n].state for n in ("Database", "Broker", "Data folder")} == {State.WARNING}
    assert found["Renderer"].mend == "Install it with: pip install 'sora-commons[gen]'"
    assert not data.exists()  # it looks, and changes nothing


@pytest.mark.usefixtures("migrated_data")
async def test_a_healthy_studio(doctor: Doctor) -> None:
    env = doctor.env | {"SORA_PORT": "8954"}
    up = doctor.processes.start("-m", "bot", "up", env=env)
    await up.line("worker.announced")
    status, found = await doctor.says()
    assert status == 0, found
    for name in ("Data folder", "Studio", "Database", "Workers", "Broker", "Outbox", "ETA"):
        assert found[name][0] == "ok", found[name]
    asked = doctor.processes.start("-m", "bot", "doctor", env=doctor.env)
    await asked.line("^✓ Broker: unix://")
    assert re.search(r"^✓ Workers: \S+: \w+", asked.said(), re.MULTILINE)


@pytest.mark.usefixtures("without_gen")
async def test_a_broken_studio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "sora.db").write_bytes(b"no database at all" * 100)
    (data / "sora.lock").write_text("left by somebody")
    found = await looked(monkeypatch, data, SORA_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert found["Database"].state is found["Broker"].state is State.BAD
    assert "file is not a database" in found["Database"].found
    assert "secret" not in found["Broker"].found
    assert found["Broker"].mend == "Check SORA_REDIS_URL and its server."
    assert (data / "sora.lock").read_text() == "left by somebody"
    assert {file.name for file in data.iterdir()} == {"sora.db", "sora.lock"}


@pytest.mark.usefixtures("without_gen")
@pytest.mark.parametrize(
    ("change", "state", "says"),
    [
        ({}, State.OK, "s3://clips/here takes files and gives them back."),
        ({"SORA_MEDIA_SECRET": "wrong"}, State.BAD, "doesn't let these credentials use s3://clips"),
        ({"SORA_MEDIA_URL": "s3://nothing"}, State.BAD, "has no bucket for s3://nothing."),
    ],
)
async def test_a_bucket_is_tried(
    monkeypatch: pytest.MonkeyPatch,
    store: Store,
    tmp_path: Path,
    change: dict[str, str],
    state: State,
    says: str,
) -> None:
    env = store.settings("s3://clips/here") | change
    found = (await looked(monkeypatch, tmp_path / "data", **env))["Media"]
    assert found.state is state
    assert says in found.found
    assert "secret" not in found.found


@pytest.mark.usefixtures("without_gen")
@pytest.mark.parametrize(
    ("size", "state"), [(799, State.OK), (800, State.WARNING), (1000, State.BAD)]
)
async def test_a_limit_of_media_is_watched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, state: State
) -> None:
    folder = tmp_path / "data" / "media" / "ab"
    folder.mkdir(parents=True)
    (folder / "clip").write_bytes(bytes(size))
    found = (await looked(monkeypatch, tmp_path / "data", SORA_MEDIA_GB="1e-6"))["Room"]
    assert found.state is state


async def test_a_model_that_somebody_began_to_set_up_is_named_and_no_other(doctor: Doctor) -> None:
    (made.pipeline(doctor.data / "models" / "mochi-1") / "model_index.json").unlink()
    status, found = await doctor.says()
    state, sentence, mend = found["Renderer"]
    assert (status, state) == (0, "warning")
    assert "models: grey, commons-shapes. mochi-1: The weights in" in sentence
    assert "sora models fetch mochi-1." in sentence
    assert "wan2" not in sentence
    assert "sora models check" in mend


async def test_settings_that_can_not_be_read_are_findings(doctor: Doctor) -> None:
    status, found = await doctor.says(SORA_REDIS_URL="nonsense")
    assert status == 1
    state, sentence, _ = found["Settings"]
    assert (state, sentence.split(",")[0]) == (
        "bad",
        "SORA_REDIS_URL is an address like redis://:password@host:6379/0",
    )


def test_a_folder_that_can_not_be_made_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert folder_finding(BotSettings(data=tmp_path / "file" / "data")).state == "bad"
    assert folder_finding(BotSettings(data=tmp_path / "a" / "b")).state == "warning"
    assert not (tmp_path / "a").exists()


async def test_without_a_token_it_says_how_to_begin() -> None:
    found = [finding async for finding in discord_findings(BotSettings())]
    assert [(f.name, f.state, f.mend) for f in found] == [
        ("Discord", "ok", "Ten minutes, step by step: docs/rooms.md")
    ]


@pytest.fixture
def pointed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where discord.py looks for Discord is the same afterwards."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.mark.usefixtures("pointed_back", "without_gen")
async def test_with_a_token_it_looks_at_discord_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    async with Discord(token=CANARY) as double:
        api = double.api.removesuffix("/api/v10")
        env = {"SORA_DISCORD_TOKEN": CANARY, "SORA_DISCORD_API": api}
        found = await looked(monkeypatch, data, **env)
        assert not [request for request in double.requests if request.method != "GET"]
    assert all(finding.state is not State.BAD for finding in found.values()), found
    assert found["Discord"].state is State.WARNING  # it is in no server yet
    invite = found["Discord invite"].found
    assert invite.startswith("https://discord.com/oauth2/authorize?client_id=")
    assert CANARY not in str(found)
    assert not data.exists()


@pytest.mark.usefixtures("pointed_back")
async def test_it_looks_at_every_server_that_is_set_up(sqlite_url: str) -> None:
    db = Db(sqlite_url)
    async with Discord(token=CANARY) as double:
        there = double.guild("Atelier")
        async with db.begin() as s:
            await workspaces.change(s, "discord", str(there.id), review=f"{there.id}/5")
            await workspaces.change(s, "discord", "77", review="77/5")
        await db.close()
        settings = BotSettings(
            database_url=sqlite_url,
            discord_token=CANARY,
            discord_api=double.api.removesuffix("/api/v10"),
        )
        found = {f.name: f async for f in discord_findings(settings)}
    assert "Review channel: it is gone." in found["Discord server “Atelier”"].found
    assert found["Discord server 77"].state == "warning"


@pytest.mark.usefixtures("pointed_back")
async def test_looking_at_discord_makes_no_database(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    settings = BotSettings(data=tmp_path, discord_token=CANARY, discord_api=nobody)
    found = [finding async for finding in discord_findings(settings)]
    assert [f.name for f in found] == ["Discord"]
    assert list(tmp_path.iterdir()) == []
