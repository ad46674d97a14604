"""What is subtracted, and how far it may be from the idle power beneath events: on levels and ramps of paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis import above_baseline
from powermeter.analysis.above_baseline import (
    HOLDS_WORK,
    Baseline,
    _pauses,
    _wander,
    _white,
    contradicted,
    find,
    holds_work,
)
from powermeter.analysis.integral import Integral
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.result import Grade, Result
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
HZ = 10


def integral(values: np.ndarray, **more: float) -> Integral:
    return Integral.of(from_samples(np.arange(values.size, dtype=np.int64) * (NS // HZ), values, **more))


def spans(*seconds: tuple[float, float]) -> list[tuple[int, int]]:
    return [(round(a * NS), round(b * NS)) for a, b in seconds]


FLAT = integral(np.full(1001, 2.0))
IDLE = Event("idle", 10 * NS, 20 * NS, uid=1)


def test_nothing_a_result_and_a_baseline_are_what_they_are() -> None:
    given = Result.of(2.0, "W")
    assert find(None, FLAT, ()) is None
    made = find(given, FLAT, ())
    assert made is not None and made.power is given and (made.origin, made.measured) == ("given", False)
    assert find(made, FLAT, ()) is made


def test_a_power_measured_elsewhere_is_held_against_the_pauses() -> None:
    """Pauses at 2.0 W beside a baseline of 1.9 W: a standard uncertainty of 0.1 W joins its own, and a note names it; where they agree, neither."""
    busy = [Event("infer", start_ns=a, end_ns=b) for a, b in busy_every(5, 2, 5, 18)]
    made = find(Result.of(1.9, "W", {"gain:m": 0.01}), FLAT, busy)
    assert made is not None and made.power.value == 1.9
    assert made.power.standard_uncertainty == pytest.approx(math.hypot(0.1, 0.01))
    assert [note.code for note in contradicted(made)] == ["baseline-unlike-pauses"]
    agreed = find(Result.of(2.0, "W", {"gain:m": 0.01}), FLAT, busy)
    assert agreed is not None and agreed.power.standard_uncertainty == 0.01 and not contradicted(agreed)


def test_without_events_nothing_shows_idle_power() -> None:
    """A run without events is what was to be measured, not a pause: 2.0 W of it contradict no idle power of 0.5 W."""
    made = find(Result.of(0.5, "W", {"gain:m": 0.01}), FLAT, ())
    assert made is not None and made.power.standard_uncertainty == 0.01 and not contradicted(made)


def test_events_that_are_not_looked_at_are_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve events of 3 W over 2 W, eight of them looked at: what lies behind the eighth is not idle."""
    monkeypatch.setattr(above_baseline, "_LOOKED", 8)
    marks = busy_every(5, 2, 5, 12)
    values = np.full(1001, 2.0)
    for a, b in marks:
        values[a * HZ // NS + 1 : b * HZ // NS + 1] = 3.0
    made = find(
        Result.of(2.0, "W", {"gain:m": 0.01}),
        integral(values),
        [Event("infer", start_ns=a, end_ns=b) for a, b in marks],
    )
    assert made is not None and not contradicted(made)


@pytest.mark.parametrize(("spec", "watts"), [(2, 2.0), (0.5, 0.5), (0, 0.0), ("2.1W", 2.1), ("300 mW", 0.3)])
def test_a_power_is_assumed(spec: float | str, watts: float) -> None:
    found = find(spec, FLAT, ())
    assert found is not None and found.power.value == pytest.approx(watts) and not found.measured
    assert found.power.grade is Grade.ASSUMED and found.power.half_width == 0.0


@pytest.mark.parametrize("spec", [-1, math.nan, math.inf, "nowhere", "-2W"])
def test_what_is_no_power_and_no_event_is_refused(spec: float | str) -> None:
    with pytest.raises(ConfigurationError):
        find(spec, FLAT, [IDLE])


def test_an_event_and_a_window_are_measured() -> None:
    again = Event("idle", 30 * NS, 35 * NS, uid=2)
    unended = Event("idle", 40 * NS, None, uid=3)
    mark = Event("idle", 50 * NS, 50 * NS, uid=4)
    found = find("idle", FLAT, [IDLE, again, unended, mark])
    assert found is not None and found.measured and found.power.value == pytest.approx(2.0)
    assert found.origin == "the event 'idle' (2 times, 15 s)"
    window = find((10 * NS, 20 * NS), FLAT, ())
    assert window is not None and window.origin == "10 s of the recording" and window.power.unit == "W"
    with pytest.raises(ConfigurationError, match="outside"):
        find((200 * NS, 210 * NS), FLAT, ())


def test_a_baseline_that_holds_the_work_is_named() -> None:
    """`request` holds an `infer`; `idle` holds nothing, and beside it lies what only overlaps."""
    events = [
        Event("request", 0, 100),
        Event("infer", 20, 90),
        Event("idle", 200, 300),
        Event("infer", 290, 310),
    ]
    (note,) = holds_work("request", events)
    assert note.code == HOLDS_WORK and "'request' holds events of 'infer'" in note
    assert not holds_work("idle", events) and not holds_work("2.1W", events) and not holds_work(2.1, events)


def test_above_is_less_by_the_power_for_as_long() -> None:
    """30 J in 10 s above 2 W: 10 J.  A part of both, 0.1 W of offset, cancels; one of the baseline goes for 10 s."""
    energy = Result.of(30.0, "J", {"offset:a": 1.0, "noise:run": 0.5})
    base = Baseline(Result.of(2.0, "W", {"offset:a": 0.1, "baseline:a": 0.02}, Grade.ESTIMATED), "x", True)
    above = base.above(energy, 10.0, ())
    assert above.value == pytest.approx(10.0) and above.unit == "J" and above.grade is Grade.ESTIMATED
    assert above.parts["noise:run"] == pytest.approx(0.5)
    assert above.parts["baseline:a"] == pytest.approx(-0.2)
    assert abs(above.parts.get("offset:a", 0.0)) < 1e-12
    assert above.half_width == pytest.approx(1.959964 * math.hypot(0.5, 0.2), rel=1e-4)


@pytest.mark.parametrize(("low", "high"), [(28.0, 35.0), (25.0, 31.5)])
def test_what_an_energy_reaches_further_than_its_parts_stays(low: float, high: float) -> None:
    """1.96 × 0.5 J by its parts; what it reaches beyond goes along, and nothing else is in doubt."""
    energy = Result(30.0, "J", low, high, parts={"noise:run": 0.5})
    above = Baseline(Result.of(2.0, "W"), "given", False).above(energy, 10.0, ())
    assert (above.low, above.high) == pytest.approx((10 - (30 - low), 10 + (high - 30)), rel=1e-5)


def test_steady_idle_does_not_wander() -> None:
    assert _wander(FLAT, spans((10, 42)), []) == pytest.approx(0.0, abs=1e-9)


def test_a_ramp_wanders_as_its_halves_differ() -> None:
    """0.1 W a second over 32 s: halves 16 s apart in the middle differ by 1.6 W, pieces half as long by half as much.

    The deviation of neighbours is d/√2; the finest, sixteenths, is what the whole would have by averaging: over √(2³).  The run
    is 100 s: √(ln(100/32)/ln 2) of it, times 1.25 for so few scales.
    """
    ramp = integral(0.1 * np.arange(1001) / HZ)
    quarters = 0.8 / math.sqrt(2)  # halves are one jump: at least three are asked for
    finest = 0.2 / math.sqrt(2)
    flicker = math.sqrt(quarters**2 - (finest / 2) ** 2)
    spread = flicker * math.sqrt(math.log(100 / 32) / math.log(2))
    beside = spans((0, 10), (42, 100))  # no pauses
    assert _wander(ramp, spans((10, 42)), beside) == pytest.approx(1.25 * spread, rel=1e-3)


@pytest.mark.parametrize("apart", [0.0, 0.3])
def test_baselines_of_several_stretches_differ_from_each_other(apart: float) -> None:
    """Three of 9 s at 2 − d, 2 and 2 + d W scatter by d."""
    values = np.full(1001, 2.0)
    values[95:195] -= apart
    values[695:795] += apart
    found = _wander(integral(values), spans((10, 19), (40, 49), (70, 79)), [])
    assert found == pytest.approx(1.25 * apart, rel=1e-3, abs=1e-9)


def test_pieces_of_less_than_four_readings_are_not_looked_at() -> None:
    """6.3 s are sixteenths of 3.9 readings and eighths of 7.9: two scales of at least three jumps are left."""
    ramp = integral(0.1 * np.arange(1001) / HZ)
    length, d = 6.3, 0.01 * 6.3 * 10 / 4 / math.sqrt(2)
    eighths = d / 2
    flicker = math.sqrt(d**2 - (eighths / math.sqrt(2)) ** 2)
    expected = 1.25 * flicker * math.sqrt(math.log(100 / length) / math.log(2))
    beside = spans((0, 10), (10 + length, 100))
    assert _wander(ramp, spans((10, 10 + length)), beside) == pytest.approx(expected, rel=1e-2)


def busy_every(seconds: float, length: float, first: float, count: int) -> list[tuple[int, int]]:
    return spans(*((first + seconds * k, first + seconds * k + length) for k in range(count)))


def test_readings_in_short_pauses_tell_it_as_well() -> None:
    """Pauses of 0.25 s hold no three intervals of 0.1 s: single readings in them lie 0.3 W above the baseline, which costs D/1.5; at its power, nothing."""
    base, busy = spans((0.5, 20)), busy_every(1.25, 1, 32.05, 40)
    for above in (0.3, 0.0):
        values = np.full(1001, 2.0)
        values[300:] += above
        found, count = _pauses(integral(values), base, [*base, *busy], 2.0)
        assert found == pytest.approx(above / 1.5) and count > 16


def test_pauses_between_events_tell_where_idle_power_lies() -> None:
    """Idle of 2 W while the baseline was taken, 2.3 W in the pauses: D/1.5; the groups of pauses are alike."""
    values = np.full(1001, 2.0)
    values[300:] = 2.3
    base, busy = spans((0.5, 20)), busy_every(5, 2, 32, 13)
    found, stretches = _pauses(integral(values), base, [*base, *busy], 2.0)
    assert stretches >= 12
    # The stretch between the baseline and the first event is left out, being further from events than a quarter of it.
    assert found == pytest.approx(0.3 / 1.5, rel=1e-2)
    # So few pauses stand beside the baseline's own wandering, which is none here.
    assert stretches < 16 and _wander(integral(values), base, [*base, *busy]) == pytest.approx(found)


def test_pauses_that_change_in_the_course_of_the_run() -> None:
    """A ramp from −0.5 to 0.5 W about the baseline's level: eight groups scatter; events average that as groups do."""
    values = np.full(1001, 2.0)
    values[300:] = 2.0 + np.linspace(-0.5, 0.5, 701)
    base, busy = spans((0.5, 20)), busy_every(5, 2, 32, 13)
    found, _ = _pauses(integral(values), base, [*base, *busy], 2.0)
    middles = 2 + (np.arange(8) - 3.5) * (1 / 70 * 68 / 8)
    expected = math.sqrt(float(np.var(middles, ddof=1)) * 2 / 8) * student.ppf(0.975, 7) / 1.96
    assert found == pytest.approx(expected, rel=0.1)


def test_fewer_than_four_pauses_tell_nothing() -> None:
    assert _pauses(FLAT, spans((0.5, 99.5)), spans((0.5, 99.5)), 2.0) == (0.0, 0)


@pytest.mark.parametrize(("noise", "jump", "white"), [(0.0, 0.2, 0.02), (0.3, 0.2, 0.09)])
def test_white_is_half_the_squared_jump_or_the_meters_own_noise(
    noise: float, jump: float, white: float
) -> None:
    """W² of a reading, times the 0.1 s that one stands for."""
    values = 2.0 + jump / 2 * np.tile([1.0, -1.0], 500)
    assert _white(integral(values, noise=noise), spans((10, 20))) == pytest.approx(white * 0.1, rel=2e-2)


def test_what_white_noise_leaves_of_the_groups_is_not_their_course() -> None:
    """Readings ± 0.3 W in turns leave 0.18 W² × 0.1 s of a mean of a second; the ramp's groups scatter by three times what that explains.

    Of the mean of each group's pauses it is that over its seconds: what is beyond is the course of idle power.
    """
    busy, base = busy_every(5, 2, 32, 13), spans((0.5, 20))
    wiggle = 0.3 * np.tile([1.0, -1.0], 501)[:1001]

    def found(slope: float) -> float:
        values = 2.0 + wiggle
        values[300:] += np.linspace(-slope, slope, 701)
        return _pauses(integral(values), base, [*base, *busy], 2.0)[0]

    middles = (np.arange(8) - 3.5) * (2 * 68 / 70 / 8)  # of a slope of 1 W, about the baseline's level
    seconds = 12 * (
        3 - 2 * 0.1
    )  # in pauses between thirteen events, a third of three intervals left out on either side
    explained = 0.18 * 0.1 * 8 / seconds
    slope = math.sqrt(3 * explained / float(np.var(middles, ddof=1)))
    course = math.sqrt(2 * explained * 2 / 8) * student.ppf(0.975, 7) / 1.96
    assert found(slope) == pytest.approx(course, rel=0.2)
    assert found(0.5 * slope) == 0.0  # within twice of what noise explains there is none


def test_a_mark_from_a_moment_before_the_first_reading_is_measured_where_it_was_recorded() -> None:
    """Of 10 s, 9.8 were recorded: 2 W; of 15 s, 10 were, which is too little."""
    early = Event("idle", -NS // 5, 98 * NS // 10, uid=1)
    made = find("idle", FLAT, [early])
    assert made is not None and made.power.value == pytest.approx(2.0)
    assert made.origin == "the event 'idle' (1 times, 10 s), of which 9.8 s were recorded"
    with pytest.raises(ConfigurationError, match="outside"):
        find("idle", FLAT, [Event("idle", -5 * NS, 10 * NS, uid=1)])
