"""What import prints as the whole of logs whose importer takes the rails from a board's or a tool's own table."""

import pytest

from powermeter.importers import convert
from powermeter.importers.counted_rail import counted_rail

LOGS = {
    "a module's input": (
        "t.log",
        "".join(
            f"06-25-2025 09:43:1{i} RAM 1/2MB VDD_IN 5{i}00mW/5000mW VDD_CPU_GPU_CV 900mW/900mW VDD_SOC 1400mW/1400mW\n"
            for i in range(9)
        ),
        "VDD_IN",
    ),
    "a processor and its memory": (
        "g.csv",
        "Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),DRAM Power_0(Watt),Cumulative DRAM Energy_0(Joules)\n"
        + "".join(f"0.{i},1.2,{i}.5,0.3,0.{i}\n" for i in range(1, 9)),
        "processors + memory",
    ),
    "a machine of which only a model is known": (
        "e.csv",
        "timestamp,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\n"
        + "".join(f"t,1{i}.5,1e-0{i},2e-05,3e-05,4.{i}e-05\n" for i in range(9)),
        "machine",
    ),
}


@pytest.mark.parametrize("name", LOGS)
def test_the_counted_rail_is_printed_with_what_it_covers(tmp_path, name):
    file, text, rail = LOGS[name]
    (tmp_path / file).write_text(text)
    log = convert(tmp_path / file, tmp_path / "o.power")
    found = counted_rail(log, tmp_path / "o.power")
    assert found is not None and found[0] == rail and len(found[1]) > 10


def test_one_rail_needs_no_such_line(tmp_path):
    (tmp_path / "a.csv").write_text("t_s,power_W\n0,1\n1,2\n2,3\n")
    log = convert(tmp_path / "a.csv", tmp_path / "o.power")
    assert counted_rail(log, tmp_path / "o.power") is None
