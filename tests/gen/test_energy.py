"""What a render costs is measured where a card can tell, and otherwise said to be an estimate.

No card is needed: the driver's library and torch's account of its cards are stood in for.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pynvml
import pytest

from gen.energy import WATTS, Meter


def test_without_a_card_it_is_seconds_times_watts() -> None:
    cost = Meter().read()
    assert not cost.energy_measured
    assert cost.energy_wh == pytest.approx(cost.seconds * WATTS["cpu"] / 3600)
    assert cost.seconds > 0
    assert cost.memory is None


def test_a_host_knows_its_watts_better() -> None:
    cost = Meter(watts=1000).read()
    assert cost.energy_wh == pytest.approx(cost.seconds * 1000 / 3600)


class Cards:
    """Two cards of a driver; every time the first is read it has drawn 36 J more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.millijoules = {0: 5_000, 1: 900}
        monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda number: number)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda card: f"GPU-{card}")
        monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", self._drawn)

    def _drawn(self, card: int) -> int:
        if card == 0:
            self.millijoules[0] += 36_000
        return self.millijoules[card]


def torch_on(*cards: int) -> SimpleNamespace:
    """A torch that has used these of its cards."""
    forgotten: list[int] = []
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 2,
        reset_peak_memory_stats=forgotten.append,
        max_memory_reserved=lambda number: 2**30 if number in cards and forgotten else 0,
        get_device_properties=lambda number: SimpleNamespace(uuid=str(number)),
    )
    return SimpleNamespace(cuda=cuda)


@pytest.mark.parametrize(("cards", "wh"), [((0,), 0.01), ((1,), 0.0), ((0, 1), 0.01)])
def test_cards_that_were_used_are_read(
    monkeypatch: pytest.MonkeyPatch, cards: tuple[int, ...], wh: float
) -> None:
    Cards(monkeypatch)
    monkeypatch.setitem(sys.modules, "torch", torch_on(*cards))
    cost = Meter(watts=1000).read()
    assert cost.energy_measured
    assert cost.energy_wh == pytest.approx(wh)
    assert cost.memory == len(cards) * 2**30, "of this render alone"


def test_a_card_without_a_counter_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    Cards(monkeypatch)

    def refuse(card: int) -> int:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", refuse)
    monkeypatch.setitem(sys.modules, "torch", torch_on(0))
    cost = Meter().read()
    assert not cost.energy_measured
    assert cost.energy_wh == pytest.approx(cost.seconds * WATTS["cuda"] / 3600)
