"""Windows: seconds, bytes and shares; closing by the clock; the person's day."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_worker.catalogue.ports import AppUsage
from edge_worker.catalogue.tool import SourceError, ToolContext
from edge_worker.messages import Person, ReadingState, decode, encode
from edge_worker.sensing.traffic.day_store import (
    FILE_NAME,
    DayStore,
    delete_person,
    deviations,
)
from edge_worker.sensing.traffic.observation import SliceBatch, UsageSlice
from edge_worker.sensing.traffic.usage_step import SOURCE_SILENT_S, AppUsageStep
from edge_worker.sensing.traffic.windows import HOLD_S, UsageWindow, UsageWindows

T0 = 1_700_000_040  # a multiple of ten seconds and of a minute
ANNA = Person(id="anna", name="Anna", addresses=("192.168.1.23",))


def part(t: int, category: str = "social", size: int | None = 5000, **more: object) -> UsageSlice:
    fields = {"foreground": True, "up": size and size // 5, "down": size and size - size // 5}
    fields |= {"packets": size and 10} | more
    return UsageSlice(t=t, person="anna", category=category, **fields)  # type: ignore[arg-type]


def close(window_s: int, *parts: UsageSlice) -> UsageWindow:
    windows = UsageWindows(window_s)
    windows.add(parts)
    return windows.close("anna", T0)


def test_bytes_and_shares() -> None:
    window = close(
        60,
        part(T0, "social", 3000),
        part(T0 + 1, "unknown", 1000),
        part(T0 + 2, "unknown", 1000, hidden=True),
        part(T0 + 3, "builtin", 7000, foreground=False),
    )
    assert window.up == {"social": 600, "unknown": 400}
    assert window.down == {"social": 2400, "unknown": 1600}
    assert window.background == 7000
    assert window.packets == 40
    assert (window.unknown_share, window.hidden_share) == (0.2, 0.2)


def test_active_seconds_bridge_short_gaps_and_end_soon() -> None:
    window = close(60, part(T0), part(T0 + 5), part(T0 + 20))
    assert window.seconds == {"social": 5 + HOLD_S + HOLD_S}


def test_keep_alives_are_no_use() -> None:
    assert close(60, *(part(T0 + i, size=60) for i in range(0, 60, 10))).seconds == {}


def test_small_traffic_in_one_minute_adds_up_to_use() -> None:
    window = close(60, *(part(T0 + i, size=400) for i in range(0, 60, 5)))
    assert window.seconds == {"social": 60 - 35}


def test_use_reaches_into_the_next_window() -> None:
    windows = UsageWindows(10)
    windows.add([part(T0 + 9)])
    assert windows.close("anna", T0).seconds == {"social": 1.0}
    assert windows.close("anna", T0 + 10).seconds == {"social": HOLD_S - 1}


def test_question_without_bytes_holds_for_minutes() -> None:
    windows = UsageWindows(60)
    windows.add([part(T0 + 30, size=None)])
    seconds = [windows.close("anna", T0 + 60 * i).seconds.get("social", 0) for i in range(7)]
    assert seconds == [30, 60, 60, 60, 60, 30, 0]


def test_windows_close_in_order_and_only_when_they_are_over() -> None:
    windows = UsageWindows(60)
    windows.add([part(T0 + 70), part(T0)])
    assert [window.t0 for window in windows.close_before(T0 + 119)] == [T0]
    assert [window.t0 for window in windows.close_before(T0 + 120)] == [T0 + 60]


def test_published_window_is_not_opened_again_unless_asked() -> None:
    for amend, expected in ((False, []), (True, [T0])):
        windows = UsageWindows(60, amend=amend)
        windows.add([part(T0)])
        assert len(windows.close_before(T0 + 60)) == 1
        windows.add([part(T0 + 5)])
        assert [window.t0 for window in windows.close_before(T0 + 60)] == expected


def test_times_of_a_damaged_clock_stay_bounded() -> None:
    windows = UsageWindows(1)
    windows.add(part(T0 + 1000 * i) for i in range(20_000))
    assert len(windows.close_before(float("inf"))) <= 4096


# --- The step --------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = float(T0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    return Clock()


@pytest.fixture(name="step")
def step_fixture(tmp_path: Path, clock: Clock) -> AppUsageStep:
    context = ToolContext(settings={"window_s": 10}, data_dir=tmp_path, person=ANNA, people=(ANNA,))
    return AppUsageStep(context, clock)


def batch(until: float, *parts: UsageSlice, live: bool = True) -> SliceBatch:
    return SliceBatch(slices=parts, until=until, live=live)


def usages(outputs: object) -> list[AppUsage]:
    return [usage for _, usage in outputs]  # type: ignore[attr-defined]


def test_window_closes_with_the_report_that_completes_it(step: AppUsageStep, clock: Clock) -> None:
    assert usages(step.update("observations", batch(T0 + 9, part(T0 + 1)))) == []
    clock.now = T0 + 10.1
    (usage,) = usages(step.update("observations", batch(T0 + 10)))
    assert (usage.t0, usage.t1, usage.person) == (T0, T0 + 10, "anna")
    assert usage.seconds == {"social": 9.0}
    assert usage.state is ReadingState.OK
    assert usage.t1 <= clock.now
    assert decode(AppUsage, encode(usage)) == usage


def test_silence_gives_empty_windows(step: AppUsageStep) -> None:
    found = [u for s in range(1, 31) for u in usages(step.update("observations", batch(T0 + s)))]
    assert [usage.t1 - T0 for usage in found] == [10, 20, 30]
    assert all(usage.seconds == {} and usage.state is ReadingState.OK for usage in found)


def test_dead_source_is_told(step: AppUsageStep, clock: Clock) -> None:
    step.update("observations", batch(T0 + 1, part(T0)))
    assert usages(step.tick(T0 + 10)) == []
    late = T0 + SOURCE_SILENT_S + 6
    states = [usage.state for usage in usages(step.tick(late))]
    assert states == [ReadingState.SOURCE_FAILED] * 2


def test_recording_closes_windows_by_its_own_time(step: AppUsageStep, clock: Clock) -> None:
    old = T0 - 1_000_000
    clock.now = T0 + 1000
    assert usages(step.update("observations", batch(old + 5, part(old), live=False))) == []
    assert usages(step.tick(clock.now)) == []
    (usage,) = usages(step.update("observations", batch(float("inf"), live=False)))
    assert usage.t0 == old - old % 10


def test_strangers_are_ignored(step: AppUsageStep) -> None:
    stranger = UsageSlice(t=T0, person="bert", category="social", foreground=True, up=1, down=9)
    (usage,) = usages(step.update("observations", batch(T0 + 10, stranger)))
    assert usage.bytes_down == {}


def test_sleep_of_the_machine_makes_no_windows_up(step: AppUsageStep) -> None:
    found = usages(step.update("observations", batch(T0 + 100_000)))
    assert len(found) <= 3


def test_settings_name_the_field(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"app_usage_windows\.window_s"):
        AppUsageStep(ToolContext(settings={"window_s": 0}, data_dir=tmp_path))


# --- The person's days -----------------------------------------------------------------


def used(t0: int, seconds: dict[str, float], window_s: int = 60) -> UsageWindow:
    return UsageWindow(
        t0=t0,
        t1=t0 + window_s,
        person="anna",
        seconds=seconds,
        up={"social": 100},
        down={"social": 300},
    )


@pytest.fixture(name="utc")
def utc_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


DAY0 = 1_700_006_400  # midnight UTC


@pytest.mark.usefixtures("utc")
def test_features_of_a_day(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    store.add(used(DAY0 + 3600, {"social": 60}))
    store.add(used(DAY0 + 3660, {"social": 30, "game": 20}))
    features = store.add(used(DAY0 + 7200, {"game": 50, "utilities": 60}))
    assert features["active_s"] == 160
    assert features["share_social"] == pytest.approx(90 / 160)
    assert features["runs"] == 2
    assert features["run_median_s"] == pytest.approx(90)
    assert (features["first_h"], features["last_h"]) == (1.0, pytest.approx(2 + 1 / 60))
    assert features["night_share"] == 1.0
    assert features["up_down_ratio"] == pytest.approx(1 / 3)
    assert features["entropy_bits"] == pytest.approx(0.9887, abs=1e-3)
    assert features["switches_per_h"] == pytest.approx(1 / (3660 / 3600))
    assert features["z_active_s"] is None


@pytest.mark.usefixtures("utc")
def test_days_are_kept_for_a_month_and_compared_with_the_own_usual(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    for day in range(40):
        features = store.add(used(DAY0 + 86_400 * day + 36_000, {"social": 30 + day % 3 * 10}))
    store.save()
    assert features["z_active_s"] == pytest.approx(-1.15, abs=0.2)
    again = DayStore(tmp_path)
    assert len(again._people["anna"]["days"]) == 30
    text = (tmp_path / FILE_NAME).read_text()
    assert "192.168" not in text
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_deviation_needs_days_and_spread() -> None:
    from datetime import date

    days = {f"2026-11-0{i}": {"active_s": 10.0 * i, "runs": 1.0} for i in range(1, 8)}
    found = deviations({"active_s": 80.0, "runs": 5.0}, days, date(2026, 11, 8))
    assert found["z_active_s"] == pytest.approx((80 - 40) / 21.602, abs=1e-3)
    assert found["z_runs"] is None
    few = dict(list(days.items())[:4])
    assert deviations({"active_s": 80.0}, few, date(2026, 11, 8))["z_active_s"] is None


def test_deleted_person_stays_deleted(tmp_path: Path) -> None:
    store = DayStore(tmp_path)
    store.add(used(DAY0, {"social": 60}))
    store.save()
    assert delete_person(tmp_path, "anna") == 1
    assert delete_person(tmp_path, "anna") == 0
    store.save()
    assert "anna" not in (tmp_path / FILE_NAME).read_text()


def test_damaged_file_begins_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")
    assert DayStore(tmp_path)._people == {}
