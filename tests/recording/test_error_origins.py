"""Whose errors cancel between results of two recordings: those of one instrument, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter import Analysis, analyse
from powermeter.analysis.same_instrument import instrument
from powermeter.channel import Accuracy, Rail
from powermeter.recording.error_origins import instrument_of, origin_of
from powermeter.testing.simulation import SimulatedPowerMeter, SimulatedRecording, bursts

METER = SimulatedPowerMeter(accuracy=Accuracy(gain=0.01, noise=0.3, source="a test"))


def recorded(seed: int, machine: str = "", serial: str = "") -> SimulatedRecording:
    truth, events = bursts(np.random.default_rng(1), 12)
    found = METER.record(truth, events, np.random.default_rng(seed))
    found.metadata["host"] = {"name": machine}
    found.sources[0].info["serial"] = serial
    return found


def of_kind(analysis: Analysis, kind: str) -> float:
    return analysis.energy.by_kind()[kind]


def test_noise_of_two_recordings_does_not_cancel_and_the_gain_of_their_meter_does() -> None:
    a, b = (analyse(recorded(seed, "pi")) for seed in (2, 3))
    apart = a.energy - b.energy
    assert apart.by_kind()["noise"] == pytest.approx(math.hypot(of_kind(a, "noise"), of_kind(b, "noise")))
    assert apart.by_kind()["gain"] < 0.01 * of_kind(a, "gain")
    mean = [one.rows[0].energy_per_item for one in (a, b)]
    assert mean[0] is not None and mean[1] is not None
    own = [math.hypot(*(p for n, p in m.parts.items() if n.startswith(("noise:", "repeats:")))) for m in mean]
    kinds = (mean[0] - mean[1]).by_kind()
    assert math.hypot(kinds.get("noise", 0), kinds.get("repeats", 0)) == pytest.approx(math.hypot(*own))


def test_one_recording_read_twice_is_one() -> None:
    a, b = (analyse(recorded(2, "pi")) for _ in range(2))
    assert (a.energy - b.energy).half_width == pytest.approx(0, abs=1e-12)


def cards(*ids: str) -> dict[str, object]:
    """Return the facts of NVIDIA cards, the first of which is `gpu0`."""
    listed = [{"index": i, "rail": f"gpu{i}", "uuid": one} for i, one in enumerate(ids)]
    return {"uuid": " ".join(ids), "cards": listed}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (cards("GPU-a"), cards("GPU-a"), True),
        (cards("GPU-a"), cards("GPU-b"), False),  # another card in the same machine
        (cards("GPU-a", "GPU-b"), cards("GPU-a"), True),  # whichever others were read beside it
        (cards("GPU-b", "GPU-a"), cards("GPU-a"), False),
    ],
)
def test_cards_are_known_by_their_ids(left, right, same: bool) -> None:
    keys, names = set(), set()
    for info in (left, right):
        found = recorded(2, "server")
        source = found.sources[0]
        source.info.update(info)
        keys.add(origin_of(source, "gpu0.power", instrument_of(found, source)))
        analysed = analyse(found)
        line = replace(analysed.line, rail=Rail("gpu0"))
        names.add(instrument(found, line))
    assert (len(keys) == 1) is same and (len(names) == 1) is same


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (("pi", ""), ("nano", ""), False),
        (("pi", "17"), ("pi", "18"), False),
        (("pi", "17"), ("nano", "17"), True),  # carried from one machine to the other
    ],
)
def test_equal_meters_on_two_machines_share_no_gain(left, right, same: bool) -> None:
    one, other = recorded(2, *left), recorded(3, *right)
    assert (instrument_of(one, one.sources[0]) == instrument_of(other, other.sources[0])) is same
    a, b = analyse(one), analyse(other)
    alone = 0.0 if same else math.hypot(of_kind(a, "gain"), of_kind(b, "gain"))
    assert (a.energy - b.energy).by_kind()["gain"] == pytest.approx(alone, abs=0.01 * of_kind(a, "gain"))
