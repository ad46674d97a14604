"""Values of a sweep, as its events hold them."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.label_choice import LabelChoice
from powermeter.comparison.sweep_values import stated_values


@pytest.mark.parametrize(
    ("values", "stated"),
    [
        ([1, 2.5, True + 1], [1, 2.5, 2]),
        (["a b", "a=b,c"], ["a b", "2 abc"]),
        ([(1, 1), (2, 2)], ["1 (1 1)", "2 (2 2)"]),
        (["1", 1], ["1 1", "2 1"]),
        ([None, "", float("inf"), np.int64(4)], ["None", "2", "inf", 4]),
    ],
)
def test_values_of_a_sweep_are_told_apart_by_what_their_events_hold(values, stated) -> None:
    found = stated_values("a", values)
    assert found == stated and list(map(type, found)) == list(map(type, stated))
    for value in found:
        assert LabelChoice.of(f"call[a={value}]").group == {"a": str(value)}
