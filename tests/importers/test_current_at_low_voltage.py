"""A current of hundreds of whole amperes at a few volts is of milliamperes, most likely."""

from __future__ import annotations

import pytest

from powermeter.importers import Choices, convert


def codes(tmp_path, volts, amperes, choices=None):
    path = tmp_path / "t.csv"
    path.write_text("time_s,Voltage(V),Current(A)\n" + "".join(f"{i},{volts},{amperes}\n" for i in range(11)))
    log = convert(path, tmp_path / "o.power", choices=choices or Choices(), force=True)
    return [note for note in log.warnings if note.code == "implausible-unit"]


def test_milliamperes_under_amperes_are_doubted_with_what_to_type(tmp_path):
    (note,) = codes(tmp_path, 5.01, 512)
    assert "512 A at 5.01 V" in str(note) and "--column 'Current(A)=mA'" in str(note)
    assert not codes(tmp_path, 5.01, 512, Choices(columns={"Current(A)": "mA"}))


@pytest.mark.parametrize(("volts", "amperes"), [(1.05, 250), (48, 120), (12.6, 3), (12.6, 151.4), (400, 250)])
def test_a_core_a_bank_and_a_car_draw_so_much(tmp_path, volts, amperes):
    assert not codes(tmp_path, volts, amperes)
