"""A capital M at the end of a name: mega or milli, by what the numbers allow."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert


def run(tmp_path, name, values, **stated):
    path = tmp_path / "t.csv"
    path.write_text(f"time_s,{name}\n" + "".join(f"{i},{v}\n" for i, v in enumerate(values)))
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


@pytest.mark.parametrize("name", ["power_MW", "BoardPowerMW", "POWER_MW"])
def test_five_may_be_a_site_in_megawatts_or_a_sensor_in_milliwatts(tmp_path, name):
    with pytest.raises(ConfigurationError, match=f"{name}=mW' or|{name}=mW or"):
        run(tmp_path, name, [5] * 11)
    assert run(tmp_path, name, [5] * 11, columns={name: "MW"}) == pytest.approx(50e6)
    assert run(tmp_path, name, [5] * 11, columns={name: "mW"}) == pytest.approx(50e-3)


def test_five_thousand_are_milliwatts(tmp_path):
    assert run(tmp_path, "power_MW", [5000] * 11) == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("name", "unit", "joules"), [("energy_MJ", "MJ", 10e6), ("SITE_ENERGY_MWH", "MWh", 36e9)]
)
def test_a_counter_of_energy_is_asked_about(tmp_path, name, unit, joules):
    values = [100 + i for i in range(11)]
    with pytest.raises(ConfigurationError, match=f"{name}={unit}"):
        run(tmp_path, name, values)
    assert run(tmp_path, name, values, columns={name: unit}) == pytest.approx(joules)


def test_thirty_thousand_may_be_what_a_grid_carries(tmp_path):
    with pytest.raises(ConfigurationError, match="PJME_MW=mW"):
        run(tmp_path, "PJME_MW", [31707] * 11)
    assert run(tmp_path, "PJME_MW", [31707] * 11, columns={"PJME_MW": "mW"}) == pytest.approx(317.07)
