"""Numbers as SCPI instruments print them (SCPI-1999 vol. 1, 7.2.1: NR3, 9.9E37 and 9.91E37)."""

from __future__ import annotations

import pytest

from powermeter import DataError
from powermeter.drivers.scpi import parse_number


@pytest.mark.parametrize(
    ("answer", "value"), [("+1.23456E-03\n", 1.23456e-3), ("5.01", 5.01), ("-0.5", -0.5), ("+9.9E37", 9.9e37)]
)
def test_numbers_are_read(answer, value):
    assert parse_number(answer) == pytest.approx(value)


def test_not_a_number_is_none():
    assert parse_number("9.91E37") is None and parse_number("+9.910000E+37\n") is None


@pytest.mark.parametrize("answer", ["", "ERR", "1,2", "0x10", "nan", "1_0", "--1"])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(DataError):
        parse_number(answer)
