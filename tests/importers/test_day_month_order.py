"""Day or month first: what the stamps of a log settle, and what they leave to ask."""

from __future__ import annotations

import pytest

from powermeter.importers.day_month_order import date_order, question


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["13/1/2024"], "dmy"),
        (["1/13/2024"], "mdy"),
        (["12/12/2024"], "mdy"),  # the same either way
        (["1/2/2024"], None),
        (["1.2.2024"], "dmy"),
        (["2024-1-2"], "ymd"),
        (["2 Jan 2024 03:04"], "ymd"),
        (["1/2/2024", "2/2/2024"], None),
        (["1/2/2024", "2/2/2024", "3/2/2024"], "dmy"),
        (["2/1/2024", "2/2/2024", "2/3/2024"], "mdy"),
        (["nothing"], "ymd"),
        (["2026-01-02 1:2:3"], "ymd"),
        (["01.05.2026 12:00:00"], "dmy"),
        (["5/13/2026 1:00 PM"], "mdy"),
        (["13/5/2026 1:00"], "dmy"),
        (["1/5/2026 0:00", "2/5/2026 0:00", "3/5/2026 0:00"], "dmy"),
        (["11/10/2025 3:58"], None),
        (["10/10/2025 3:58"], "mdy"),
    ],
)
def test_the_order_of_dates_is_read_where_it_can_be(texts: list[str], order: str | None) -> None:
    assert date_order(texts) == order


def test_the_question_names_the_column_a_date_and_both_answers():
    asked = question("Date", "1/2/2024")
    assert "'Date'" in asked and "(1/2/2024)" in asked
    assert "--dates dmy" in asked and "--dates mdy" in asked
