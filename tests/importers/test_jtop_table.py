"""jtop's own statistics."""

import pytest

from powermeter import analyse, importers


def test_jtops_own_statistics_are_milliwatts_with_a_total(tmp_path):
    path = tmp_path / "jtop.csv"
    rows = "".join(f'2024-03-05 14:00:0{i},"1 day, 3:00",2500,500,5000,OFF,MODE_15W\n' for i in range(9))
    path.write_text("time,uptime,Power VDD_CPU,Power VDD_SOC,Power TOT,jetson_clocks,nvp model\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 5.0)


def test_a_cell_without_a_number_beside_good_ones_is_counted_with_its_line(tmp_path):
    path = tmp_path / "jtop.csv"
    rows = [f"2024-03-05 14:00:0{i},5000,{'err' if i == 4 else 1000},5000" for i in range(9)]
    head = "Time,VDD_IN-IN_POWER,VDD_IN-IN_CURRENT,VDD_IN-IN_VOLTAGE"
    path.write_text("\n".join([head, *rows]) + "\n")
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert any(
        "vdd_in.current: 1 cell holds no number (line 6): missing values" in str(n) for n in log.warnings
    )
