"""How often claims that hold in so many runs pass, worked out over all ways that their runs can come."""

from __future__ import annotations

from itertools import chain, repeat

import pytest
from early_end import LAST, Claim, claims_of


def fails(share: float) -> tuple[float, float]:
    """Return the probability that a claim fails that holds in such a share of runs, and the mean number of its runs."""
    open_, failed, runs = {0: 1.0}, 0.0, 0.0
    for number in range(1, LAST + 1):
        runs += sum(open_.values())
        after: dict[int, float] = {}
        for misses, chance in open_.items():
            after[misses] = after.get(misses, 0.0) + chance * share
            after[misses + 1] = after.get(misses + 1, 0.0) + chance * (1 - share)
        open_ = {misses: chance for misses, chance in after.items() if not claim(number, misses).is_clear}
        failed += sum(p for m, p in after.items() if claim(number, m).misses > 3)
    return failed + sum(open_.values()), runs


def claim(runs: int, misses: int) -> Claim:
    """Return a claim after so many runs, the last of which may have been a miss or not."""
    found = Claim(runs - 1, misses)
    found.add(0.0)
    return found


@pytest.mark.parametrize(("share", "probability"), [(0.95, 0.009), (0.8, 0.44), (0.6, 0.94)])
def test_as_many_fail_as_its_table_states(share: float, probability: float) -> None:
    assert fails(share)[0] == pytest.approx(probability, abs=0.006)


def test_claims_that_hold_end_after_nine_runs() -> None:
    assert fails(0.95)[1] == pytest.approx(8.9, abs=0.1)


def test_a_claim_of_few_runs_fails_with_a_quarter_of_misses() -> None:
    missed = chain([1.0, 0.0, 0.0, 0.0, 0.0], repeat(None))
    often = chain([1.0, 0.0, 0.0, 0.0], repeat(None))
    assert claims_of(lambda seed: {"run": next(missed)})["run"].holds
    assert not claims_of(lambda seed: {"run": next(often)})["run"].holds


def test_what_is_never_stated_is_no_claim() -> None:
    assert claims_of(lambda seed: {"label": None, "run": 0.0}).keys() == {"run"}
