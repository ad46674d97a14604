"""Columns called as the kernel calls RAPL's domains: one unit for all of them, the kernel's, is offered and taken."""

import pytest

from powermeter.analysis.energy import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert, open_log

RANGE_UJ = 262_143_328_850  # where a package's counter begins anew, as max_energy_range_uj states it

ROWS = "".join(
    f"{1710252310 + 10 * i},{(260_143_328_850 + i * 600_000_000) % RANGE_UJ},{284_000_000 + i * 400_000_000},{1000 + i},"
    f"{5_000_000 + i * 60_000_000}\n"
    for i in range(30)
)
TABLE = "time,package-0,core,uncore,dram\n" + ROWS


def test_one_unit_is_offered_for_all(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    with pytest.raises(ConfigurationError, match="--column package-0=uJ --column uncore=uJ --column dram=uJ"):
        open_log(path)


@pytest.mark.parametrize(
    "stated", [{"unit": "uJ"}, {"columns": dict.fromkeys(("package-0", "uncore", "dram"), "uJ")}]
)
def test_what_is_offered_and_the_unit_alone_lead_to_the_energy(tmp_path, stated):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    log = convert(path, tmp_path / "o.power", choices=Choices(**stated))
    assert log.facts["whole"]["rail"] == "package-0 + dram"
    # The step over the reset is 600 J of 29.
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(29 * 660, rel=0.03)


def test_cores_without_a_package_are_no_domains(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,core 1,core 2\n" + "".join(f"{i},{5 + i % 3},{6 + i % 2}\n" for i in range(12)))
    with pytest.raises(ConfigurationError, match="=W"):
        open_log(path)
