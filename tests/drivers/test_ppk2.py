"""The PPK2's driver: what it sends to the instrument, losses, its clock, its inputs as events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from memory_link import LOAD, MemoryLink

from powermeter import registry
from powermeter.drivers import ppk2
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.testing.load import Load
from powermeter.testing.meter import SimulatedMeter
from powermeter.testing.ppk2 import SimulatedPPK2


def block_of(source: Any, data: bytes, arrival_ns: int) -> Any:
    """Return what the driver makes of words that arrived then."""
    return source._block(data, arrival_ns)


def test_ppk2_sends_what_was_asked_for_and_stops_at_the_end(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedPPK2(LOAD))
    link.waiting += b"\x00" * 17412  # a crashed program left it streaming
    source = connect("ppk2://?mode=source&voltage=3.3V", link)
    assert link.written[:2] == [b"\x07", b"\x19"]
    # Off, its voltage, its mode, on: never the last user's voltage; not started before someone reads.
    assert link.written[2:] == [b"\x0c\x00", b"\x0d\x0c\xe4", b"\x11\x02", b"\x0c\x01"]
    link.now_s += 0.01
    source.read_block(0.01)
    assert link.written[6] == b"\x06"
    source.close()
    assert link.written[-1] == b"\x07"
    assert source.channels[0].rail is not None and source.channels[0].rail.nominal_v == 3.3


def test_ppk2_between_a_supply_and_its_load_takes_the_voltage_that_it_reports(
    connect: Callable[..., Any],
) -> None:
    """`VDD: 3300` is in millivolts."""
    source = connect("ppk2://?mode=ampere", MemoryLink(SimulatedPPK2(LOAD, volts=3.3)))
    assert source.channels[0].rail is not None
    assert source.channels[0].rail.nominal_v == pytest.approx(3.3)


def test_ppk2_as_a_source_needs_its_voltage() -> None:
    for url in (
        "ppk2://?mode=source",
        "ppk2://?mode=source&voltage=12V",
        "ppk2://?voltage=3.3A",
        "ppk2://?mode=amp",
    ):
        with pytest.raises(ConfigurationError):
            registry.source(url)


def test_ppk2_something_else_answers(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="first port of a PPK2"):
        connect("ppk2://", MemoryLink(SimulatedMeter(LOAD)))
    with pytest.raises(OpenError, match="do not end in END") as caught:
        connect("ppk2://", MemoryLink(SimulatedPPK2(LOAD), lambda _, data: data[:100]))
    assert caught.value.reason is Reason.BAD_DATA


def test_ppk2_logic_inputs_are_events_on_the_currents_clock(connect: Callable[..., Any]) -> None:
    """D0 is high while the load is high: 0.1 s of each 0.2 s."""
    source = connect("ppk2://?mode=source&voltage=3.3V&events=D0:infer", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(Load("square", 0.01, 0.2, 0.2))
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    events, times, current = [], [], []
    for number in range(150):
        words = meter.words(number * 0.01, 1000)
        block = block_of(source, words.astype("<u4").tobytes(), 10**9 + (number + 1) * 10_000_000)
        if block is not None:
            events += list(block.events)
            times.append(block.times_ns)
            current.append(block.codes[:, 0])
    assert len(events) >= 5 and {event.name for event in events} == {"infer"}
    at, amperes = np.concatenate(times), np.concatenate(current) * 1e-9
    for event in events:
        assert event.end_ns - event.start_ns == pytest.approx(100_000_000, abs=25_000)
        inside = amperes[(at >= event.start_ns) & (at < event.end_ns)]
        assert inside.mean() == pytest.approx(0.2 / 3.3, rel=0.01) and inside[4:].min() > 0.05


@pytest.mark.thorough
def test_ppk2_a_loss_of_64_is_found_by_the_clock(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter cannot show 640 samples; 6.4 ms of lasting lateness do."""
    source = connect("ppk2://?mode=source&voltage=3.3V", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(LOAD)
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    clock_s = [100.0]
    monkeypatch.setattr(ppk2.time, "monotonic", lambda: clock_s[0])
    found = []
    for number in range(63):
        if number == 23:
            meter.words(0.0, 640)
        clock_s[0] = 100.0 + number * 0.1
        block = block_of(
            source,
            meter.words(0.0, 10_000).astype("<u4").tobytes(),
            round((clock_s[0] + 0.1) * 1e9) + (6_400_000 if number >= 23 else 0),
        )
        found += list(block.gaps) if block is not None else []
    assert [(gap.reason, gap.lost) for gap in found] == [("dropped", 640)]


@pytest.mark.thorough
def test_ppk2_stamps_are_when_samples_were_taken_not_when_they_arrived(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of 10 ms that arrive up to 50 ms late, each by another time: samples stay 10 µs apart, to a millisecond in all."""
    dice = np.random.default_rng(5)
    link = MemoryLink(SimulatedPPK2(LOAD))
    source = connect("ppk2://?mode=source&voltage=3.3V", link)
    late_s = [0.0]
    monkeypatch.setattr(ppk2, "now_ns", lambda: round((link.now_s + late_s[0]) * 1e9))
    stamps = []
    for _ in range(400):
        late_s[0] = float(dice.exponential(0.008))
        link.now_s += 0.01
        block = source.read_block(0.01)
        if block is not None:
            stamps.append(block.times_ns)
    times = np.concatenate(stamps)
    assert len(times) > 50_000
    wander = times - times[0] - np.arange(len(times)) * 10_000
    settled = wander[len(wander) // 2 :]
    assert settled.max() - settled.min() < 1e6


@pytest.mark.thorough
def test_ppk2_frames_that_came_late_at_first_squeeze_no_time(connect: Callable[..., Any]) -> None:
    """The first 40 blocks of 10 ms come 250 ms late, all others at once: readings stay 10 µs apart to a tenth until the clock is made up for."""
    source = connect("ppk2://?mode=source&voltage=3.3V", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(LOAD)
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    stamps, late_ns = [], []
    for number in range(400):
        due_ns = 10**9 + (number + 1) * 10_000_000
        arrival_ns = due_ns + (250_000_000 if number < 40 else 0)
        block = block_of(source, meter.words(number * 0.01, 1000).astype("<u4").tobytes(), arrival_ns)
        if block is not None:
            stamps.append(block.times_ns)
            late_ns.append(int(block.times_ns[-1]) - due_ns)
    apart = np.diff(np.concatenate(stamps))
    assert apart.min() >= 8_999 and apart.max() <= 11_001
    assert late_ns[0] == pytest.approx(250_000_000, abs=1_000_000) and abs(late_ns[-1]) < 1_000_000


@pytest.mark.thorough
def test_ppk2_blocks_with_losses_squeeze_no_time_either(connect: Callable[..., Any]) -> None:
    """The first 40 blocks come 250 ms late and every block has lost 20 samples: those beside a loss stay 10 µs apart, to a tenth, and a gap is as long as what it lost."""
    source = connect("ppk2://?mode=source&voltage=3.3V", MemoryLink(SimulatedPPK2(LOAD)))
    meter = SimulatedPPK2(LOAD)
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    stamps, gaps, apart = [], [], []
    for number in range(400):
        words = np.delete(meter.words(number * 0.01, 1000), slice(number, number + 20))
        late_ns = 250_000_000 if number < 40 else 0
        due_ns = 10**9 + (number + 1) * 10_000_000
        block = block_of(source, words.astype("<u4").tobytes(), due_ns + late_ns)
        if block is not None:
            stamps.append(block.times_ns)
            gaps += list(block.gaps)
            apart.append(int(block.times_ns[-1]) - due_ns)
    steps = np.diff(np.concatenate(stamps))
    lost = steps > 11_001
    assert steps.min() >= 8_999 and np.count_nonzero(lost) == len(gaps) == len(stamps)
    assert steps[lost].min() >= 189_000 and steps[lost].max() <= 231_000
    assert all(gap.lost == 20 and 188_000 <= gap.end_ns - gap.start_ns <= 232_000 for gap in gaps)
    assert abs(apart[-1]) < 1_000_000


def test_ppk2_that_counts_faster_than_time_passes_is_refused(connect: Callable[..., Any]) -> None:
    """200,000 samples a second of an instrument of 100,000."""
    source = connect("ppk2://?mode=source&voltage=3.3V", MemoryLink(SimulatedPPK2(LOAD)))
    words = ((np.arange(10_000 * 100) & 63) << 18 | 100).astype("<u4")
    with pytest.raises(
        ReadError, match=r"its ticks count [\d.]+ s in [\d.]+ s, which a PPK2 does not do"
    ) as found:
        for number in range(100):
            piece = words[number * 10_000 : (number + 1) * 10_000]
            block_of(source, piece.tobytes(), 10**12 + number * 50_000_000)
    assert found.value.is_final, "it was opened again for ever"
