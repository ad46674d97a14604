"""Simulated truth: a power whose integral is known exactly, and a meter that sees it imperfectly.

The Monte-Carlo proof of the stated intervals is built on this, and so can be a test of your own.
Nothing here knows the analysis: the truth is integrated in closed form from its corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Accuracy, Channel, Gap, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.in_memory import InMemory
from powermeter.recording.protocol import Samples, SourceInfo

Floats = NDArray[np.floating[Any]]
NS = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A power in W that is linear between corners; two corners at one time are a step.

    Attributes:
        times_s: Never decreasing corner times.
        watts: The power at each.
    """

    times_s: Floats
    watts: Floats

    @classmethod
    def steps(cls, edges_s: Sequence[float] | Floats, levels: Sequence[float] | Floats) -> Truth:
        """Return a power that is `levels[i]` from `edges_s[i]` to `edges_s[i + 1]`."""
        edges = np.asarray(edges_s, float)
        times = np.repeat(edges, 2)[1:-1]
        return cls(times, np.repeat(np.asarray(levels, float), 2))

    def power(self, times_s: Floats) -> Floats:
        """Return the power at some times; at a step, the later value."""
        i = np.clip(np.searchsorted(self.times_s, times_s, side="right"), 1, self.times_s.size - 1)
        t0, t1 = self.times_s[i - 1], self.times_s[i]
        share = np.divide(times_s - t0, t1 - t0, out=np.zeros_like(t0), where=t1 > t0)
        seen: Floats = self.watts[i - 1] + (self.watts[i] - self.watts[i - 1]) * np.clip(share, 0.0, 1.0)
        return seen

    def integral(self, times_s: Floats) -> Floats:
        """Return the energy in J from the first corner to some times, exactly."""
        lengths = np.diff(self.times_s)
        whole = np.concatenate([[0.0], np.cumsum(lengths * (self.watts[1:] + self.watts[:-1]) / 2)])
        times_s = np.asarray(times_s, float)
        i = np.clip(np.searchsorted(self.times_s, times_s, side="right") - 1, 0, self.times_s.size - 2)
        passed = times_s - self.times_s[i]
        slope = np.divide(
            self.watts[i + 1] - self.watts[i], lengths[i], out=np.zeros_like(passed), where=lengths[i] > 0
        )
        total: Floats = whole[i] + passed * (self.watts[i] + slope * passed / 2)
        return total

    def energy(self, start_s: float, end_s: float) -> float:
        """Return the energy in J between two times."""
        a, b = self.integral(np.array([start_s, end_s]))
        return float(b - a)


LEAD_S = 1.0
"""Idle time before the first event and after the last."""


