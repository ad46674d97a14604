"""What has not happened in n repeats: the rule of three."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.rare_repeats import UNSEEN_COST
from powermeter.analysis.stopping import settle


def test_equal_repeats_have_the_rule_of_three() -> None:
    """Nothing else was seen in 60 repeats, so 1 in 20 may be of another kind: never ±0.00 %."""
    s = settle(np.full(60, 2.0))
    assert s.low == s.mean == 2.0
    assert s.high - s.mean == pytest.approx(UNSEEN_COST * 2.0 * 3 / 60)
    assert pytest.approx((1 - 3 / 60) ** 60, rel=0.1) == 0.05**1  # what 3/n means
