"""Stretches in which a logic input is high, as events in the instrument's own clock: what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.drivers.meters.logic_edges import LogicEdges, parse_inputs
from powermeter.errors import ConfigurationError


def test_a_loose_wire_makes_no_events() -> None:
    follower = LogicEdges(parse_inputs("D0,D1"))
    logic = np.arange(4000, dtype=np.int64) % 2 + 2 * (np.arange(4000) // 1000 % 2)
    found = follower.feed(np.arange(4000, dtype=np.int64), logic)
    assert {event.name for event in found} == {"D1"} and follower.noisy == {0}


@pytest.mark.parametrize("text", ["", "infer", "D8", "D0:", "D0,D0", "D0:a:b"])
def test_input_names_that_are_not_usable(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_inputs(text)
