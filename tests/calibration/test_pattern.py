"""A load pattern with a sharp autocorrelation: a maximal-length sequence of working and resting: what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.calibration.pattern import maximal_sequence


@pytest.mark.parametrize("order", [5, 6, 7, 8, 9, 10])
def test_a_maximal_sequence_has_a_two_valued_autocorrelation(order: int) -> None:
    bits = np.array(maximal_sequence(order)) * 2 - 1
    assert bits.size == 2**order - 1
    cyclic = [int(bits @ np.roll(bits, k)) for k in range(bits.size)]
    assert cyclic[0] == bits.size
    assert set(cyclic[1:]) == {-1}
