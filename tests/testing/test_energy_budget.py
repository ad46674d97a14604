"""A budget is broken, kept or undecided by where it lies against the interval."""

from __future__ import annotations

import pytest

from powermeter.result import Result
from powermeter.testing.energy_budget import PowerWarning, check_budget, joules

USED = Result.of(5e-3, "J", {"noise:x": 1e-4})
"""5.0 ± 0.2 mJ."""


def test_a_budget_is_an_amount_with_a_unit_or_joules() -> None:
    assert joules("5mJ") == pytest.approx(0.005) and joules(0.25) == 0.25


@pytest.mark.parametrize("strict", [False, True])
def test_below_the_interval_it_is_broken_and_above_it_kept(strict: bool) -> None:
    check_budget("t", USED, "5.3mJ", strict=strict)
    with pytest.raises(pytest.fail.Exception, match=r"t uses .* per call, more than the 4\.70 mJ allowed"):
        check_budget("t", USED, 4.7e-3, strict=strict)


def test_inside_of_the_interval_it_is_warned_of_or_fails_where_it_must_be_shown() -> None:
    with pytest.warns(PowerWarning, match="may or may not be within"):
        check_budget("t", USED, "5mJ")
    with pytest.raises(pytest.fail.Exception, match="may or may not be within"):
        check_budget("t", USED, "5mJ", strict=True)


def test_an_energy_that_is_not_known_skips() -> None:
    with pytest.raises(pytest.skip.Exception, match="too few repeats"):
        check_budget("t", None, "5mJ")
