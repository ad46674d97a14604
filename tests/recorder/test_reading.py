"""The reading of one source, on a clock that only the test moves."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scripted_source import CHANNEL, MS, FakeClock, Scripted, played, rows, run

from powermeter.channel import Channel, Quantity
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.recorder.reading import SourceReader
from powermeter.recorder.reopening import BACK_OFF_S
from powermeter.source import (
    REPEAT,
    SATURATED,
    Address,
    Gap,
    PolledSource,
    Row,
    Sampling,
)


def test_samples_stand_on_absolute_deadlines_at_the_middle_of_the_read():
    source, acquisition, harvest = run([[1], [2], [3]], read_ns=2 * MS)
    assert rows(harvest) == [(1 * MS, 1), (11 * MS, 2), (21 * MS, 3)]
    assert source.clock.waits == [0, 10 * MS, 20 * MS, 30 * MS], "the read's duration shifts no deadline"
    assert harvest.read_ns == 2 * MS
    assert (acquisition.health.samples, acquisition.health.missed) == (3, 0)
    assert harvest.gaps == [] and acquisition.ended.is_set()


# Dithered moments ---------------------------------------------------------------------------------


class Asked(Scripted):
    """A polled source that is read `count` times at random moments and remembers when."""

    def __init__(
        self, count: int, clock: FakeClock, read_ns: int = 0, power: Callable[[int], int] | None = None
    ):
        super().__init__([[1]] * count, clock, read_ns)
        self.options["dither"] = True
        self.moments: list[int] = []
        self.power = power

    def sample(self) -> Row | None:
        self.moments.append(self.clock.at)
        row = super().sample()
        return row if row is None or self.power is None else Row([self.power(self.moments[-1])])


def dithered(source: Asked, chance: Callable[[], float]) -> SourceReader:
    reader = SourceReader(source, source.clock, chance)
    source.acquisition = reader
    reader.run()
    return reader


def test_one_reading_stands_at_a_random_moment_of_each_interval_and_one_at_the_start():
    numbers = iter([0.5, 0.0, 0.999, 0.25, 0.5])
    source = Asked(5, FakeClock())
    dithered(source, lambda: next(numbers))
    assert source.moments[:5] == [0, 5 * MS, 10 * MS, 29_990_000, 32_500_000]


def test_moments_are_uniform_in_their_interval_and_none_is_left_out():
    seed = 20261126
    print("seed", seed)
    source = Asked(4000, FakeClock())
    reader = dithered(source, random.Random(seed).random)
    moments = np.array(source.moments[1:4000])
    assert (moments // (10 * MS) == np.arange(3999)).all()
    phase = np.sort(moments % (10 * MS) / (10 * MS))
    distance = np.abs(phase - (np.arange(3999) + 0.5) / 3999).max()
    assert distance < 1.63 / 3999**0.5, "Kolmogorov and Smirnov refuse it at 1 %"
    assert reader.health.missed == 0


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.7])
def test_a_load_in_step_with_the_meter_is_seen_as_it_is(phase):
    """Power 10 W in 40 % of each interval: the grid sees 0 or 10 W, random moments 4 W."""
    seed = 7
    print("seed", seed)

    def power(at_ns: int) -> int:
        return 10 if (at_ns / (10 * MS) + phase) % 1 < 0.4 else 0

    source = Asked(4000, FakeClock(), power=power)
    reader = dithered(source, random.Random(seed).random)
    seen = np.array([value for _, value in rows(reader.take())])
    assert abs(seen.mean() - 4.0) < 3 * 10 * (0.4 * 0.6 / 4000) ** 0.5
    grid = Asked(400, FakeClock(), power=power)
    grid.options["dither"] = False
    fixed = dithered(grid, random.random)
    assert {value for _, value in rows(fixed.take())} in ({0}, {10})


def test_a_moment_that_passes_during_a_read_is_taken_at_once():
    numbers = iter([0.9, 0.1, 0.5, 0.5])
    source = Asked(4, FakeClock(), read_ns=4 * MS)
    reader = dithered(source, lambda: next(numbers))
    assert source.moments[:4] == [0, 9 * MS, 13 * MS, 25 * MS]
    assert reader.health.missed == 0


def test_intervals_that_pass_during_a_read_are_counted_and_skipped():
    numbers = iter([0.5] * 4)
    source = Asked(3, FakeClock(), read_ns=27 * MS)
    reader = dithered(source, lambda: next(numbers))
    assert source.moments[:3] == [0, 27 * MS, 55 * MS]  # 25 ms had passed; then the interval from 50 ms on
    assert reader.health.missed > 0


@pytest.mark.parametrize(
    ("options", "conversion_ns", "self_paced", "sampling"),
    [
        ("", 0, False, Sampling.DITHERED),
        ("", 1 * MS, False, Sampling.DITHERED),
        ("", 2 * MS, False, Sampling.INSTRUMENT),
        ("", 0, True, Sampling.INSTRUMENT),
        ("dither=no", 0, False, Sampling.REGULAR),
    ],
)
def test_who_chooses_the_moments(options, conversion_ns, self_paced, sampling):
    class Converting(Scripted):
        def __init__(self) -> None:
            PolledSource.__init__(self, Address.parse(f"scripted://?{options}"))
            self.channels = (replace(CHANNEL[0], refresh_ns=conversion_ns or None),)

        @property
        def self_paced(self) -> bool:
            return self_paced

    assert Converting().sampling is sampling


def test_a_slow_source_is_read_once_more_when_it_is_stopped():
    class Stopping(FakeClock):
        def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
            if len(self.waits) == 2:
                self.at += 3 * MS  # the recording is ended 3 ms after the second reading
                stop.set()
            super().wait_until(self.at if stop.is_set() else deadline_ns, stop)

    source = Scripted([[1]] * 9, Stopping())
    source.options["interval"] = 0.05
    harvest = played(source).take()
    assert [at for at, _ in rows(harvest)] == [0, 50 * MS, 53 * MS]
    fast = Scripted([[1]] * 9, Stopping())
    assert [at for at, _ in rows(played(fast).take())] == [0, 10 * MS]


# Deadlines ----------------------------------------------------------------------------------------


def test_a_slow_read_skips_deadlines_and_never_catches_up():
    def slow(source):
        source.clock.at += 33 * MS
        return [2]

    _, acquisition, harvest = run([[1], slow, [3], [4]])
    assert [time for time, _ in rows(harvest)] == [0, 26_500_000, 50 * MS, 60 * MS]
    assert acquisition.health.missed == 3  # the deadlines at 20, 30 and 40 ms
    assert harvest.gaps == [], "three missed deadlines are not a stall"


def test_a_long_stall_is_a_gap_of_its_own():
    def stalled(source):
        source.clock.at += 500 * MS
        return [2]

    _, _, harvest = run([[1], stalled, [3]])
    # The read itself took the half second, so its stamp stands in the middle of it.
    assert [(gap.start_ns, gap.end_ns) for gap in harvest.gaps] == [(0, 260 * MS), (260 * MS, 520 * MS)]
    assert [(gap.reason, gap.lost) for gap in harvest.gaps] == [("missed", 25), ("missed", 25)]
    # The first is the read's own doing; before the second nothing was read at all.
    details = [gap.detail for gap in harvest.gaps]
    assert details == ["one read took 0.5 s", "the recorder or the machine was stalled"]


def test_a_read_error_is_a_gap_with_its_reason_from_the_last_to_the_next_sample():
    _, acquisition, harvest = run([[1], ReadError("checksum", Reason.BAD_DATA), [3]])
    assert rows(harvest) == [(0, 1), (20 * MS, 3)]
    assert harvest.gaps == [Gap(0, 20 * MS, "bad data", "checksum", None)]
    assert (acquisition.health.errors, acquisition.health.last_error) == (1, "checksum")


@pytest.mark.parametrize(
    ("raised", "reason", "detail"),
    [
        (OSError(121, "Remote I/O error"), "no answer", "Remote I/O error"),
        (ZeroDivisionError("oops"), "no answer", "ZeroDivisionError: oops"),
    ],
)
def test_whatever_a_driver_raises_is_a_gap(raised, reason, detail):
    _, acquisition, harvest = run([[1], raised, [3]])
    assert harvest.gaps[0].reason == reason and detail in harvest.gaps[0].detail
    assert acquisition.failure == "" and acquisition.health.samples == 2


def test_three_errors_in_a_row_reopen_the_source_with_growing_pauses():
    errors = [ReadError("gone", Reason.ABSENT)] * 3
    opens = [OpenError("still gone"), OSError("not yet"), ValueError("rubbish"), None]
    source, acquisition, harvest = run([[1], *errors, [5]], opens=opens)
    assert source.calls.count("open") == 4
    pauses = [float(call.split()[1]) for call in source.calls if call.startswith("wait")]
    assert tuple(pauses) == BACK_OFF_S[:4]
    assert acquisition.health.reopened == 1 and acquisition.health.samples == 2
    (gap,) = harvest.gaps
    assert (gap.reason, gap.start_ns) == ("absent", 0) and gap.end_ns == rows(harvest)[-1][0]


def instruments(*serials: str, opens=()):
    """Return what makes a scripted source whose openings are of these instruments, the first one open already."""

    class Instruments(Scripted):
        opened = 0

        def open(self) -> None:
            super().open()
            self.opened += 1

        def info(self) -> dict[str, object]:
            return {"serial": serials[self.opened]}

    return lambda script: Instruments(script, FakeClock(), opens=opens)


def test_another_instrument_is_not_recorded_as_the_first():
    """Plugged in again, a meter with another serial number was recorded under the identity of the first."""
    errors = [ReadError("gone", Reason.ABSENT)] * 3
    source = instruments("A1", "B2", "B2", "A1")([[1], *errors, [5]])
    reader = played(source)
    harvest = reader.take()
    away, other = harvest.gaps
    assert (away.reason, other.reason) == ("absent", "wrong device")
    assert away.end_ns == other.start_ns and "another serial number" in other.detail
    assert source.calls.count("open") == 3 and reader.health.reopened == 1
    assert [code for _, code in rows(harvest)] == [1, 5] and not reader.other_instrument


def test_another_instrument_with_other_channels_is_waited_out_too():
    """Its scale or its channels may follow from its calibration: that it is another one is found first."""
    errors = [ReadError("gone", Reason.ABSENT)] * 3
    first, other = Asked(1, FakeClock()).channels, (Channel("y.power", Quantity.POWER, 1.0),)
    source = instruments("A1", "B2", "A1", opens=[other, first])([[1], *errors, [5]])
    reader = played(source)
    assert reader.failure == "" and reader.health.reopened == 1
    assert [gap.reason for gap in reader.take().gaps] == ["absent", "wrong device"]


@pytest.mark.parametrize("serials", [("", "B2"), ("A1", ""), ("A1", "A1")])
def test_an_instrument_is_taken_back_where_nothing_shows_that_it_is_another(serials):
    errors = [ReadError("gone", Reason.ABSENT)] * 3
    reader = played(instruments(*serials)([[1], *errors, [5]]))
    assert reader.health.reopened == 1 and reader.health.samples == 2


def test_errors_that_are_not_in_a_row_do_not_reopen():
    bad = ReadError("noise")
    source, _, harvest = run([[1], bad, bad, [2], bad, bad, [3]])
    assert "open" not in source.calls and len(harvest.gaps) == 2


def test_a_source_that_comes_back_different_is_given_up():
    other = (Channel("y.power", Quantity.POWER, 1.0),)
    errors = [ReadError("gone")] * 3
    source, acquisition, harvest = run([[1], *errors, [5]], opens=[other])
    assert "other channels" in acquisition.failure
    assert rows(harvest) == [(0, 1)] and len(harvest.gaps) == 1
    assert source.calls[-1] == "close" and acquisition.ended.is_set()


def test_a_gap_is_handed_over_before_the_sample_that_ends_it():
    """A kill may come between the two; samples on both sides of a hole without a gap would be bridged."""
    source = Scripted([[1], ReadError("x"), [3]], FakeClock())
    acquisition = SourceReader(source, source.clock)
    source.acquisition = acquisition
    order: list[str] = []

    class Watched(list):  # type: ignore[type-arg]
        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

        def append(self, item: object) -> None:
            order.append(self.what)
            super().append(item)

    acquisition._rows = Watched("sample")
    acquisition._harvest.gaps = Watched("gap")
    acquisition.run()
    assert order == ["sample", "gap", "sample"]


def test_nothing_new_is_not_recorded():
    _, acquisition, harvest = run([[1], None, [3]])
    assert rows(harvest) == [(0, 1), (20 * MS, 3)] and harvest.gaps == []
    assert acquisition.health.samples == 2


def test_equal_rows_of_a_slow_meter_are_repeats_not_news():
    _, acquisition, harvest = run([[1], [1], [2], [2]], stale_when_equal=True)
    ((_, _, flags),) = harvest.blocks
    assert flags.tolist() == [0, REPEAT, 0, REPEAT]
    assert acquisition.health.repeats == 2


def test_equal_rows_of_a_fast_meter_are_news():
    _, acquisition, harvest = run([[1], [1]])
    assert harvest.blocks[0][2] is None and acquisition.health.repeats == 0


def test_flags_of_the_driver_are_kept():
    _, _, harvest = run([[1], [2]], next_flags=SATURATED)
    assert harvest.blocks[0][2].tolist() == [SATURATED, SATURATED]


@pytest.mark.parametrize("row", [[1, 2], []])
def test_a_row_of_another_width_is_bad_data(row):
    _, acquisition, harvest = run([[1], row, [3]])
    assert rows(harvest) == [(0, 1), (20 * MS, 3)]
    assert harvest.gaps[0].reason == "bad data" and acquisition.health.errors == 1


@pytest.mark.parametrize("code", [2**63, "five", None])
def test_a_code_that_is_no_64_bit_integer_ends_the_source_only(code):
    _, acquisition, harvest = run([[1], [code]])
    assert "64-bit" in acquisition.failure
    assert harvest.blocks == [] and harvest.gaps[-1].reason == "bad data" and harvest.gaps[-1].lost == 2


def test_the_end_of_a_source_is_no_failure():
    source, acquisition, harvest = run([[1], EOFError()])
    assert acquisition.failure == "" and rows(harvest) == [(0, 1)] and harvest.gaps == []
    assert source.calls == ["close"]


def test_a_gap_that_never_ends_is_closed_at_the_end():
    _, _, harvest = run([[1], ReadError("gone", Reason.ABSENT)])
    assert [(gap.start_ns, gap.end_ns) for gap in harvest.gaps] == [(0, 20 * MS)]


def test_taking_twice_gives_each_sample_once():
    source = Scripted([[1], [2]], FakeClock())
    acquisition = played(source)
    assert len(rows(acquisition.take())) == 2
    again = acquisition.take()
    assert again.blocks == [] and again.gaps == [] and again.read_ns is None


def test_time_never_runs_backwards_in_the_samples():
    def back(source):
        source.clock.at = 3 * MS
        return [2]

    _, _, harvest = run([[1], [1], back])
    times = [time for time, _ in rows(harvest)]
    assert times == sorted(times)
