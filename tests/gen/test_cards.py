"""What a worker says of its graphics cards. No card is needed: the driver's library is stood in for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from gen import cards

GIB = 2**30


def test_a_machine_without_a_driver_has_none() -> None:
    assert cards.look(None, None) == []


@pytest.fixture
def _three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cards: the driver knows them by number and by UUID; the last one was lost."""

    def memory(card: int) -> Any:
        if card == 2:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return SimpleNamespace(used=(card + 1) * GIB, total=80 * GIB)

    for name, answer in {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 3,
        "nvmlDeviceGetHandleByIndex": lambda number: number,
        "nvmlDeviceGetHandleByUUID": lambda uuid: ["GPU-a", "GPU-b", "GPU-c"].index(uuid),
        "nvmlDeviceGetName": lambda card: f"Card {card}",
        "nvmlDeviceGetMemoryInfo": memory,
        "nvmlDeviceGetUtilizationRates": lambda card: SimpleNamespace(gpu=50 * card),
    }.items():
        monkeypatch.setattr(pynvml, name, answer)


@pytest.mark.usefixtures("_three")
@pytest.mark.parametrize(
    ("device", "visible", "told"),
    [
        (None, None, [(0, "Card 0"), (1, "Card 1")]),
        ("cuda", None, [(0, "Card 0"), (1, "Card 1")]),
        ("cuda:1", None, [(1, "Card 1")]),
        ("cuda:0", "1", [(0, "Card 1")]),
        ("cuda:7", None, []),
        (None, "GPU-b, 0", [(0, "Card 1"), (1, "Card 0")]),
        (None, "", []),
        ("cpu", None, []),
    ],
)
def test_a_worker_tells_of_the_cards_that_it_may_use(
    device: str | None, visible: str | None, told: list[tuple[int, str]]
) -> None:
    assert [(card["number"], card["name"]) for card in cards.look(device, visible)] == told


@pytest.mark.usefixtures("_three")
def test_how_full_and_how_busy_it_is() -> None:
    (card,) = cards.look("cuda:1", None)
    assert (card["used"], card["total"], card["busy"]) == (2 * GIB, 80 * GIB, 0.5)
