"""MSI Afterburner's own log: units stand in records above the values, and `Power` is the card's."""

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Choices, convert


def energy(tmp_path, text, name="t.csv", **stated):
    path = tmp_path / name
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(**stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


def log(units):
    head = "00, 14-03-2025 09:26:00, Hardware monitoring log v1.6\n02, 14-03-2025 09:26:00, GPU usage ,Power ,CPU power \n"
    named = "".join(
        f"03, 14-03-2025 09:26:00, {i}  , {unit}  , 0, 100, 10, %.1f\n" for i, unit in enumerate(units)
    )
    rows = "".join(f"80, 14-03-2025 09:26:{s:02d}, 97.0 , 200.0 , 60.0 \n" for s in range(11))
    return head + named + rows


def test_watts_of_card_and_processor_add_up(tmp_path):
    assert energy(tmp_path, log(["%", "W", "W"]), "a.hml") == pytest.approx((200 + 60) * 10)


def test_percent_of_a_limit_is_no_power(tmp_path):
    assert energy(tmp_path, log(["%", "%", "W"]), "a.hml") == pytest.approx(60 * 10)
    with pytest.raises(DataError, match="no power in watts"):
        energy(tmp_path, log(["%", "%", "%"]), "a.hml")
