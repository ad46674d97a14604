"""Everyday equivalents, only when asked for, each with its assumption, source and year: what it promises."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint
from powermeter.footprint.equivalent import equivalent, names, of_footprint
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})


def test_equivalents_carry_their_assumption() -> None:
    grams = Result.of(124.0, "g", {})
    charge = equivalent(grams, "phone_charge")
    assert charge.count.value == pytest.approx(10)
    assert "12.4 g" in charge.line() and "EPA" in charge.line() and "7.1" in charge.line()
    assert equivalent(Result.of(1.0, "L", {}), "drop").count.value == pytest.approx(20_000)
    with pytest.raises(ConfigurationError):
        equivalent(grams, "drop")
    assert len(of_footprint(footprint(KWH, "FRA"))) == 4
    assert "tree_year" in names()
