"""A board's clock on this machine's: the doubt that is stated holds the truth, however unlike the ways are."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.recorder.remote.clock import BoardClock

S = 1_000_000_000


@pytest.mark.parametrize("drift", [0.0, 40e-6, -40e-6])
def test_the_stated_doubt_holds_the_truth(drift: float) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        clock = BoardClock()
        origin = 17 * S

        def board(here: int, origin: int = origin) -> int:
            return round((here - origin) * (1 + drift))

        worst = 0
        for k in range(120):
            sent = 100 * S + k * S // 2
            there, back = (int(rng.exponential(3e6) + 2e5) for _ in range(2))
            clock.add(sent, board(sent + there), sent + there + back)
            moment = sent + int(rng.uniform(0, S // 2))
            if k >= 5:
                worst = max(worst, abs(clock.here(board(moment)) - moment))
        assert worst <= clock.doubt_ns, (seed, worst, clock.doubt_ns)
        assert clock.doubt_ns < 5_000_000


def test_the_fastest_of_a_few_exchanges_counts() -> None:
    clock = BoardClock()
    assert not clock.is_known
    for trip in (9_000, 1_000, 5_000):
        clock.add(1_000_000, 500 + trip // 2, 1_000_000 + trip)
    assert clock.is_known
    assert clock.here(1_000) == 1_000_000 - 500 + 1_000
    assert clock.doubt_ns == 500


def test_an_answer_before_its_question_is_none_of_ours() -> None:
    clock = BoardClock()
    clock.add(1_000, 5, 900)
    assert clock.doubt_ns == 0
