"""Raw codes to SI: counters, repeats, calibrations, clocks, products of channels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import MISSING, Accuracy, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.result import Grade
from powermeter.signals.alignment import shifted
from powermeter.signals.correction import Correction
from powermeter.signals.decoding import Calibrated, from_samples, read_channel
from powermeter.signals.trace import median_interval_ns
from powermeter.signals.trace_arithmetic import multiply, scaled, total
from powermeter.source import REPEAT

S = 1_000_000_000
TIMES = np.arange(6) * S


def channel(kind: Kind = Kind.INSTANT, quantity: Quantity = Quantity.POWER, **more) -> Channel:
    return Channel("in.x", quantity, 0.5, Rail("IN"), kind, **more)


def read(codes: list[int], the_channel: Channel, **more):
    return read_channel(the_channel, TIMES[: len(codes)], np.array(codes, np.int64), origin="m/in.x", **more)


def test_scale_and_offset_give_si_and_missing_codes_are_left_out() -> None:
    trace = read([2, MISSING, 6], channel(offset=1.0))
    assert trace.values.tolist() == [2.0, 4.0]
    assert trace.times_ns.tolist() == [0, 2 * S]
    assert read([MISSING, MISSING], channel()) is None


def test_a_reading_that_repeats_stands_and_the_last_row_bounds_the_trace() -> None:
    flags = np.array([0, REPEAT, 0, REPEAT, REPEAT], np.uint8)
    trace = read([1, 1, 2, 2, 2], channel(), flags=flags)
    assert (trace.start_ns, trace.end_ns) == (0, 4 * S)
    assert trace.values[trace.times_ns < 1.5 * S].tolist() == [0.5] * int((trace.times_ns < 1.5 * S).sum())
    assert (trace.values[trace.times_ns >= 2 * S] == 1).all()


@pytest.mark.parametrize("window_s", [0.1, 4.0])
def test_a_mean_over_another_window_speaks_for_the_windows_middle(window_s: float) -> None:
    trace = read([1, 2, 3], channel(Kind.MEAN, window_ns=round(window_s * S)))
    assert trace.kind is Kind.INSTANT
    assert trace.times_ns[0] == -round(window_s * S / 2)
    assert read([1, 2, 3], channel(Kind.MEAN, window_ns=S)).kind is Kind.MEAN


def test_limits_become_standard_uncertainties_by_the_root_of_three() -> None:
    errors = {e.key: e for e in read([1], channel(accuracy=Accuracy(gain=0.03, offset=0.3))).errors}
    assert (
        errors["gain:m/in.x"].relative == pytest.approx(0.03 / math.sqrt(3)) and errors["gain:m/in.x"].limit
    )
    assert errors["offset:m/in.x"].absolute == pytest.approx(0.3 / math.sqrt(3))
    typical = read([1], channel(accuracy=Accuracy(gain=0.03, typical=True))).errors[0]
    assert typical.relative == 0.03 and not typical.limit


def test_power_of_two_channels_carries_both_gains_and_offsets() -> None:
    volts = from_samples(
        TIMES,
        np.full(6, 5.0),
        Quantity.VOLTAGE,
        channel=channel(quantity=Quantity.VOLTAGE, accuracy=Accuracy(gain=0.01, offset=0.05, typical=True)),
        origin="v",
    )
    amps = from_samples(
        TIMES,
        np.full(6, 2.0),
        Quantity.CURRENT,
        channel=channel(
            quantity=Quantity.CURRENT, accuracy=Accuracy(gain=0.02, offset=0.1, noise=0.01, typical=True)
        ),
        origin="i",
    )
    power = multiply(volts, amps)
    assert power.values.tolist() == [10.0] * 6 and power.quantity is Quantity.POWER
    by = {e.key: (e.relative, e.absolute) for e in power.errors}
    assert by == {
        "gain:v": (0.01, 0),
        "offset:v": (pytest.approx(0.01), 0),
        "gain:i": (0.02, 0),
        "offset:i": (0, pytest.approx(0.5)),
    }
    assert power.noise == pytest.approx(0.05)


def test_a_sum_of_rails_keeps_each_parts_share() -> None:
    one = from_samples(
        TIMES, np.full(6, 3.0), channel=channel(accuracy=Accuracy(gain=0.1, typical=True)), origin="a"
    )
    two = from_samples(
        TIMES[1:], np.full(5, 1.0), channel=channel(accuracy=Accuracy(gain=0.1, typical=True)), origin="b"
    )
    both = total([one, two], Rail("ALL"))
    assert both.values.tolist() == [4.0] * 5 and both.grade is Grade.DERIVED
    assert {e.key: e.relative for e in both.errors} == {
        "gain:a": pytest.approx(0.075),
        "gain:b": pytest.approx(0.025),
    }
    with pytest.raises(DataError, match="in common"):
        total([one, from_samples(TIMES + 7, np.ones(6))], Rail("ALL"))


def test_a_calibration_is_applied_and_replaces_the_data_sheet() -> None:
    correction = Correction(
        "in.x", (-0.1, 1.02), ((1e-6, 0.0), (0.0, 4e-6)), 0.0, 3.0, reference_gain=1e-3, instrument="DMM"
    )
    trace = read(
        [2, 4, 6], channel(accuracy=Accuracy(gain=0.05, offset=0.5)), calibrated=Calibrated(correction)
    )
    assert trace.values.tolist() == pytest.approx([0.92, 1.94, 2.96])
    assert {e.key.split()[0] for e in trace.errors} == {"gain:calibration", "gain:DMM"}
    at_two = math.sqrt(sum((e.relative * 2 + e.absolute) ** 2 for e in trace.errors if "DMM" not in e.key))
    assert at_two == pytest.approx(math.sqrt(1e-6 + 4e-6 * ((2 + 0.1) / 1.02) ** 2), rel=0.05)


def test_beyond_the_calibrated_range_there_is_one_more_error_and_a_note() -> None:
    correction = Correction("in.x", (-0.1, 1.02), ((1e-6, 0.0), (0.0, 4e-6)), 0.0, 1.0)
    trace = read([2, 40, 60], channel(), calibrated=Calibrated(correction))
    assert any(e.key.startswith("model:beyond") for e in trace.errors)
    assert "outside the calibrated range" in trace.notes[0]


def test_an_alignment_moves_samples_and_gaps_and_leaves_its_doubt() -> None:
    trace = from_samples(TIMES, np.ones(6))
    moved = shifted(trace, {"offset_ns": 5.0 * S, "drift": 1e-4, "origin_ns": 0, "offset_u_ns": 3e6})
    assert moved.times_ns[0] == 5 * S and moved.times_ns[5] == 10 * S + 500_000
    assert moved.clock_ns == 3e6
    with pytest.raises(DataError, match="alignment"):
        shifted(trace, {"drift": 0.0})


def test_a_derived_quantity_says_so() -> None:
    amps = scaled(from_samples(TIMES, np.full(6, 10.0)), 0.2, Quantity.CURRENT)
    assert amps.values[0] == 2.0 and amps.grade is Grade.DERIVED and amps.unit == "A"


def test_the_median_interval_of_a_long_column() -> None:
    assert median_interval_ns(np.arange(200_000) * 7) == 7
    assert median_interval_ns(np.array([5])) == 0
