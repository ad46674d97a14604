"""The choice among what is found: ranking, advice, and never longer than its limit."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import ClassVar

import pytest
from click.testing import CliRunner
from waiting import CEILING_S

from powermeter import registry
from powermeter.channel import Boundary
from powermeter.cli.devices import devices
from powermeter.errors import NotInstalledError, OpenError, PowermeterError
from powermeter.recorder import discovery as choice
from powermeter.recorder.discovery import Finding
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.source import Found, Source


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
    assert list(choice.rank(reversed(ORDER))) == ORDER
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
        assert finding("anything", boundary).row < len(choice.RANKING), boundary


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_the_best_usable_one_is_taken(place):
    chosen = choice.choose(ORDER[place:])
    assert chosen is not None and chosen.urls == (ORDER[place].found.url,)


def test_the_faster_way_to_the_same_rails_goes_first():
    chosen = choice.choose([TEGRASTATS, JETSON])
    assert chosen is not None and chosen.urls == ("jetson://",)


def test_a_graphics_card_is_recorded_beside_the_processor():
    chosen = choice.choose([GPU, RAPL, ESTIMATE])
    assert chosen is not None and set(chosen.urls) == {"rapl://", "nvml://"}


def test_a_graphics_card_alone_gets_the_estimate_for_the_rest_and_says_so():
    chosen = choice.choose([GPU, ESTIMATE])
    assert chosen is not None and chosen.urls == ("nvml://", "estimate://")
    assert "beside it" in chosen.line and "estimate://" in chosen.line


def test_a_measurement_of_the_whole_board_needs_nothing_beside_it():
    chosen = choice.choose([METER, GPU, ESTIMATE])
    assert chosen is not None and chosen.urls == ("um25c://",)


def test_an_estimate_never_fills_up_a_measurement():
    for measured in (JETSON, METER, PLUG, PMIC, RAPL, GAUGE):
        chosen = choice.choose([measured, ESTIMATE])
        assert chosen is not None and "estimate://" not in chosen.urls


def test_the_estimate_says_in_one_line_that_it_is_one_and_what_would_be_better():
    chosen = choice.choose([ESTIMATE])
    assert chosen is not None
    assert "\n" not in chosen.line and "an estimate, not a measurement" in chosen.line
    assert "\n" not in chosen.better and "USB power meter" in chosen.better


def test_what_stands_in_the_way_of_something_better_is_named():
    blocked = finding("rapl", Boundary.PART, problem="only root may read the counters", remedy="grant it so")
    chosen = choice.choose([ESTIMATE, blocked])
    assert chosen is not None and chosen.urls == ("estimate://",)
    assert "only root may read the counters" in chosen.better and "grant it so" in chosen.better


def test_a_guess_is_not_taken_where_something_is_sure():
    guess = finding("um25c", Boundary.BOARD, certainty="guess")
    chosen = choice.choose([guess, RAPL])
    assert chosen is not None and chosen.urls == ("rapl://",)


def test_a_guess_is_offered_but_not_taken_even_where_only_the_estimate_is_left():
    guess = finding("um25c", Boundary.BOARD, certainty="guess")
    chosen = choice.choose([guess, ESTIMATE])
    assert chosen is not None and chosen.urls == ("estimate://",)
    assert "--source um25c://" in chosen.better
    assert choice.choose([guess]) is None


def test_flags_are_recorded_beside_whatever_is_chosen_and_never_alone():
    flags = finding("throttled", Boundary.BOARD)
    chosen = choice.choose([flags, ESTIMATE])
    assert chosen is not None and chosen.urls == ("estimate://", "throttled://")
    chosen = choice.choose([METER, flags])
    assert chosen is not None and chosen.urls == ("um25c://", "throttled://")
    chosen = choice.choose([PMIC, flags])
    assert chosen is not None and chosen.urls == ("pmic://",)
    assert choice.choose([flags]) is None
    assert flags.kind == "marks beside a meter"


def test_no_search_waits_for_drivers_that_look_for_nothing():
    silent = {
        scheme
        for scheme in registry.DRIVERS
        if registry.driver_class(scheme).discover.__func__ is Source.discover.__func__  # type: ignore[attr-defined]
    }
    assert silent == registry.NAMED_ONLY


def without(monkeypatch, **failures: str) -> None:
    """Have a search find nothing, for these reasons."""
    notes = {scheme.replace("_", "-"): Note.warning(*why.split("|")) for scheme, why in failures.items()}
    monkeypatch.setattr(choice, "search", lambda: choice.Search((), notes))


def test_drivers_that_cannot_be_loaded_are_the_cause_that_is_stated(monkeypatch):
    missing = "not-loaded|powermeter.drivers is not installed; in a checkout run: pip install -e ."
    without(monkeypatch, estimate=missing, rapl=missing)
    with pytest.raises(NotInstalledError, match=r"^powermeter\.drivers is not installed; in a checkout run"):
        choice.best_sources()


def test_why_nothing_can_be_measured_is_stated_by_driver(monkeypatch):
    without(monkeypatch, estimate="error|OSError: no /proc", rapl="no-answer|slow", hwmon="no-answer|slow")
    with pytest.raises(OpenError) as caught:
        choice.best_sources()
    assert str(caught.value) == (
        "nothing here can be measured or estimated; estimate://: OSError: no /proc; rapl://, hwmon://: slow; "
        "see: powermeter devices"
    )


def test_drivers_that_hung_are_named():
    chosen = choice.choose(
        [RAPL],
        {
            "nvml": Note.warning(choice.NO_ANSWER, "did not answer"),
            "hid": Note.warning("cannot-look", "needs hidapi"),
        },
    )
    assert chosen is not None and "nvml://" in chosen.better and "hid" not in chosen.better


def test_nothing_usable_is_no_choice():
    assert choice.choose([]) is None
    assert choice.choose([finding("rapl", Boundary.PART, problem="no", url=None)]) is None


class Quick:
    found: ClassVar[list[Found]] = [Found("quick://", "a quick one")]

    @classmethod
    def discover(cls):
        return cls.found


class Broken:
    @classmethod
    def discover(cls):
        raise ZeroDivisionError("oops")


class Missing:
    @classmethod
    def discover(cls):
        raise NotInstalledError("needs something; run: pip install something")


@pytest.mark.thorough
def test_a_driver_that_hangs_or_breaks_does_not_take_the_others_with_it(monkeypatch):
    release = threading.Event()

    class Hanging:
        @classmethod
        def discover(cls):
            release.wait(CEILING_S)
            return []

    table = {"quick": Quick, "broken": Broken, "missing": Missing, "hanging": Hanging}
    monkeypatch.setattr(registry, "driver_class", lambda scheme: table[scheme])
    try:
        found = choice.search(2.0, table)
        assert not release.is_set(), "it returns while the one still hangs"
    finally:
        release.set()
    assert [f.found.url for f in found.findings] == ["quick://"]
    assert str(found.failures["hanging"]) == "did not answer within 2 s"
    assert str(found.failures["broken"]) == "ZeroDivisionError: oops"
    assert "pip install" in found.failures["missing"].text


def test_every_registered_driver_looks_within_the_limit_and_breaks_nothing():
    for (
        scheme
    ) in registry.DRIVERS:  # CPython 3.11 mixes up what several threads parse at once, as pytest's imports do
        registry.driver_class(scheme)
    for (
        scheme
    ) in registry.DRIVERS:  # pytest rewrites what is imported, which Python 3.11 cannot do in many threads
        with suppress(PowermeterError):
            registry.driver_class(scheme)
    found = choice.search()
    assert found.seconds <= choice.LIMIT_S + 30, "the limit, and what the machine takes"
    assert not {scheme for scheme, why in found.failures.items() if why.code == "error"}, found.failures
    assert any(f.found.url == "estimate://" for f in found.findings)


def test_titles_from_devices_cannot_write_markup(monkeypatch):
    odd = finding("rapl", Boundary.PART, rails=("[bold]x[/bold]",))
    odd = Finding("rapl", Found("rapl://", "[red]evil[/red]", Boundary.PART))
    monkeypatch.setattr(choice, "search", lambda: choice.Search((odd,)))
    result = CliRunner().invoke(devices, [])
    assert "[red]evil[/red]" in result.output
