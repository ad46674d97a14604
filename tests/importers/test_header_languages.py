"""Headers in other scripts state the same quantities and units as their English ones."""

import pytest

from powermeter.channel import Quantity
from powermeter.importers.header_languages import UNITS, in_english
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import heading
from powermeter.importers.unit_spellings import of_unit

P, E, V, I = Quantity.POWER, Quantity.ENERGY, Quantity.VOLTAGE, Quantity.CURRENT


@pytest.mark.parametrize(
    ("text", "quantity", "factor", "rail"),
    [
        ("功率(W)", P, 1.0, "input"),
        ("功率（毫瓦）", P, 1e-3, "input"),
        ("总功率 [W]", P, 1.0, "total"),
        ("GPU功率(W)", P, 1.0, "GPU"),
        ("有功功率/kW", P, 1e3, "input"),
        ("电压(V)", V, 1.0, "input"),
        ("電流[mA]", I, 1e-3, "input"),
        ("電力量(Wh)", E, 3600.0, "input"),
        ("时间/s", TIME, 1.0, None),
        ("시간(초)", TIME, 1.0, None),
        ("Мощность (мВт)", P, 1e-3, "input"),
        ("Напряжение, В", V, 1.0, "input"),
        ("Время (с)", TIME, 1.0, None),
        ("Potência (W)", P, 1.0, "input"),
        ("Énergie [Wh]", E, 3600.0, "input"),
        ("P [μW]", P, 1e-6, None),
        ("P [µW]", P, 1e-6, None),
        ("μW", P, 1e-6, None),
    ],
)
def test_headers_of_other_scripts(text, quantity, factor, rail):
    found = heading(text)
    assert (found.quantity, found.factor) == (quantity, pytest.approx(factor))
    assert found.text == text
    assert rail is None or found.rail == rail


@pytest.mark.parametrize("text", ["视在功率(VA)", "无功功率(var)", "功率因数", "皮相電力(W)"])
def test_power_that_is_not_drawn_is_none_in_any_language(text):
    found = heading(text)
    assert found.is_aside or not isinstance(found.quantity, Quantity) or found.quantity is Quantity.LOAD


def test_plain_english_is_left_as_it_stands():
    assert in_english("Power (W)") == "Power (W)"


def test_each_unit_of_another_script_is_one_that_is_known():
    assert all(of_unit(unit) is not None for unit in UNITS)
