"""Stamps with words in them; each is the 14th of March 2025, 09:26:53 where it has a clock."""

from datetime import UTC, datetime

import pytest
from tool_log import load

from powermeter.importers.stamps import time_of_day_ns, wall
from powermeter.units import NS

MOMENT = int(datetime(2025, 3, 14, 9, 26, 53, tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    "text",
    [
        "14. März 2025 09:26:53",
        "14. Mrz. 2025 9:26:53 Uhr",
        "14 mars 2025 à 09:26:53",
        "14 mars 2025 09h26m53s",
        "14 de marzo de 2025 9:26:53 a. m.",
        "14-mar-25 09:26:53",
        "14 mrt 2025 09:26:53",
        "14 marca 2025 09:26:53",
        "2025-Mar-14 09:26:53",
        "2025/3/14 上午 9:26:53",
        "14/03/2025 9:26:53\u202fa.\u00a0m.",
        "Fri 14 Mar 2025 09:26:53 AM",
    ],
)
def test_a_stamp_with_words_is_its_moment(text):
    stamp = wall(text, "dmy")
    assert stamp is not None and stamp.ns == MOMENT


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("14 Jan 2025", 1),
        ("14 févr. 2025", 2),
        ("14 abr 2025", 4),
        ("14 Mai 2025", 5),
        ("14 juin 2025", 6),
        ("14 juil. 2025", 7),
        ("14 août 2025", 8),
        ("14 set 2025", 9),
        ("14. Okt. 2025", 10),
        ("14 nov. 2025", 11),
        ("14. Dezember 2025", 12),
        ("Dec 14, 2025", 12),
    ],
)
def test_months_of_nine_languages(text, month):
    stamp = wall(text)
    assert stamp is not None and stamp.ns == datetime(2025, month, 14, tzinfo=UTC).timestamp() * NS


@pytest.mark.parametrize("text", ["14 power 2025", "14 ma 2025", "May 5", "gpu 12 mar", "3:10 remaining"])
def test_other_words_are_no_date(text):
    assert wall(text) is None and time_of_day_ns(text) is None


@pytest.mark.parametrize("text", ["14 Mar 10:05:30", "14 Mar, 10:05:30", "Fri 14 mars 10:05:30"])
def test_an_hour_behind_a_day_and_a_month_is_not_a_year(text):
    """They were 05:30 in 2010: minutes as hours, sixty times the energy."""
    assert wall(text) is None


def test_halves_of_a_day_with_blanks_in_them():
    assert time_of_day_ns("1:05:00 p. m.") == (13 * 3600 + 300) * NS
    assert time_of_day_ns("12:00:00 a.\u00a0m.") == 0
    assert time_of_day_ns("下午 1:05:00") == (13 * 3600 + 300) * NS


def test_a_table_of_german_dates_is_divided_by_semicolons(tmp_path):
    """1.2 kW for 3 of 4 quarters of an hour, then 2.4: 1.2 × 1800 + 1.8 × 900 kJ."""
    rows = [f"28. Februar 2025 20:{15 * i:02d};{'2,4' if i == 3 else '1,2'}00" for i in range(4)]
    _, energies, _ = load(tmp_path, "\n".join(["Zeitpunkt;Wirkleistung (kW)", *rows]))
    assert energies == {"input": pytest.approx(1200 * 1800 + 1800 * 900)}


def test_clocks_with_a_m_in_a_column_of_their_own(tmp_path):
    rows = [
        f"14/03/2025;{'11' if i < 2 else '12'}:{30 * (i % 2):02d}:00 {'ap'[i > 1]}. m.;300,5"
        for i in range(4)
    ]
    _, energies, _ = load(tmp_path, "\n".join(["Fecha;Hora;W", *rows]))
    assert energies == {"input": pytest.approx(300.5 * 5400)}
