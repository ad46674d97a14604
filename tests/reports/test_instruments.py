"""How the line of a source states what was not read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.health import SourceHealth
from powermeter.channel import Accuracy, Channel, Gap, Kind, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports.instruments import OwnCost, health_text, instruments, own_cost


@pytest.mark.parametrize(
    ("noted", "bridged", "gap_s"), [(None, 1, 4.0), ("missed", 1, 4.0), ("no answer", 0, 4.0)]
)
def test_a_hole_that_is_bridged_is_never_called_none(
    tmp_path: Path, noted: str | None, bridged: int, gap_s: float
) -> None:
    """40 readings a second apart, three of them absent: noted as nothing, as missed deadlines, or as a gap."""
    times = np.arange(40, dtype=np.int64)
    times = times[(times <= 20) | (times >= 24)] * 10**9
    with Writer.create(tmp_path / "a.power", {}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
        source = writer.add_source("x://", "", "x", (channel,))
        writer.append(source, times, np.full((times.size, 1), 5))
        if noted is not None:
            writer.add_gap(source, Gap(20 * 10**9, 24 * 10**9, noted, "", 3))
    with Recording.open(tmp_path / "a.power") as recording:
        found = analyse(recording)
        (instrument,) = instruments(recording, found)
    (health,) = found.health
    assert found.gap_s == health.gap_s == gap_s
    assert (health.bridged, health.bridged_s) == (bridged, 4.0 * bridged)
    assert health_text(instrument).endswith(" · 1 gap of 4.00 s")
    uncounted = replace(instrument, health=replace(health, bridged=None, bridged_s=0.0))
    assert "no gaps" not in health_text(uncounted)


def test_what_is_bridged_and_what_is_missing_are_one_length(tmp_path: Path) -> None:
    """Two means of a second each never came: 2 s are missing, though 4 s lie between the readings beside them."""
    times = np.delete(np.arange(40, dtype=np.int64), [10, 20]) * 10**9
    with Writer.create(tmp_path / "a.power", {}) as writer:
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"), Kind.MEAN)
        source = writer.add_source("x://", "", "x", (channel,))
        writer.append(source, times, np.full((times.size, 1), 5))
        for first, last in ((9, 11), (19, 21), (39, 44)):
            writer.add_gap(source, Gap(first * 10**9, last * 10**9, "dropped", "", None))
    with Recording.open(tmp_path / "a.power") as recording:
        found = analyse(recording)
        (instrument,) = instruments(recording, found)
    assert found.gap_s == 2.0 and found.health[0].gap_s == 7.0  # 5 s behind the last reading are not bridged
    assert health_text(instrument).endswith(" · 3 gaps of 7.00 s")


HEALTH = SourceHealth(
    *("1", "ina219", "ina219://1/0x40", 1200, 12.0, 100.0, 0.01, 0.008, 0.011, 5, 3, 7, (), 0.0, 0.0)
)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "no gaps"),
        ({"longest_s": 0.2}, "longest pause 200 ms"),
        ({"gaps": (Gap(0, 2 * 10**9, "no answer"),), "noted_s": 2.0}, "1 gap of 2.00 s"),
        ({"gaps": (Gap(0, 1, "missed"),), "noted_s": 0.0}, "no gaps"),  # they are counted as missed
        ({"bridged": 2, "bridged_s": 0.5, "noted_s": 0.25}, "2 gaps of 750 ms"),
    ],
)
def test_each_number_of_a_source_s_line(changed: dict[str, object], words: str) -> None:
    line: Any = SimpleNamespace(health=replace(HEALTH, **changed), missed=9)  # type: ignore[arg-type]
    asked = "100 Hz of 125 Hz asked"
    wanted = f"1,200 samples · {asked} · 9 missed · 3 repeats · 7 at the end of the range · {words}"
    assert health_text(line) == wanted


@pytest.mark.parametrize(("pairs", "share"), [([], 0.05), ([(0, 0), (20 * 10**9, 0)], 0.025)])
def test_what_recording_took_is_a_share_of_all_of_its_time(pairs, share: float) -> None:
    """Half a second of a processor in 10 s of readings; of 20 s where its clocks were noted for so long."""
    noted = [{"cpu_s": 9.0}, {"cpu_s": 0.5, "peak_memory": 1 << 20}]
    recording = cast(Recording, SimpleNamespace(facts=lambda name: noted, clock_pairs=lambda: pairs))
    analysis: Any = SimpleNamespace(duration=SimpleNamespace(value=10.0))
    assert own_cost(recording, analysis) == OwnCost(0.5, share, 1 << 20)


def test_only_limits_that_an_energy_rests_on_are_named(tmp_path: Path) -> None:
    rail = Rail("VIN")
    channels = (
        Channel("p", Quantity.POWER, 1e-3, rail, accuracy=Accuracy(gain=0.01, source="power: sheet 1")),
        Channel("t", Quantity.TEMPERATURE, 0.1, rail, accuracy=Accuracy(offset=1.0, source="1 K: sheet 2")),
    )
    with Writer.create(tmp_path / "a.power", {}) as writer:
        source = writer.add_source("x://", "", "x", channels)
        writer.append(source, np.arange(40, dtype=np.int64) * 10**9, np.full((40, 2), 5))
    with Recording.open(tmp_path / "a.power") as recording:
        (instrument,) = instruments(recording, analyse(recording))
    assert instrument.accuracy == ("power: sheet 1",)
