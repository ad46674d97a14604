"""The choice among what is found: ranking and advice."""

from __future__ import annotations

import pytest

from powermeter.channel import Boundary
from powermeter.errors import NotInstalledError, OpenError
from powermeter.recorder import source_choice
from powermeter.recorder.discovery import NO_ANSWER, Finding, Search, rank
from powermeter.recorder.ranking import RANKING
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.source import Found


def finding(scheme: str, boundary: Boundary, **more) -> Finding:
    more.setdefault("url", f"{scheme}://")
    return Finding(scheme, Found(title=f"a {scheme}", boundary=boundary, **more))


JETSON = finding("jetson", Boundary.MODULE, covers="the module")
TEGRASTATS = finding("tegrastats", Boundary.MODULE, certainty="likely", rank=2)
METER = finding("um25c", Boundary.BOARD)
PLUG = finding("shelly", Boundary.WALL)
PMIC = finding("pmic", Boundary.PART, grade=Grade.DERIVED)
RAPL = finding("rapl", Boundary.PART)
GPU = finding("nvml", Boundary.DEVICE)
GAUGE = finding("power_supply", Boundary.BATTERY)
ESTIMATE = finding("estimate", Boundary.MODEL, grade=Grade.ESTIMATED, certainty="guess")
ORDER = [JETSON, METER, PLUG, PMIC, RAPL, GAUGE, ESTIMATE]


def test_order_is_board_meter_plug_parts_counters_gauge_estimate():
    assert list(rank(reversed(ORDER))) == ORDER
    assert [f.kind for f in ORDER] == [
        "board input sensor",
        "external meter",
        "plug",
        "rail parts",
        "counters",
        "gauge",
        "estimate",
    ]


def test_every_boundary_has_a_row():
    for boundary in Boundary:
        assert finding("anything", boundary).row < len(RANKING), boundary


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_the_best_usable_one_is_taken(place):
    chosen = source_choice.choose(ORDER[place:])
    assert chosen is not None and chosen.urls == (ORDER[place].found.url,)


def test_the_faster_way_to_the_same_rails_goes_first():
    chosen = source_choice.choose([TEGRASTATS, JETSON])
    assert chosen is not None and chosen.urls == ("jetson://",)


def test_a_graphics_card_is_recorded_beside_the_processor():
    chosen = source_choice.choose([GPU, RAPL, ESTIMATE])
    assert chosen is not None and set(chosen.urls) == {"rapl://", "nvml://"}


def test_a_graphics_card_alone_gets_the_estimate_for_the_rest_and_says_so():
    chosen = source_choice.choose([GPU, ESTIMATE])
    assert chosen is not None and chosen.urls == ("nvml://", "estimate://")
    assert "beside it" in chosen.line and "estimate://" in chosen.line


def test_a_measurement_of_the_whole_board_needs_nothing_beside_it():
    chosen = source_choice.choose([METER, GPU, ESTIMATE])
    assert chosen is not None and chosen.urls == ("um25c://",)


def test_an_estimate_never_fills_up_a_measurement():
    for measured in (JETSON, METER, PLUG, PMIC, RAPL, GAUGE):
        chosen = source_choice.choose([measured, ESTIMATE])
        assert chosen is not None and "estimate://" not in chosen.urls


def test_the_estimate_says_in_one_line_that_it_is_one_and_what_would_be_better():
    chosen = source_choice.choose([ESTIMATE])
    assert chosen is not None
    assert "\n" not in chosen.line and "an estimate, not a measurement" in chosen.line
    assert "\n" not in chosen.better and "USB power meter" in chosen.better


def test_what_stands_in_the_way_of_something_better_is_named():
    blocked = finding("rapl", Boundary.PART, problem="only root may read the counters", remedy="grant it so")
    chosen = source_choice.choose([ESTIMATE, blocked])
    assert chosen is not None and chosen.urls == ("estimate://",)
    assert "only root may read the counters" in chosen.better and "grant it so" in chosen.better


def test_a_guess_is_not_taken_where_something_is_sure():
    guess = finding("um25c", Boundary.BOARD, certainty="guess")
    chosen = source_choice.choose([guess, RAPL])
    assert chosen is not None and chosen.urls == ("rapl://",)


def test_a_guess_is_offered_but_not_taken_even_where_only_the_estimate_is_left():
    guess = finding("um25c", Boundary.BOARD, certainty="guess")
    chosen = source_choice.choose([guess, ESTIMATE])
    assert chosen is not None and chosen.urls == ("estimate://",)
    assert "--source um25c://" in chosen.better
    assert source_choice.choose([guess]) is None


def test_flags_are_recorded_beside_whatever_is_chosen_and_never_alone():
    flags = finding("throttled", Boundary.BOARD)
    chosen = source_choice.choose([flags, ESTIMATE])
    assert chosen is not None and chosen.urls == ("estimate://", "throttled://")
    chosen = source_choice.choose([METER, flags])
    assert chosen is not None and chosen.urls == ("um25c://", "throttled://")
    chosen = source_choice.choose([PMIC, flags])
    assert chosen is not None and chosen.urls == ("pmic://",)
    assert source_choice.choose([flags]) is None
    assert flags.kind == "marks beside a meter"


def without(monkeypatch, **failures: str) -> None:
    """Have a search find nothing, for these reasons."""
    notes = {scheme.replace("_", "-"): Note.warning(*why.split("|")) for scheme, why in failures.items()}
    monkeypatch.setattr(source_choice, "search", lambda: Search((), notes))


def test_drivers_that_cannot_be_loaded_are_the_cause_that_is_stated(monkeypatch):
    missing = "not-loaded|powermeter.drivers is not installed; in a checkout run: pip install -e ."
    without(monkeypatch, estimate=missing, rapl=missing)
    with pytest.raises(NotInstalledError, match=r"^powermeter\.drivers is not installed; in a checkout run"):
        source_choice.best_sources()


def test_why_nothing_can_be_measured_is_stated_by_driver(monkeypatch):
    without(monkeypatch, estimate="error|OSError: no /proc", rapl="no-answer|slow", hwmon="no-answer|slow")
    with pytest.raises(OpenError) as caught:
        source_choice.best_sources()
    assert str(caught.value) == (
        "nothing here can be measured or estimated; estimate://: OSError: no /proc; rapl://, hwmon://: slow; "
        "see: powermeter devices"
    )


def test_drivers_that_hung_are_named():
    chosen = source_choice.choose(
        [RAPL],
        {
            "nvml": Note.warning(NO_ANSWER, "did not answer"),
            "hid": Note.warning("cannot-look", "needs hidapi"),
        },
    )
    assert chosen is not None and "nvml://" in chosen.better and "hid" not in chosen.better


def test_nothing_usable_is_no_choice():
    assert source_choice.choose([]) is None
    assert source_choice.choose([finding("rapl", Boundary.PART, problem="no", url=None)]) is None
