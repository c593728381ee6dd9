from __future__ import annotations

import statistics
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from edge_worker.offload import link_meter
from edge_worker.offload.link_meter import LinkMeter


def measured() -> LinkMeter:
    meter = LinkMeter()
    for _ in range(3):
        meter.small(0.01)
        meter.transfer(50_000, 0.41)
    return meter


@pytest.mark.parametrize("ask", [lambda meter: meter.link, lambda meter: meter.transfer(9000, 0.1)])
def test_a_link_that_is_cut_while_somebody_asks_about_it_breaks_nothing(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker's goodbye comes in the link's thread, the question in a model's."""
    meter = measured()
    cutting = threading.Thread(target=meter.forget)

    def cut_first(values: Any) -> float:
        if not cutting.ident:
            cutting.start()
            cutting.join(0.2)
        return statistics.median(values)

    monkeypatch.setattr(link_meter, "statistics", SimpleNamespace(median=cut_first))
    ask(meter)
    cutting.join(5)
    assert meter.link is None