def bursts(
    rng: np.random.Generator,
    count: int,
    *,
    idle_w: float = 2.0,
    busy_w: float = 6.0,
    length_s: tuple[float, float] = (0.05, 0.08),
    pause_s: tuple[float, float] = (0.04, 0.12),
) -> tuple[Truth, list[Event]]:
    """Return a load that works for `count` events called `infer` and rests between, and those events."""
    lengths = rng.uniform(*length_s, count)
    pauses = rng.uniform(*pause_s, count)
    starts = LEAD_S + np.concatenate([[0.0], np.cumsum(lengths + pauses)[:-1]])
    ends = starts + lengths
    levels = np.full(count, busy_w)
    times = np.column_stack([starts, starts, ends, ends]).ravel()
    watts = np.column_stack([np.full(count, idle_w), levels, levels, np.full(count, idle_w)]).ravel()
    times = np.concatenate([[0.0], times, [ends[-1] + LEAD_S]])
    watts = np.concatenate([[idle_w], watts, [idle_w]])
    events = [
        Event("infer", round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
    ]
    return Truth(times, watts), events


@dataclass(slots=True)
class SimulatedRecording(InMemory):
    """A recording in memory that an analysis cannot distinguish from one in a file."""

    sources: list[SourceInfo] = field(default_factory=list)
    data: dict[int, Samples] = field(default_factory=dict)
    holes: dict[int, list[Gap]] = field(default_factory=dict)
    happened: list[Event] = field(default_factory=list)
    noted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    path: Path | None = field(default=None, kw_only=True)

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the samples of a source."""
        all_of_it = self.data[source]
        if start_ns is None and end_ns is None:
            return all_of_it
        times = all_of_it.times_ns
        keep = (times >= (start_ns or times[0])) & (times <= (end_ns or times[-1]))
        codes = {name: column[keep] for name, column in all_of_it.codes.items()}
        return Samples(times[keep], codes, all_of_it.flags[keep])

    def gaps(self, source: int) -> list[Gap]:
        """Return the gaps of a source."""
        return self.holes.get(source, [])

    def events(self) -> list[Event]:
        """Return all events."""
        return self.happened

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts of a name."""
        return self.noted.get(name, [])

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return no clock pairs."""
        return []

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return no ticks."""
        return []


@dataclass(frozen=True, slots=True)
class SimulatedPowerMeter:
    """A power meter with errors drawn from its own specification.

    Attributes:
        rate_hz: Samples a second.
        kind: How it samples.
        accuracy: What it states; gain and offset are drawn from it, noise and step are applied.
        jitter_s: Standard deviation of the moment a sample is really taken around its regular
            place; its stamp is the true moment.
        stamp_s: Standard deviation of the stamp's own error.
        clock_s: Standard deviation of one shift of all stamps, drawn once; the recording states it.
        window_s: Averaging window of a mean meter where it is not the interval.
        volts: The rail's voltage; above 0, voltage and current are recorded in place of power.
        volts_accuracy: What it states of the voltage.
    """

    rate_hz: float = 1000.0
    kind: Kind = Kind.INSTANT
    accuracy: Accuracy = field(default_factory=Accuracy)
    jitter_s: float = 0.0
    stamp_s: float = 0.0
    clock_s: float = 0.0
    window_s: float = 0.0
    volts: float = 0.0
    volts_accuracy: Accuracy = field(default_factory=Accuracy)

    def errors(self, rng: np.random.Generator) -> tuple[float, float, float]:
        """Draw this specimen's gain error, offset and gain error of the voltage."""
        accuracy = self.accuracy

        def draw(size: float, typical: bool) -> float:
            return float(rng.normal(0, size) if typical else rng.uniform(-size, size))

        volts = draw(self.volts_accuracy.gain, self.volts_accuracy.typical)
        return draw(accuracy.gain, accuracy.typical), draw(accuracy.offset, accuracy.typical), volts

    def record(
        self,
        truth: Truth,
        events: Sequence[Event],
        rng: np.random.Generator,
        *,
        errors: tuple[float, float, float] | None = None,
        gaps_s: Sequence[tuple[float, float]] = (),
        phase: float | None = None,
    ) -> SimulatedRecording:
        """Return the recording this meter makes of a truth.

        Args:
            errors: One specimen's errors, to record several times with the same; None draws them.
            gaps_s: Stretches in which it sends nothing.
            phase: Where between two ticks the first sample lies, 0 to 1; None draws it.
        """
        gain, offset, volts_gain = self.errors(rng) if errors is None else errors
        interval = 1 / self.rate_hz
        first = truth.times_s[0] + interval * (rng.uniform() if phase is None else phase)
        ideal = np.arange(first, truth.times_s[-1], interval)
        taken = ideal
        if self.jitter_s:
            taken = np.sort(np.clip(ideal + rng.normal(0, self.jitter_s, ideal.size), truth.times_s[0], None))
        values = self._see(truth, taken)
        if self.volts:
            offset *= self.volts
        if self.kind is not Kind.COUNTER:
            noise = self.accuracy.noise * (self.volts or 1.0)
            values = values * (1 + gain) + offset + noise * rng.normal(0, 1, taken.size)
        else:
            values = values * (1 + gain) + rng.normal(0, 1, taken.size) * self.accuracy.noise
        stamps = taken + rng.normal(0, 1, taken.size) * self.stamp_s
        times_ns = np.sort(np.rint(stamps * NS).astype(np.int64))
        keep = np.ones(taken.size, bool)
        holes = []
        for start, end in gaps_s:
            inside = (taken > start) & (taken < end)
            if inside.any():
                where = np.flatnonzero(inside)
                low, high = max(where[0] - 1, 0), min(where[-1] + 1, taken.size - 1)
                holes.append(
                    Gap(int(times_ns[low]), int(times_ns[high]), "no answer", lost=int(inside.sum()))
                )
                keep &= ~inside
        times_ns, values = times_ns[keep], values[keep]
        recording = self._written(times_ns, values, volts_gain, rng)
        recording.holes[1] = holes
        recording.happened = list(events)
        if self.clock_s:
            shift = rng.normal(0, self.clock_s) * NS
            recording.data[1].times_ns[:] += np.int64(round(shift))
            recording.noted["alignment"] = [
                {"source": 1, "offset_ns": 0.0, "drift": 0.0, "offset_u_ns": self.clock_s * NS}
            ]
        return recording

    def _see(self, truth: Truth, taken: Floats) -> Floats:
        interval = 1 / self.rate_hz
        if self.kind is Kind.INSTANT:
            return truth.power(taken)
        running = truth.integral(taken)
        if self.kind is Kind.COUNTER:
            return running
        if self.window_s:
            return (running - truth.integral(taken - self.window_s)) / self.window_s
        before = np.concatenate([[taken[0] - interval], taken[:-1]])
        mean: Floats = (running - truth.integral(before)) / np.maximum(taken - before, 1e-12)
        return mean

    def _written(
        self, times_ns: NDArray[np.int64], values: Floats, volts_gain: float, rng: np.random.Generator
    ) -> SimulatedRecording:
        rail = Rail("VDD_IN", nominal_v=self.volts or None)
        step = self.accuracy.step
        scale = step or 1e-9
        window = round(self.window_s * NS) or None
        quantity = Quantity.ENERGY if self.kind is Kind.COUNTER else Quantity.POWER
        codes: dict[str, NDArray[np.int64]] = {}
        if not self.volts:
            channel = Channel(
                "vdd_in.power", quantity, scale, rail, self.kind, accuracy=self.accuracy, window_ns=window
            )
            codes[channel.name] = np.rint(values / scale).astype(np.int64)
            channels: tuple[Channel, ...] = (channel,)
        else:
            current = Channel(
                "vdd_in.current", Quantity.CURRENT, scale, rail, self.kind, accuracy=self.accuracy
            )
            volt_scale = self.volts_accuracy.step or 1e-6
            voltage = Channel(
                "vdd_in.voltage", Quantity.VOLTAGE, volt_scale, rail, self.kind, accuracy=self.volts_accuracy
            )
            # `values` went through gain and offset as a current would: the truth is in W = V × A.
            codes[current.name] = np.rint(values / self.volts / scale).astype(np.int64)
            seen = self.volts * (1 + volts_gain) + self.volts_accuracy.noise * rng.standard_normal(
                values.size
            )
            codes[voltage.name] = np.rint(seen / volt_scale).astype(np.int64)
            channels = (voltage, current)
        source = SourceInfo(1, "simulated://1", "simulated", "simulated", {}, channels)
        flags = np.zeros(times_ns.size, np.uint8)
        return SimulatedRecording([source], {1: Samples(times_ns, codes, flags)})
