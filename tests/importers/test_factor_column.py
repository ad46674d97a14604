"""A factor in a column of its own: whether the readings hold it already is asked, never assumed."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert


def run(tmp_path, name, factor, **stated):
    path = tmp_path / "t.csv"
    path.write_text(
        f"time_s,CT1 (A),{name},Voltage (V)\n" + "".join(f"{i},2,{factor},12\n" for i in range(11))
    )
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


@pytest.mark.parametrize("name", ["CT ratio", "ct_ratio", "multiplier", "scale", "Scale factor"])
def test_a_factor_of_twenty_is_asked_about(tmp_path, name):
    with pytest.raises(ConfigurationError, match=rf"multiplied by '{name}' \(20\) already"):
        run(tmp_path, name, 20)
    assert run(tmp_path, name, 20, columns={name: "-"}) == pytest.approx(240.0)
    assert run(tmp_path, name, 20, columns={name: "-", "CT1 (A)": "20A"}) == pytest.approx(4800.0)


def test_the_factor_of_a_current_transformer_is_offered_for_currents(tmp_path):
    with pytest.raises(
        ConfigurationError, match=r"if not, --column 'CT ratio=-' --column 'CT1 \(A\)=20A'(?!.*Voltage)"
    ):
        run(tmp_path, "CT ratio", 20)


@pytest.mark.parametrize(("name", "factor"), [("CT ratio", 1), ("ratio", 20), ("compression ratio", 20)])
def test_a_factor_of_one_and_other_ratios_are_not(tmp_path, name, factor):
    assert run(tmp_path, name, factor) == pytest.approx(240.0)


def test_the_scale_of_a_battery_level_is_no_factor(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,level,scale,power_W\n" + "".join(f"{i},80,100,24\n" for i in range(11)))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(240.0)


def test_it_is_asked_once_beside_an_open_unit(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,multiplier,power\n" + "".join(f"{i},20,{24 + i % 3}\n" for i in range(11)))
    with pytest.raises(ConfigurationError) as asked:
        convert(path, tmp_path / "o.power")
    assert str(asked.value).count("multiplied by") == 1
