"""`sora doctor` on a healthy, an empty and a broken studio."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.doctor import _folder as folder_finding
from bot.doctor_chats import discord as discord_findings
from bot.settings import BotSettings
from db import workspaces
from db.session import Db
from tests.doubles.on_discord import Discord
from tests.support import toy
from tests.support import weights as made
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


async def test_an_empty_folder_has_nothing_wrong_with_it(doctor: Doctor) -> None:
    status, found = await doctor.says()
    assert status == 0, found
    assert found["Studio"] == ("warning", "`sora up` isn't running.", "Run: sora up")
    assert found["Database"][0] == found["Broker"][0] == found["Data folder"][0] == "warning"
    assert not doctor.data.exists()  # it looks, and changes nothing


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


async def test_a_broken_studio(doctor: Doctor) -> None:
    doctor.data.mkdir()
    (doctor.data / "sora.db").write_bytes(b"no database at all" * 100)
    (doctor.data / "sora.lock").write_text("left by somebody")
    status, found = await doctor.says(SORA_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert status == 1
    assert found["Database"][0] == found["Broker"][0] == "bad"
    assert "file is not a database" in found["Database"][1]
    assert "secret" not in found["Broker"][1]
    assert found["Broker"][2] == "Check SORA_REDIS_URL and its server."
    assert (doctor.data / "sora.lock").read_text() == "left by somebody"
    assert {file.name for file in doctor.data.iterdir()} == {"sora.db", "sora.lock"}


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


async def test_with_a_token_it_looks_at_discord_and_changes_nothing(doctor: Doctor) -> None:
    async with Discord(token=CANARY) as double:
        api = double.api.removesuffix("/api/v10")
        status, found = await doctor.says(SORA_DISCORD_TOKEN=CANARY, SORA_DISCORD_API=api)
        assert not [request for request in double.requests if request.method != "GET"]
    assert status == 0, found
    assert found["Discord"][0] == "warning"  # it is in no server yet
    assert found["Discord invite"][1].startswith("https://discord.com/oauth2/authorize?client_id=")
    assert CANARY not in str(found)
    assert not doctor.data.exists()


@pytest.fixture
def pointed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where discord.py looks for Discord is the same afterwards."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


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
