"""What a published figure is worth, and when it agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.comparison.claims import Agreement, agreement, half_digit, read_claims
from powermeter.errors import DataError
from powermeter.result import Result


def table(folder: Path, *lines: str) -> Path:
    path = folder / "published.csv"
    path.write_text("quantity,label,value,unit,plus_minus,recording\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("printed", "half"),
    [("26.659", 0.0005), ("27", 0.5), ("1.2e3", 50.0), ("0", 0.5), ("x", 0.0), ("nan", 0.0)],
)
def test_a_printed_number_is_known_to_half_its_last_digit(printed: str, half: float) -> None:
    assert half_digit(printed) == pytest.approx(half)


@pytest.mark.parametrize(
    ("published", "half", "ours", "verdict"),
    [
        (10.0, 0.0, Result(10.1, "J", 9.9, 10.3), Agreement.AGREES),
        (9.8, 0.0, Result(10.1, "J", 9.9, 10.3), Agreement.DIFFERS),
        (9.8, 0.1, Result(10.1, "J", 9.9, 10.3), Agreement.AGREES),  # its own doubt reaches ours
        (10.0, 0.0, Result(1.0, "J", -20.0, 22.0), Agreement.CANNOT_TELL),  # ours says nothing
        (10.0, 0.0, Result.at_most(12.0, "J"), Agreement.CANNOT_TELL),
        (13.0, 0.0, Result.at_most(12.0, "J"), Agreement.DIFFERS),
        (10.0, 0.0, None, Agreement.NO_NUMBER),
    ],
)
def test_what_agrees(published: float, half: float, ours: Result | None, verdict: Agreement) -> None:
    assert agreement(published, half, ours) is verdict


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("enrgy,,1,J,,", "not a quantity"),
        ("energy,,one,J,,", "is not a number"),
        ("energy,,nan,J,,", "is not a number"),
        ("energy,,1,W,,", "is not a unit"),
        ("energy,,1,,,", "is not a unit"),
        ("energy,,1,J,much,", "is not a number"),
    ],
)
def test_a_line_that_is_no_figure_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_claims(table(tmp_path, line))
    assert ":2:" in str(caught.value)


def test_a_table_without_figures_or_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no figures"):
        read_claims(table(tmp_path))
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column quantity, value, unit"):
        read_claims(path)
