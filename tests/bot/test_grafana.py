"""The dashboard and the handbook name the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.health import Health
from bot.metrics import Metrics
from db.broker import Broker
from db.session import Db
from tests.support.studio import NO_BROKER

DOCS = Path(__file__).parents[2] / "docs"
NAME = re.compile(r"\b(?:sora|process)_[a-z_]+\b")
ENDINGS = {"histogram": ("_bucket", "_count", "_sum")}


async def offered(url: str) -> dict[str, tuple[str, ...]]:
    """Metric -> the names of its series, as an empty studio tells them."""
    db, broker = Db(url), Broker(NO_BROKER)
    told = (await Metrics(db, broker, Health(db, broker)).exposition()).decode()
    await db.close()
    types = re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE)
    return {name: tuple(name + end for end in ENDINGS.get(kind, ("",))) for name, kind in types}


def dashboard() -> Any:
    return json.loads((DOCS / "grafana.json").read_text())


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


async def test_the_dashboard_asks_for_what_there_is(sqlite_url: str) -> None:
    series = {name for names in (await offered(sqlite_url)).values() for name in names}
    for expression in expressions():
        asked = NAME.findall(expression)
        assert asked, expression
        assert set(asked) <= series, expression


async def test_the_handbook_explains_every_metric_and_no_other(sqlite_url: str) -> None:
    metrics = await offered(sqlite_url)
    said = set(NAME.findall((DOCS / "operating.md").read_text()))
    assert {name for name in metrics if name.startswith("sora_")} == {
        name for name in said if name.startswith("sora_")
    }


def test_the_dashboard_can_be_imported_anywhere() -> None:
    board = dashboard()
    assert board["uid"] == "sora-commons"
    (source,) = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == f"${{{source['name']}}}"
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_no_two_panels_lie_on_each_other() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        its = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & its, panel["title"]
        cells |= its
