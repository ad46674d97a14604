"""What analysis asks of a recording's samples: tables of codes, and SI values that know what is missing."""

from __future__ import annotations

import numpy as np

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.recording.protocol import Samples

VOLTS = Channel("v", Quantity.VOLTAGE, 1e-3, offset=0.5)
CODES = {"v": np.array([1000, MISSING, 2000]), "i": np.array([1, 2, 3])}
SAMPLES = Samples(np.arange(3), CODES, np.zeros(3, np.uint8))


def test_values_are_si_and_nan_where_missing() -> None:
    np.testing.assert_allclose(SAMPLES.values(VOLTS), [1.5, np.nan, 2.5])
    assert SAMPLES.codes["v"][1] == MISSING


def test_a_table_has_the_channels_order() -> None:
    assert len(SAMPLES) == 3 and SAMPLES.table().tolist() == [[1000, 1], [MISSING, 2], [2000, 3]]
