"""jtop's own statistics."""

import pytest

from powermeter import analyse, importers


def test_jtops_own_statistics_are_milliwatts_with_a_total(tmp_path):
    path = tmp_path / "jtop.csv"
    rows = "".join(f'2024-03-05 14:00:0{i},"1 day, 3:00",2500,500,5000,OFF,MODE_15W\n' for i in range(9))
    path.write_text("time,uptime,Power VDD_CPU,Power VDD_SOC,Power TOT,jetson_clocks,nvp model\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 5.0)
