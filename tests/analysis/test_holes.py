"""What a restarted counter shows more than the rates beside the restart is paid for, and what was bridged is an estimate."""

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.holes import bridged_much, bridging_errors
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.signals.decoding import read_channel

SECOND = 1_000_000_000


def counter(codes):
    channel = Channel("in.energy", Quantity.ENERGY, 1.0, Rail("in"), kind=Kind.COUNTER)
    times = np.arange(len(codes), dtype=np.int64) * SECOND
    trace = read_channel(channel, times, np.array(codes, np.int64), None, origin="m/in.energy")
    assert trace is not None
    return Integral.of(trace)


def test_what_it_counted_since_is_in_the_interval():
    """12 s of 10 J/s; then the counter shows 500 J of which 10 J are explained; as much may have been lost before."""
    found = counter([*range(50_000, 50_120, 10), *range(500, 620, 10)])
    assert found.running[-1] == pytest.approx(11 * 10 + 500 + 11 * 10)
    assert 1.96 * float(bridging_errors(found)[0]) > 490


def test_a_restart_that_carries_a_tenth_makes_an_estimate():
    span = np.array([0], np.int64)
    few = counter([*range(50_000, 50_040, 10), 0, 10, 20])
    assert bridged_much(few, span, np.array([6 * SECOND], np.int64))
    many = counter([*range(50_000, 50_400, 10), *range(0, 400, 10)])
    assert not bridged_much(many, span, np.array([79 * SECOND], np.int64))


@pytest.mark.parametrize("spread", [0.0, 0.4], ids=["quiet", "noisy"])
def test_what_lies_between_two_events_in_a_hole_is_idle(spread, tmp_path):
    """Events of 1 s at 9 W a second apart, 1 W between, 20 Hz; a hole from the middle of one to that of the next.

    The readings next to the hole lie in events: a bridge between them puts 9 J in place of 1 J.
    """
    times = np.arange(20 * 20, dtype=np.int64) * (SECOND // 20) + SECOND // 40
    busy = (times // SECOND) % 2 == 1
    rng = np.random.default_rng(1)
    watts = np.where(busy, 9.0, 1.0 + spread * rng.standard_normal(times.size))
    kept = (times < 9.5 * SECOND) | (times > 11.5 * SECOND)
    path = tmp_path / "run.power"
    channel = Channel("in.power", Quantity.POWER, 1e-3, Rail("in"), accuracy=Accuracy(noise=0.001))
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://m", "m", "sim", [channel], {"serial": "1"})
        writer.append(source, times[kept], np.rint(watts[kept, None] * 1000).astype(np.int64), None)
        writer.add_events(
            [Event("e", i * SECOND, (i + 1) * SECOND, process=1, uid=i) for i in range(1, 20, 2)]
        )
    with Recording.open(path) as recording:
        found = analyse(recording)
    truth = 10 * 9 + 10 - 0.025 * (1 + 9)  # half an interval at either end is before and behind the readings
    assert found.energy.low <= truth <= found.energy.high
    assert found.energy.value == pytest.approx(truth, abs=1.0)
    if not spread:
        assert found.energy.relative < 0.05


def test_what_an_event_used_over_a_counters_fall_is_power_times_time_and_may_be_what_any_step_holds(tmp_path):
    """A counter that begins again at 17.3 J, read at 10 Hz; events of 0.5 s at 9 W, 1 W beside: its running total stood for the power."""
    fine = np.where(np.arange(60_000) % 1130 < 500, 9.0, 1.0)
    total = np.concatenate([[0.0], np.cumsum(fine) / 1000])
    at = np.arange(0, 60_001, 100)
    codes = np.floor(np.mod(total[at] + 3.1, 17.3) * 1000).astype(np.int64)
    channel = Channel("in.energy", Quantity.ENERGY, 1e-3, Rail("in"), kind=Kind.COUNTER)
    path = tmp_path / "run.power"
    starts = range(1130, 58_000, 1130)
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://m", "m", "sim", [channel], {"serial": "1"})
        writer.append(source, at * 1_000_000 + SECOND, codes[:, None], None)
        writer.add_events(
            [
                Event("e", a * 10**6 + SECOND, (a + 500) * 10**6 + SECOND, process=1, uid=k)
                for k, a in enumerate(starts)
            ]
        )
    assert np.count_nonzero(np.diff(codes) < 0) >= 10
    with Recording.open(path) as recording:
        found = analyse(recording)
    assert found.energy.low <= total[60_000] <= found.energy.high
    assert found.energy.value == pytest.approx(total[60_000], rel=0.03)
    cut = np.flatnonzero(found.energies.gap_s > 0).tolist()
    energies = [one for one in map(found.energies.result, cut) if one is not None]
    assert len(energies) >= 4
    assert max(one.value for one in energies) < 6
    assert all(one.low <= 4.5 <= one.high for one in energies)
