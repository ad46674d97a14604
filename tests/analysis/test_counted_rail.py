"""What import prints as the whole of logs whose importer takes the rails from a board's or a tool's own table."""

import pytest

from powermeter.analysis.counted_rail import counted_rail
from powermeter.cli import run
from powermeter.importers import convert

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
    convert(tmp_path / file, tmp_path / "o.power")
    found = counted_rail(tmp_path / "o.power")
    assert found is not None and found[0] == rail and len(found[1]) > 10


def test_import_prints_it(tmp_path, capsys):
    file, text, rail = LOGS["a module's input"]
    (tmp_path / file).write_text(text)
    assert run(["import", str(tmp_path / file), "-o", str(tmp_path / "o.power")]) == 0
    assert f"counted as the whole: {rail} (everything the module draws" in capsys.readouterr().out


def test_where_nothing_has_a_power_there_is_none(tmp_path):
    (tmp_path / "a.csv").write_text("t_s,current_mA\n0,1\n1,2\n2,3\n")
    convert(tmp_path / "a.csv", tmp_path / "o.power")
    assert counted_rail(tmp_path / "o.power") is None
