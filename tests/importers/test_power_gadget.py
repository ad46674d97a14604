"""Intel Power Gadget's CSV: cumulative joules are counters that began with the elapsed time."""

from __future__ import annotations

import pytest

from powermeter import analyse
from powermeter.importers import convert

HEAD = "System Time,RDTSC,Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules)\n"


def test_the_energy_is_that_of_the_counter(tmp_path):
    path, joules = tmp_path / "gadget.csv", 0.0
    text = HEAD
    for i in range(1, 6):
        joules += i * 0.1  # i watts for a tenth of a second
        text += f"10:00:00:{i}00,{i * 1000},{i * 0.1:.4f},{i:.4f},{joules:.6f}\n"
    path.write_text(text)
    assert convert(path, tmp_path / "run.power").format == "power-gadget"
    found = analyse(tmp_path / "run.power").energy
    assert found.value == pytest.approx(1.5, rel=1e-9)


@pytest.mark.parametrize("memory_w", [5, 0])
def test_memory_counts_beside_the_processor(tmp_path, memory_w):
    path = tmp_path / "gadget.csv"
    head = HEAD.strip() + ",DRAM Power_0(Watt),Cumulative DRAM Energy_0(Joules)\n"
    path.write_text(
        head
        + "".join(
            f"10:00:0{i}:000,{i},{i}.0,30.0,{30 * i}.0,{memory_w}.0,{memory_w * i}.0\n" for i in range(1, 6)
        )
    )
    convert(path, tmp_path / "run.power")
    found = analyse(tmp_path / "run.power")
    assert found.energy.value == pytest.approx(5 * (30 + memory_w), rel=1e-9)
