"""Two levels inside events, on rows of letters: `-` is the lower level (1 W), `#` the upper one (5 W), `.` beside events."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest
from runs_of_letters import events_in

from powermeter.analysis.integral import Integral
from powermeter.analysis.nearly_in_step import Beats, _drifted, _Levels, _on_levels, _slowly, _stands, beats
from powermeter.signals.decoding import from_samples

LOW, HIGH = 1.0, 5.0
TAU_NS = 100_000_000


def watts(text: str, beside: float = LOW, upper: float = HIGH) -> np.ndarray:
    return np.array([{"-": LOW, "#": upper, ".": beside}[letter] for letter in text])


def levels(texts: list[str], idle: bool = True) -> _Levels:
    size = np.array([len(text) for text in texts], np.int64)
    upper = np.array([letter == "#" for letter in "".join(texts)])
    return _Levels(LOW, HIGH, np.where(upper, HIGH, LOW), np.cumsum(size) - size, size, upper, idle)


def on_levels(
    text: str, noise: float = 0.0, quiet: float = LOW, beside: float = LOW, upper: float = HIGH
) -> _Levels | None:
    return _on_levels(watts(text, beside, upper), *events_in(text), noise, quiet)


SIX = "..".join(["--###--"] * 6) + "..."


def test_readings_on_two_levels_without_the_first_and_last_of_each_event() -> None:
    found = on_levels("..." + SIX)
    assert found is not None
    assert (found.low, found.high, found.idle) == (LOW, HIGH, True)
    assert found.size.tolist() == [5] * 6 and found.ahead.tolist() == [0, 5, 10, 15, 20, 25]
    assert found.upper.tolist() == [False, True, True, True, False] * 6
    assert found.span == (LOW, HIGH) and found.changes == 12
    odd = on_levels("..." + SIX.replace("--###--", "#-###-#", 1))  # ends belong to the program
    assert odd is not None and odd.upper.tolist() == found.upper.tolist()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("..".join(["--###--"] * 5), False),  # six events
        ("..".join(["--###-"] * 6), False),  # seven readings in each
        ("..".join(["-------"] * 6), False),  # one level
        ("..".join(["#######"] * 6), False),
    ],
)
def test_the_least_that_shows_two_levels(text: str, seen: bool) -> None:
    assert (on_levels("..." + text + "...") is not None) is seen


@pytest.mark.parametrize(("upper", "seen"), [(1.24, False), (1.26, True)])
def test_levels_are_a_fifth_of_the_upper_one_apart(upper: float, seen: bool) -> None:
    """U − 1 > 0.2 U from 1.25 on."""
    assert (on_levels("..." + SIX, upper=upper) is not None) is seen


@pytest.mark.parametrize(("noise", "seen"), [(0.39, True), (0.41, False)])
def test_levels_are_ten_deviations_of_the_noise_apart(noise: float, seen: bool) -> None:
    assert (on_levels("..." + SIX, noise) is not None) is seen


@pytest.mark.parametrize(("off", "seen"), [(0.59, True), (0.61, False)])
def test_nine_readings_in_ten_are_near_a_level(off: float, seen: bool) -> None:
    """Near is within 0.15 of the 4 W between them: 0.6 W.  Four of thirty readings are off."""
    text = "..." + SIX
    values = watts(text)
    first, count = events_in(text)
    values[first[:4] + 1] += off
    assert (_on_levels(values, first, count, 0.0, LOW) is not None) is seen
    values[first[0] + 1] = values[first[4] + 1] = LOW
    values[first[3] + 1] = LOW  # two of thirty may be anywhere
    assert _on_levels(values, first, count, 0.0, LOW) is not None


@pytest.mark.parametrize(("high", "seen"), [(1, True), (2, False)])
def test_what_goes_on_beside_events_as_well_is_none_of_theirs(high: int, seen: bool) -> None:
    """One of twenty readings beside events may be above the middle."""
    text = "." * 9 + SIX  # of the three behind the last event one is looked at: 9 + 5 × 2 + 1
    values = watts(text)
    values[:high] = HIGH
    assert (_on_levels(values, *events_in(text), 0.0, LOW) is not None) is seen


@pytest.mark.parametrize(("quiet", "idle"), [(1.59, True), (1.61, False), (0.41, True), (0.39, False)])
def test_the_lower_level_is_that_beside_events(quiet: float, idle: bool) -> None:
    found = on_levels("..." + SIX, quiet=quiet)
    assert found is not None and found.idle is idle


def test_changes_are_those_inside_events() -> None:
    assert levels(["##--", "##--", "--##"]).changes == 3
    assert levels(["####", "----"]).changes == 0


@pytest.mark.parametrize(
    ("texts", "deep", "slow"),
    [
        (
            ["##########", "####------", "----------"],
            False,
            False,
        ),  # throttled for good, to more than half of what it was
        (["##########", "####------", "-----#####"], False, True),  # and back: an image does that
        (["##########", "####------", "----------"], True, True),  # to less than half
    ],
)
def test_one_change_for_good_to_more_than_half_is_throttling(
    texts: list[str], deep: bool, slow: bool
) -> None:
    assert _slowly(replace(levels(texts, idle=False), deep=deep)) is slow


LATE = ["-----#####", "#####-----"]


@pytest.mark.parametrize(
    ("texts", "idle", "slow"),
    [
        (
            ["-----", "#####", "-----", "#####"],
            True,
            True,
        ),  # events that show nothing, and as many that show all
        (["----", "####", "----", "----"], True, False),  # one that does
        (
            ["####", "----", "####", "####"],
            True,
            False,
        ),  # one that shows nothing, and no change inside any
        (["-----", "-----", "#####", "#####"], True, False),  # once and for all: a warm-up
        (["-----", "#####", "-----", "#####"], False, False),  # the lower level is no idle power
        (["-----", "###--", "-----", "###--"], True, True),
        (["-----", "#####", "-----", "-----"], True, True),  # five readings to a level
        (LATE * 3, False, True),
        ([*LATE * 2, "-----####", "#####-----"], False, False),  # 59 readings: fewer than five to a level
        (
            ["-----####", *(["-----####", "#####----"] * 3)],
            False,
            False,
        ),  # fewer than five readings to a level
        (["-----#####"] * 6, False, False),  # all begin alike
        (["#####-----"] * 6, False, False),
    ],
)
def test_power_that_changes_slowly_whatever_the_beginning_of_events(texts, idle, slow) -> None:
    found = levels(texts, idle)
    assert _slowly(found) is slow


@pytest.mark.parametrize(("changes", "slow"), [(24, True), (25, False)])
def test_more_than_a_dozen_periods_are_a_line(changes: int, slow: bool) -> None:
    """Each level lasts ten readings, in six events that begin on either."""
    runs = [4 if i else changes - 4 * 5 for i in range(6)]
    texts = ["".join("-#"[(k + i) % 2] * 10 for k in range(n + 1)) for i, n in enumerate(runs)]
    found = levels(texts, False)
    assert found.changes == changes and _slowly(found) is slow


def stretches(phases: list[int], on: int, off: int, size: int) -> list[str]:
    return ["".join("#" if (k + p) % (on + off) < on else "-" for k in range(size)) for p in phases]


def runs_of(texts: list[str]) -> list[int]:
    return [len(list(run)) for _, run in groupby("".join(texts))]


def test_power_that_stands_counts_as_many_stretches() -> None:
    texts = stretches([0, 3, 7, 10, 13, 17, 5, 15], 10, 10, 40)
    found = _stands(levels(texts))
    runs, n = runs_of(texts), 8 * 40
    assert found is not None
    assert found[0] == pytest.approx("".join(texts).count("#") / n)
    assert found[1] == pytest.approx(n / (sum(run * run for run in runs) / n))


@pytest.mark.parametrize(("lasts", "seen"), [(5, False), (6, True)])
def test_stretches_last_for_six_readings(lasts: int, seen: bool) -> None:
    """One event of 48 stretches of the one length, and no other place than by chance alike."""
    texts = ["".join("-#"[k % 2] * lasts for k in range(48))]
    found = levels(texts)
    x = found.upper - 0.5
    # A single event is alike with itself at each place: split it into pieces that begin anywhere in a stretch.
    cut = [0, *np.cumsum([31, 47, 53, 29, 41]).tolist(), x.size]
    parts = [texts[0][a:b] for a, b in pairwise(cut)]
    assert (_stands(levels(parts)) is not None) is seen


def test_what_all_events_do_alike_is_the_programs_own() -> None:
    assert _stands(levels(stretches([0] * 8, 10, 10, 40))) is None
    assert _stands(levels(stretches([0, 3, 7, 10, 13, 17, 5, 15], 10, 10, 40), idle=False)) is None
    assert _stands(levels(["#" * 40, "-" * 40] * 4)) is None  # nothing changes inside any


def test_the_same_part_of_events_of_any_length_is_the_programs_own() -> None:
    """The first quarter of each, from 16 to 58 readings."""
    sizes = [16, 40, 22, 58, 34, 28, 46, 52]
    assert _stands(levels(["-" * (n // 4) + "#" * (n - n // 4) for n in sizes])) is None


def measured(
    text: str, noise: float = 0.0, swing: np.ndarray | None = None, level: float = 3.0
) -> tuple[Beats, ...]:
    values = watts(text) + (0.0 if swing is None else swing)
    times = np.arange(values.size, dtype=np.int64) * TAU_NS
    integral = Integral.of(from_samples(times, values))
    first, count = events_in(text)
    start, end = first * TAU_NS - TAU_NS // 3, (first + count - 1) * TAU_NS + TAU_NS // 3
    return (beats(integral, start, end, first, count, np.zeros(first.size), (level, LOW)), start, end)


def test_stretches_cost_their_swing_over_as_many_as_they_count() -> None:
    """p (1 − p) of the square of 4 W, times the seconds of all events, over the number of stretches."""
    # The first and the last reading of an event are its own: one more on either side.
    lasts = np.random.default_rng(5).integers(6, 25, 60)
    line = "".join("-#"[k % 2] * int(n) for k, n in enumerate(lasts))
    inner = [line[60 * k : 60 * k + 60] for k in range(10)]
    found, start, end = measured("..." + "....".join(f"-{text}-" for text in inner) + "...")
    share = "".join(inner).count("#") / 600
    each = sum(run * run for run in runs_of(inner)) / 600
    seconds = (end - start) * 1e-9
    swing = 4 * math.sqrt(share * (1 - share))
    assert found.span is None and found.ripple is None
    assert found.variance == pytest.approx((swing * seconds.sum()) ** 2 / (600 / each))
    assert found.own == pytest.approx(swing * np.sqrt(seconds * np.minimum(seconds, each * 0.1)))


def test_a_line_costs_each_event_and_all_of_them_together() -> None:
    text = "..." + "......".join(["-" * 40] * 12) + "..."
    wave = 0.5 * np.sin(2 * math.pi * 0.123 * np.arange(len(text)))
    found, start, end = measured(text, swing=wave, level=1.0)
    assert found.ripple is not None and found.span is None
    seconds = (end - start) * 1e-9
    hertz, amplitude = found.ripple.frequency, found.ripple.amplitude
    each = found.ripple.unseen_in_each  # eight places of 8.13 readings, as far as 40 readings show
    assert found.ripple.unseen == 0.0 and each == pytest.approx(2 * 0.5 * math.sqrt(1 / 6) / 8, rel=0.05)
    one = np.minimum(amplitude / (2 * math.pi * hertz), amplitude * seconds / math.sqrt(2))
    assert found.own == pytest.approx(np.hypot(one, each * seconds))
    apart = 2 * hertz * (end[-1] - start[0]) * 1e-9
    assert found.variance == pytest.approx(
        np.mean(one**2) * max(12, 144 / apart) + each**2 * float(seconds @ seconds)
    )


def test_of_one_or_two_events_each_has_its_own_line() -> None:
    text = "..." + "-" * 500 + "....." + "-" * 30 + "..."
    wave = 0.5 * np.sin(2 * math.pi * 0.123 * np.arange(len(text)))
    found, start, end = measured(text, swing=wave)
    assert found.ripple is not None and found.own[1] == 0.0 < found.own[0]
    seconds = (end - start)[0] * 1e-9
    line = found.ripple.amplitude / (2 * math.pi * found.ripple.frequency)
    assert found.own[0] == pytest.approx(math.hypot(line, found.ripple.unseen * seconds))
    assert found.variance == pytest.approx(found.own[0] ** 2)


def test_readings_at_random_moments_keep_step_with_nothing() -> None:
    rng = np.random.default_rng(4)
    text = "..." + "......".join(["-" * 40] * 12) + "..."
    times = np.rint((np.arange(len(text)) + rng.uniform(size=len(text))) * TAU_NS).astype(np.int64)
    values = watts(text) + 0.5 * np.sin(2 * math.pi * 1.23e-9 * times)
    first, count = events_in(text)
    integral = Integral.of(from_samples(times, values))
    found = beats(integral, times[first], times[first + count], first, count, np.zeros(12), (1.0, LOW))
    assert (
        found.variance == 0.0 and found.ripple is None and found.resolved == math.inf and not found.own.any()
    )


def test_events_that_wander_past_the_readings_are_taken_evenly() -> None:
    """Thirty events of which each begins 0.037 of an interval further on; what readings add goes with the place.

    The places are 0, 0.037 … and stand for half of the gaps to their neighbours; the mean so weighed less the plain one,
    over 1.5, is the standard uncertainty of one event, and all thirty share it.
    """
    n, each = 30, 20
    text = "..." + "....".join(["-" * each] * n) + "..."
    values = watts(text)
    times = np.arange(values.size, dtype=np.int64) * TAU_NS
    first, count = events_in(text)
    place = 0.02 + 0.03 * np.arange(n)
    start = first * TAU_NS - np.rint(place * TAU_NS).astype(np.int64)
    end = start + each * TAU_NS
    rests = np.where(place > 0.5, 0.4, -0.2)
    found = beats(Integral.of(from_samples(times, values)), start, end, first, count, rests, (1.0, LOW))
    gaps = np.append(np.diff(place), place[0] + 1 - place[-1])
    weight = (gaps + np.roll(gaps, 1)) / 2
    away = float(weight @ rests) - rests.mean()
    assert abs(away) > 0.001
    unmet = (
        0.13 * n * 0.6
    ) ** 2 / 12  # no place lies in the last 0.13 of the circle, where −0.2 to 0.4 J may be left
    assert found.variance == pytest.approx((n * away / 1.5) ** 2 + unmet, rel=1e-4)
    jumps = np.append(np.diff(rests), rests[0] - rests[-1])
    assert found.resolved == pytest.approx(n * n * np.mean(jumps**2) / 2 * float(weight @ weight), rel=1e-4)


@pytest.mark.parametrize(
    ("events", "drifted"),
    [
        (["-----"] * 8 + ["#####"] * 4, True),  # later than half
        (["-----"] * 4 + ["#####"] * 8, False),  # a warm-up
        (["-----"] * 2 + ["#####"] * 3 + ["-----"] * 7, True),
        (["-----", "#####"] * 6, False),  # inputs that differ
        (["-----"] * 11 + ["--###"], True),  # one change, in one event of twelve
        (["--###"] * 12, False),  # phases of a program
        (["-----"] * 12, False),
    ],
)
def test_events_that_lie_on_one_level_and_then_for_long_on_another(events: list[str], drifted: bool) -> None:
    found = replace(levels(events, idle=False), deep=True)
    share = np.add.reduceat(found.upper, found.ahead) / found.size
    assert _drifted(found.upper[found.ahead], share, found.changes) is drifted
    if not drifted:
        return
    assert _slowly(found)
    assert not _slowly(replace(found, deep=False)) or found.changes


@pytest.mark.parametrize(("quiet", "deep"), [(-2.9, True), (-3.1, False), (1.0, True)])
def test_a_level_is_deep_where_half_of_what_the_upper_one_adds_is_gone(quiet: float, deep: bool) -> None:
    """1 − q ≤ ½ (5 − q) from q = −3 on."""
    found = on_levels("..." + SIX, quiet=quiet)
    assert found is not None and found.deep is deep
