"""The same recording in other units: what is measured follows, whichever way of measuring the analysis chose.

With each power four times as large all energies, their parts and their limits are; with all times twice as large energies are
doubled and powers stay; whether a recording began a day later or its events were listed backwards changes nothing.  A power of
two changes no digit of a binary number, so what remains beside is rounding: 1e-9.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from scenes import SCENES, Scene, in_other_units

from powermeter.analysis.energy import Analysis, analyse
from powermeter.result import Result
from powermeter.testing.simulation import NS, SimulatedRecording

DAY_NS = 86_400 * NS
POWER, ENERGY, TIME = ("W",), ("W", "s"), ("s",)
DIMENSIONS = {"J": ENERGY, "C": ENERGY, "W": POWER, "A": POWER, "s": TIME, "": ()}
"""As this test changes units, a charge follows like an energy (the voltage stays)."""
OF_ROWS = {
    "seconds": TIME,
    "latency_mean": TIME,
    "latency_p50": TIME,
    "latency_p95": TIME,
    "latency_p99": TIME,
    "gap_s": TIME,
    "spread_j": ENERGY,
    "sample_power": POWER,
    "sample_energy": ENERGY,
    "plain_energy": ENERGY,
    "share": (),
    "items": (),
    "events": (),
    "outside": (),
    "unseen": (),
}
OF_EVENTS = {
    "value": ENERGY,
    "plain": ENERGY,
    "noise": ENERGY,
    "clock": ENERGY,
    "gaps": ENERGY,
    "below": ENERGY,
    "above": ENERGY,
    "seconds": TIME,
    "gap_s": TIME,
    "samples": (),
    "known": (),
    "covered": (),
    "lean": (),
}
OF_ALL = {"plain_energy": ENERGY, "gap_s": TIME, "peak_w": POWER}

Found = dict[str, tuple[tuple[str, ...], Any]]


def _numbers(name: str, thing: Any, dimensions: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, Result):
            what = DIMENSIONS[value.unit]
            yield f"{name}.{field.name}", (what, np.array([value.value, value.low, value.high]))
            yield f"{name}.{field.name}.grade", ((), value.grade.value)
            for part, size in value.parts.items():
                # A trace's own errors are named after its recording: `noise:p infer @ 1a2b3c4d`.
                plain = " ".join(word for word in part.split() if not (word == "@" or len(word) == 8))
                yield f"{name}.{field.name}.{plain}", (what, np.float64(size))
        elif field.name in dimensions and value is not None:
            yield f"{name}.{field.name}", (dimensions[field.name], np.asarray(value, np.float64))


def numbers(analysis: Analysis) -> Found:
    """Every number of an analysis by its name, with the dimensions that it has."""
    found: Found = dict(_numbers("run", analysis, OF_ALL))
    for row in analysis.rows:
        found.update(_numbers(row.title, row, OF_ROWS))
        found[f"{row.title}.method"] = (), row.method
        found[f"{row.title}.warmup"] = (), (row.warmup.reason.value, row.warmup.count)
    if len(analysis.energies):
        found.update(_numbers("events", analysis.energies, OF_EVENTS))
        found["events.half"] = ENERGY, analysis.energies.half_width()
        found["events.divided"] = ENERGY, analysis.divided
    found["notes"] = (), sorted(note.code for note in analysis.notes)
    return found


def asked(scene: Scene, recording: SimulatedRecording) -> Found:
    return numbers(analyse(recording, baseline=scene.baseline, by=scene.by))


@cache
def seen(name: str) -> tuple[Scene, Found]:
    scene = SCENES[name]()
    return scene, asked(scene, scene.recording)


def follows(before: Found, after: Found, power: float = 1.0, time: float = 1.0) -> list[str]:
    """Return what does not follow: empty is right."""
    wrong = [f"{name} is missing or new" for name in before.keys() ^ after.keys()]
    for name in before.keys() & after.keys():
        (dimensions, old), new = before[name], after[name][1]
        if isinstance(old, (str, list, tuple)):
            if old != new:
                wrong.append(f"{name}: {old} became {new}")
            continue
        factor = math.prod({"W": power, "s": time}[one] for one in dimensions)
        size = float(np.max(np.abs(old[np.isfinite(old)]), initial=0.0)) * factor
        if not np.allclose(old * factor, new, rtol=1e-6, atol=1e-7 * size, equal_nan=True):
            wrong.append(f"{name}: {old} × {factor} became {new}")
    return sorted(wrong)


@pytest.mark.parametrize("name", SCENES)
def test_four_times_the_power(name: str) -> None:
    scene, before = seen(name)
    assert follows(before, asked(scene, in_other_units(scene.recording, power=4.0)), power=4.0) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCENES)
def test_twice_the_time(name: str) -> None:
    scene, before = seen(name)
    assert follows(before, asked(scene, in_other_units(scene.recording, time=2)), time=2.0) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCENES)
def test_a_day_later(name: str) -> None:
    scene, before = seen(name)
    assert follows(before, asked(scene, in_other_units(scene.recording, later_ns=DAY_NS))) == []
