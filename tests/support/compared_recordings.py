"""Recordings that are compared: events at stated powers, one after the other, and sides that took turns."""

from __future__ import annotations

import numpy as np

from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

SECOND = 1_000_000_000
GAIN = Accuracy(gain=0.02, source="test")


def write(
    path,
    watts,
    names=None,
    *,
    serial="7",
    url="ina219://1/0x40",
    host="pi",
    utc_s=0,
    accuracy=GAIN,
    step=0.001,
    attributes=None,
    calibration=None,
):
    """Write a recording at 100 samples a second: events of 0.2 s each 0.5 s, at these watts, 1 W between them."""
    names = names or ["infer"] * len(watts)
    times = np.arange(0, (len(watts) * 0.5 + 1) * 100) / 100
    power = np.ones(times.size)
    events = []
    for i, (w, name) in enumerate(zip(watts, names, strict=True)):
        start = 0.5 + i * 0.5
        power[(times >= start) & (times < start + 0.2)] = w
        extra = attributes[i] if attributes else {}
        first, last = round((start - 0.005) * SECOND), round((start + 0.195) * SECOND)  # between two samples
        events.append(Event(name, first, last, uid=i + 1, attributes=extra))
    channel = Channel(
        "vdd.power", Quantity.POWER, step, Rail("VDD_IN", covers="the board"), accuracy=accuracy
    )
    with Writer.create(path, {"clock": "monotonic", "host": {"name": host}}) as writer:
        source = writer.add_source(url, "meter", "ina219", (channel,), {"serial": serial} if serial else {})
        writer.append(
            source, (times * SECOND).astype(np.int64), np.rint(power / step).astype(np.int64)[:, None]
        )
        writer.add_clock_pair(0, (1_700_000_000 + utc_s) * SECOND)
        writer.add_events(events)
        if calibration:
            writer.add_fact("calibration", calibration)
    return path


def codes(found):
    return {note.code for note in found.notes}


def turns(folder, n, level, seed=0, gap_s=60, **how):
    """Write n recordings a side that took turns (A B B A) at these levels in W; 12 events each, 1 % from run to run."""
    rng = np.random.default_rng([seed, n])
    order = list("ABBA" * n)[: 2 * n]
    made = {"A": [], "B": []}
    for turn, side in enumerate(order):
        mean = level[side == "B"] * (1 + 0.01 * rng.standard_normal())
        path = folder / f"{side.lower()}{turn}.power"
        extra = {name: values[side == "B"] for name, values in how.items()}
        made[side].append(write(path, watts(100 * seed + turn, 12, mean), utc_s=turn * gap_s, **extra))
    return made["A"], made["B"]


def watts(seed, n, mean, spread=0.02):
    return mean * (1 + spread * np.random.default_rng(seed).standard_normal(n))
