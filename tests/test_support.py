"""The ground the other tests stand on holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest
from arq.connections import create_pool
from playwright.async_api import Page
from sqlalchemy import text

from db import broker, migrate
from db.session import Db
from tests.support import servers
from tests.support.processes import Processes

EMOJI = "✅❌🔞🩸👤©️🚫🗑️"


@pytest.mark.parametrize("_again", [1, 2])
async def test_a_real_broker_answers_and_remembers_no_other_test(valkey: str, _again: int) -> None:
    pool = await create_pool(broker.redis_settings(valkey))
    assert await pool.dbsize() == 0
    await pool.set("left", "over")
    await pool.aclose()


async def test_a_database_is_migrated(db: Db) -> None:
    async with db.read() as session:
        found = await session.execute(text("SELECT version_num FROM alembic_version"))
        assert found.scalar_one() == migrate.newest()
        assert (await session.execute(text("SELECT count(*) FROM job"))).scalar_one() == 0


@pytest.mark.parametrize("_again", [1, 2])
async def test_no_test_sees_the_rows_of_another(db: Db, _again: int) -> None:
    async with db.begin() as session:
        assert (await session.execute(text("SELECT count(*) FROM room"))).scalar_one() == 0
        await session.execute(
            text("INSERT INTO room (name, joined_at) VALUES ('web', CURRENT_TIMESTAMP)")
        )


async def test_an_empty_database_is_empty(empty_db_url: str) -> None:
    assert await migrate.current(empty_db_url) is None


@pytest.mark.browser
async def test_a_browser_shows_text_and_emoji(page: Page) -> None:
    await page.set_content(f"<p id=a>{EMOJI}</p><script>document.title = 2 + 2</script>")
    assert await page.title() == "4"
    assert await page.inner_text("#a") == EMOJI
    assert (await page.screenshot()).startswith(b"\x89PNG")


async def test_a_process_is_waited_for_and_reaped(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "p")
    serving = processes.start(
        "-c",
        "import http.server, functools\n"
        "with http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler) as s:\n"
        "    print('port', s.server_port, flush=True)\n"
        "    s.serve_forever()",
    )
    port = (await serving.line("port")).split()[1]
    await serving.answers(f"http://127.0.0.1:{port}/")
    killed = processes.start("-c", "import time; print('up'); time.sleep(60)")
    await killed.line("up")
    killed.kill9()
    assert not killed.alive
    await processes.reap()
    assert not serving.alive


async def test_an_orphan_in_a_session_of_its_own_is_reaped_too(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "p")
    orphan = f"subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(60)']"
    parent = processes.start(
        "-c", f"import subprocess\np = {orphan}, start_new_session=True)\nprint('child', p.pid)"
    )
    child = int((await parent.line("child")).split()[1])
    await parent.ends()
    assert psutil.pid_exists(child)
    await processes.reap()
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


async def test_a_process_that_dies_early_says_why(sora_process: Processes) -> None:
    dying = sora_process.start("-c", "raise SystemExit('no such door')")
    with pytest.raises(AssertionError, match="no such door"):
        await dying.line("never said")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a right to drop")
def test_postgres_runs_where_its_user_may_not_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_can_run", lambda program, user: False)
    with servers.postgres_server() as folder:
        assert (folder / ".s.PGSQL.5432").is_socket()
