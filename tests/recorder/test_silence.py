"""When a source is silent: longer than it states, and than three of its usual steps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from powermeter.channel import Gap
from powermeter.recorder.silence import Patience

SECOND = 10**9


def patience(patience_s: float, *steps_s: float) -> Patience:
    source: Any = SimpleNamespace(patience_s=patience_s)
    made = Patience(source)
    for step in steps_s:
        made.follow(round(step * SECOND))
    return made


@pytest.mark.parametrize(
    ("patience_s", "steps_s", "seconds"),
    [(2.0, (), 2.0), (2.0, (0.1,), 2.0), (0.1, (0.1,), 0.3), (0.0, (0.1, 0.2), 0.375), (0.0, (), 0.0)],
)
def test_a_source_may_be_quiet_for_its_patience_or_three_steps(
    patience_s: float, steps_s: tuple[float, ...], seconds: float
) -> None:
    assert patience(patience_s, *steps_s).ns == round(seconds * SECOND)


def test_a_longer_pause_is_a_gap_with_its_length() -> None:
    made = patience(2.0, 0.1)
    assert made.gap_between(SECOND, 3 * SECOND) is None
    assert made.gap_between(SECOND, 3 * SECOND + 1) == Gap(
        SECOND, 3 * SECOND + 1, "no answer", "nothing came for 2.0 s"
    )


def test_no_pause_is_a_gap_before_the_pace_is_known() -> None:
    assert patience(0.1).gap_between(0, 100 * SECOND) is None
