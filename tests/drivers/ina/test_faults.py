"""Chips that fail while they are recorded: a gap with its reason, recovery, and never an invented value.

The acquisition loop of the recorder runs for some simulated seconds; faults happen at set times.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable

import numpy as np
import pytest

from powermeter import registry
from powermeter.channel import MISSING
from powermeter.errors import OpenError, Reason
from powermeter.recorder.reader_output import Harvest
from powermeter.recorder.reading import SourceReader
from powermeter.source import Address
from powermeter.testing.i2c_bus import SimulatedBus, StepClock
from powermeter.testing.i2c_chips import MODELS

VOLTS, AMPS = 5.1, 0.8
ADDRESS = 0x40


class ScriptedClock(StepClock):
    """A bus's clock that calls functions when their time has come."""

    def __init__(self) -> None:
        super().__init__()
        self.started_ns = self.now_ns()
        self.script: list[tuple[float, Callable[[], None]]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        while self.script and self.now_ns() - self.started_ns >= self.script[0][0] * 1e9:
            self.script.pop(0)[1]()

    spend = sleep

    def wait_until(self, deadline_ns: int, stop: threading.Event) -> None:
        self.sleep(max(0, deadline_ns - self.now_ns()) / 1e9)


class Pause:
    """Stands in for the event that ends an acquisition, on the script's clock."""

    def __init__(self, clock: ScriptedClock) -> None:
        self.clock = clock
        self.asked = False

    def is_set(self) -> bool:
        return self.asked

    def set(self) -> None:
        self.asked = True

    def wait(self, seconds: float) -> bool:
        self.clock.sleep(seconds)
        return self.asked


def record(
    scheme: str,
    script: list[tuple[float, Callable[[SimulatedBus], None]]],
    seconds: float = 4.0,
    **bus_options: bool,
) -> tuple[Harvest, SourceReader]:
    """Run the recorder's loop over a simulated chip; the script's functions get the bus."""
    clock = ScriptedClock()
    bus = SimulatedBus(400_000, clock, **bus_options)
    bus.add(ADDRESS, MODELS[scheme](lambda t: (VOLTS, AMPS), 0.1))
    address = Address.parse(f"{scheme}://1/0x40?shunt=0.1ohm&rate=100Hz")
    source = registry.driver_class(scheme)(address, lambda name, placements: bus)
    source.open()
    acquisition = SourceReader(source, clock)
    pause = Pause(clock)
    acquisition.stop_asked = pause
    begun = (clock.now_ns() - clock.started_ns) / 1e9
    clock.script = [(begun + t, lambda act=act: act(bus)) for t, act in script]
    clock.script.append((begun + seconds, pause.set))
    acquisition.run()
    assert not acquisition.failure
    return acquisition.take(), acquisition


def assert_true_values_only(harvest: Harvest, acquisition: SourceReader) -> None:
    """Every value recorded is what flowed."""
    for _, codes, _ in harvest.blocks:
        for i, channel in enumerate(acquisition.source.channels):
            column = codes[:, i][codes[:, i] != MISSING]
            truth = {"V": VOLTS, "A": AMPS}.get(channel.unit)
            if truth is not None:
                assert np.abs(column * channel.scale - truth).max() <= 1.01 * channel.accuracy.step


CHIPS = ["ina219", "ina226", "ina228", "ina3221"]

FAULTS = {
    "unplugged": (lambda b: b.unplug(ADDRESS), lambda b: b.plug(ADDRESS), Reason.NO_ANSWER),
    "no acknowledge as i801 states it": (
        lambda b: b.unplug(ADDRESS, errno.ENXIO),
        lambda b: b.plug(ADDRESS, restarted=False),
        Reason.NO_ANSWER,
    ),
    "bus error": (lambda b: b.unplug(ADDRESS, errno.EIO), lambda b: b.plug(ADDRESS), Reason.NO_ANSWER),
    "bus hang": (lambda b: b.hang(), lambda b: b.hang(False), Reason.NO_ANSWER),
    "bus stuck": (lambda b: b.unplug(ADDRESS, errno.EBUSY), lambda b: b.plug(ADDRESS), Reason.BUSY),
    "adapter removed": (lambda b: b.unplug(ADDRESS, errno.ENODEV), lambda b: b.plug(ADDRESS), Reason.ABSENT),
    "brown-out": (lambda b: b.plug(ADDRESS), lambda b: None, Reason.LOST_SETUP),
    "frozen": (
        lambda b: setattr(b.chip(ADDRESS), "frozen", True),
        lambda b: setattr(b.chip(ADDRESS), "frozen", False),
        Reason.FROZEN,
    ),
}


@pytest.mark.parametrize("scheme", CHIPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_gap_and_recording_goes_on(scheme, fault):
    begin, end, reason = FAULTS[fault]
    harvest, acquisition = record(scheme, [(1.0, begin), (2.0, end)])
    assert {gap.reason for gap in harvest.gaps} <= {reason.value, Reason.LOST_SETUP.value, "missed"}
    first = next(gap for gap in harvest.gaps if gap.reason == reason.value)
    assert "i2c-1 0x40" in first.detail
    times = np.concatenate([block[0] for block in harvest.blocks])
    start = times[0]
    # It begins with the last good value and ends with the first one after.
    assert first.start_ns in times and (first.end_ns - start) / 1e9 < 3.6
    assert (times[-1] - start) / 1e9 > 3.9, "it did not come back"
    assert not ((times > first.start_ns) & (times < first.end_ns)).any()
    assert_true_values_only(harvest, acquisition)


@pytest.mark.parametrize("scheme", CHIPS)
@pytest.mark.parametrize("plain_i2c", [True, False])
def test_a_single_disturbed_transfer_is_tried_again_and_leaves_no_gap(scheme, plain_i2c):
    harvest, acquisition = record(
        scheme,
        [(t / 10, lambda b: b.fail(errno.EREMOTEIO, 2)) for t in range(1, 9)],
        1.0,
        plain_i2c=plain_i2c,
    )
    assert not harvest.gaps and acquisition.health.errors == 0
    assert acquisition.health.samples >= 95
    assert_true_values_only(harvest, acquisition)


def test_a_driver_that_takes_the_chip_is_noticed_and_named():
    def take(bus: SimulatedBus) -> None:
        # The kernel's ina2xx writes its own configuration as it probes.
        bus.chip(ADDRESS).write(bus.clock.now_ns(), 0, (0x4527).to_bytes(2, "big"))
        bus.hold(ADDRESS)

    harvest, acquisition = record("ina226", [(1.0, take)], 2.5)
    assert harvest.gaps and harvest.gaps[0].reason in (Reason.LOST_SETUP.value, Reason.BUSY.value)
    assert "busy" in acquisition.health.last_error
    times = np.concatenate([block[0] for block in harvest.blocks])
    assert (times[-1] - times[0]) / 1e9 < 1.4, "it went on reading a chip that is the kernel's now"


def test_the_counters_of_an_ina228_go_on_over_a_gap_in_talking_to_it():
    harvest, acquisition = record(
        "ina228", [(1.0, lambda b: b.unplug(ADDRESS)), (2.0, lambda b: b.plug(ADDRESS, restarted=False))]
    )
    energy = acquisition.source.channels[2]
    times = np.concatenate([block[0] for block in harvest.blocks])
    codes = np.concatenate([block[1] for block in harvest.blocks])[:, 2]
    joules = float(codes[-1] - codes[0]) * energy.scale
    assert joules == pytest.approx(VOLTS * AMPS * (times[-1] - times[0]) / 1e9, rel=0.01)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (errno.EREMOTEIO, Reason.NO_ANSWER, "does not acknowledge"),
        (errno.ENXIO, Reason.NO_ANSWER, "does not acknowledge"),
        (errno.ETIMEDOUT, Reason.NO_ANSWER, "held low"),
        (errno.EBUSY, Reason.BUSY, "busy"),
    ],
)
def test_a_chip_that_does_not_open_says_why(code, reason, words):
    bus = SimulatedBus()
    bus.add(ADDRESS, MODELS["ina219"](lambda t: (VOLTS, AMPS), 0.1))
    bus.unplug(ADDRESS, code)
    source = registry.driver_class("ina219")(
        Address.parse("ina219://1/0x40?shunt=0.1ohm"), lambda name, placements: bus
    )
    with pytest.raises(OpenError) as caught:
        source.open()
    assert caught.value.reason is reason
    assert "0x40" in str(caught.value) and words in str(caught.value) and "\n" not in str(caught.value)
