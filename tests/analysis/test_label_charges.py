"""The charge of a label's events is the same whether it is measured alone or with all others."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.charge_from_energy import SteadyVoltage
from powermeter.analysis.energy import analyse
from powermeter.analysis.label_charges import LabelCharges
from tests.support.many_labels import many_labels


def test_the_charges_of_some_labels_are_those_that_all_have() -> None:
    found = analyse(many_labels(12))
    charges = found.of_labels
    assert charges is not None and found.charges is charges.whole and charges.is_whole
    group = np.array([int(event.name.split()[1]) for event in found.events])
    voltage = SteadyVoltage.of(found.power_trace, found.charge_trace, found.voltage_trace)
    again = LabelCharges(charges.integral, group, found.energies, voltage=voltage)
    assert not again.is_whole
    some = again.of([1, 4, 5])
    asked = np.isin(group, [1, 4, 5])
    assert some.known[asked].all() and not some.known[~asked].any()
    for name in ("value", "noise", "below", "above", "samples"):
        np.testing.assert_array_equal(getattr(some, name)[asked], getattr(charges.whole, name)[asked])
