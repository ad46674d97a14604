"""The charge of a label's events is the same whether it is measured alone or with all others."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.label_charges import LabelCharges, as_open_as
from powermeter.result import Grade, Result
from tests.support.many_labels import many_labels


def test_the_charges_of_some_labels_are_those_that_all_have() -> None:
    found = analyse(many_labels(12))
    charges = found.of_labels
    assert charges is not None and found.charges is charges.whole and charges.is_whole
    group = np.array([int(event.name.split()[1]) for event in found.events])
    again = LabelCharges(charges.integral, group, found.energies)
    assert not again.is_whole
    some = again.of([1, 4, 5])
    asked = np.isin(group, [1, 4, 5])
    assert some.known[asked].all() and not some.known[~asked].any()
    for name in ("value", "noise", "below", "above", "samples"):
        np.testing.assert_array_equal(getattr(some, name)[asked], getattr(charges.whole, name)[asked])


def readings(*values: float) -> Any:
    return SimpleNamespace(times_ns=np.arange(len(values)), values=np.array(values))


def known(value: float, low: float, high: float, unit: str, grade: Grade) -> Result:
    return Result(value=value, low=low, high=high, unit=unit, grade=grade)


def test_the_charge_of_readings_whose_energy_is_a_bound_is_one_too() -> None:
    """At 5 V, at least 100 J are at least 20 C; what is measured at another time, or at a voltage that moves, has bounds of its own."""
    charge = known(70.0, 52.0, 88.0, "C", Grade.MEASURED)
    power, current, fives = readings(10, 2, 10), readings(2, 0.4, 2), readings(5, 5, 5)
    least = known(350.0, 100.0, math.inf, "J", Grade.ESTIMATED)
    found = as_open_as(charge, least, power, current, fives)
    assert found is not None and found.grade is Grade.ESTIMATED
    assert (found.value, found.low, found.high) == (70.0, pytest.approx(20.0), math.inf)
    wide = as_open_as(charge, known(350.0, 300.0, 600.0, "J", Grade.ESTIMATED), power, current, fives)
    assert wide is not None and (wide.low, wide.high) == (52.0, pytest.approx(120.0))
    assert (
        as_open_as(charge, known(350.0, 100.0, 600.0, "J", Grade.MEASURED), power, current, fives) is charge
    )
    assert as_open_as(charge, least, power, current, readings(5, 4, 5)) is charge
    assert as_open_as(charge, least, power, readings(2, 0.4), fives) is charge
