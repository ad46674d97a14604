"""Whether readings of a simulated meter are stamped when they were taken: its load steps at a known moment."""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.errors import plural
from powermeter.source import PolledSource, Source
from powermeter.testing.contract_load import CONSTANT_W, constant
from powermeter.testing.contract_reading import read_some
from powermeter.testing.faults import Faults
from powermeter.testing.load import Load
from powermeter.testing.terminal import Simulation
from powermeter.units import NS

BUNCH_S = 0.4
"""Frames come at once so seldom: by as much is a stamp late that is of their arrival."""
LOST = 0.3
"""Share of the frames that are lost meanwhile: a driver that counts frames in place of time is behind by as much."""
NEAR_S = 0.1
"""By so much, and two frames or one polling, may a stamp be off."""
SLOWEST_S, SLOWEST_REGISTER_S = 0.05, 0.5
"""Meters that send or refresh more seldom show nothing within seconds."""
KNOWN_S = 1.0
"""How long a stream is read before the step: its clock is known by then."""
TRIES = 3
"""A host that stood still stamps late what came: one of so many tries must be right."""
BUFFER_BYTES = 1 << 20
"""What a meter holds at least while its frames wait for a bunch: none is to be lost for that."""
LESS_W = 1.0
"""What the load draws behind its step: half as much."""

HELD_S = 0.9
"""What comes first is held back for so long: with what a stream waits for until it places a sample, more than a second."""
SHARING = 0.05
"""Share of the readings that may lie at one moment with the one before: one that came sooner than all before it shows that those were stamped late."""

NO_TIME = (
    "are the frames stamped by the times, or by the steady numbers, that they state (`tick_ns`; `tick` of each `StreamRow`)?"
    " Where they state none, the simulated meter has `states_times = False`"
)
IN_THE_FUTURE = "a driver that stamps samples itself stamps none later than it came"
MADE_UP = "is its time made up, such as a count of the frames that came?"


def check_step(source: Source, simulation: object) -> None:
    """Refuse readings of which a step of the load is not stamped when it was."""
    if not isinstance(simulation, Simulation):
        return
    meter = simulation.meter
    if meter.tick_s > SLOWEST_S or meter.refresh_s > SLOWEST_REGISTER_S:
        return
    meter.buffer_bytes = max(meter.buffer_bytes, BUFFER_BYTES)
    bunch_s = BUNCH_S if meter.tick_s and meter.states_times else 0.0
    off_s: float | None = None
    for _ in range(TRIES):
        off_s = _off_by(source, simulation, bunch_s)
        if off_s is not None and abs(off_s) <= NEAR_S + 2 * meter.tick_s + _period_s(source):
            return
    assert off_s is not None, (
        f"a step of the load from {CONSTANT_W:g} W to {LESS_W:g} W does not show in its readings"
    )
    raise AssertionError(
        f"a step of the load is stamped {abs(off_s):.2g} s too {'late' if off_s > 0 else 'early'}: {NO_TIME if bunch_s and off_s > 0 else MADE_UP}"
    )


def check_held(source: Source, simulation: object) -> None:
    """Refuse readings that share a moment because the first frames were held back and came at once."""
    if not isinstance(simulation, Simulation):
        return
    meter = simulation.meter
    if not (0 < meter.tick_s <= SLOWEST_S and meter.states_times):
        return
    meter.buffer_bytes = max(meter.buffer_bytes, BUFFER_BYTES)
    simulation.faults = Faults(held_until_s=simulation.now_s() + HELD_S)
    source.open()
    reader, harvest = read_some(source, rows=10**9, seconds=1.0)
    assert harvest.blocks, reader.failure or reader.health.last_error
    steps = np.diff(np.concatenate([block[0] for block in harvest.blocks]))
    shared = int(np.count_nonzero(steps <= 0))
    assert shared <= 1 + SHARING * steps.size, (
        f"the first frames were held for {HELD_S:g} s and came at once: {shared} of {plural(steps.size + 1, 'reading')} share a moment with the one before; {NO_TIME}"
    )


def _period_s(source: Source) -> float:
    return source.period_ns / NS if isinstance(source, PolledSource) else 0.0


def _off_by(source: Source, simulation: Simulation, bunch_s: float) -> float | None:
    """Return how much later than it was a step of the load is stamped, in s; None where it does not show."""
    meter = simulation.meter
    simulation.faults, meter.load = Faults(), constant(CONSTANT_W)
    source.open()
    if bunch_s:
        simulation.faults = Faults(drop=LOST, bunch_s=bunch_s)
    period_s = _period_s(source)
    at_s = _moment(simulation.now_s() + (2 * period_s or KNOWN_S), meter.refresh_s, bunch_s)
    meter.load = Load("square", LESS_W, CONSTANT_W, 2 * at_s)
    behind_s = 1.5 * (bunch_s or NEAR_S) + 2 * (meter.tick_s + period_s)
    reader, harvest = read_some(source, rows=10**9, seconds=at_s - simulation.now_s() + behind_s)
    assert harvest.blocks, reader.failure or reader.health.last_error
    times = np.concatenate([block[0] for block in harvest.blocks])
    step_ns = _step(source.channels, times, np.concatenate([block[1] for block in harvest.blocks]))
    return None if step_ns is None else (step_ns - simulation.origin_ns) / NS - at_s


def _moment(earliest_s: float, refresh_s: float, bunch_s: float) -> float:
    """Return a moment at which registers change, and behind which frames wait for at least two thirds of a bunch."""
    first = int(earliest_s / refresh_s) + 1
    moments = (at * refresh_s for at in count(first))
    return next(at_s for at_s in moments if not bunch_s or at_s % bunch_s <= bunch_s / 3)


def _step(channels: tuple[Channel, ...], times: NDArray[np.int64], rows: NDArray[np.int64]) -> int | None:
    """Return the stamp of the first reading behind a fall by more than a quarter; None where there is none."""
    for channel, column in zip(channels, rows.T, strict=True):
        known = column != MISSING
        if channel.quantity not in (Quantity.POWER, Quantity.CURRENT) or not known.any():
            continue
        codes, stamps = column[known], times[known]
        behind = int(np.flatnonzero(codes >= 0.75 * codes.max())[-1]) + 1
        if codes.max() > 0 and behind < codes.size:
            return int(stamps[behind])
    return None
