"""The loop behind `meter.repeat(...)`: goes on until the energy of one repeat is known as well as asked: what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from modelled_repeats import ModelledMeter

from powermeter.analysis.repeat_loop import LoopLimits, RepeatLoop, World
from powermeter.errors import ConfigurationError


@pytest.mark.parametrize("wrong", [{"at_most": 0}, {"at_least": 3}, {"at_most": "soon"}, {"most": 0}])
def test_limits_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigurationError):
        LoopLimits(**wrong)


@pytest.mark.parametrize("precision", [0, 2])
def test_a_precision_out_of_range_is_refused(precision: float) -> None:
    with pytest.raises(ConfigurationError):
        RepeatLoop(ModelledMeter(np.ones(3)), "infer", precision=precision)


def test_limits_and_the_world_may_be_written_one_by_one() -> None:
    meter = ModelledMeter(np.ones(30))
    loop = RepeatLoop(
        meter, "infer", at_most=1e9, most=12, read=meter.read, clock_ns=meter.clock, sleep=print
    )
    assert len(list(loop)) == 12 and loop.limits == LoopLimits(1e9, 12)


@pytest.mark.parametrize(("spent_s", "passes"), [(0.0, 8), (5.0, 3), (20.0, 1)])
def test_what_was_spent_before_the_loop_counts_towards_its_time(spent_s: float, passes: int) -> None:
    meter = ModelledMeter(np.ones(30))

    def clock() -> int:
        return meter.now

    loop = RepeatLoop(
        meter, "infer", limits=LoopLimits(8.0, spent_s=spent_s), read=meter.read, clock_ns=clock, sleep=print
    )
    for _ in loop:
        meter.now += 10**9
    assert (len(loop.spans), loop.reason) == (passes, "time") and "8.000 s were over" in loop.ended()


def test_a_keyword_that_nobody_knows_is_refused_rather_than_taken_for_an_attribute() -> None:
    with pytest.raises(TypeError, match="at_mots"):
        RepeatLoop(ModelledMeter(np.ones(3)), "infer", at_mots="5m")


def test_it_ends_as_soon_as_what_is_asked_of_it_is_decided() -> None:
    meter = ModelledMeter(np.ones(30))
    loop = RepeatLoop(
        meter, "infer", at_least=15, most=30, read=meter.read, clock_ns=meter.clock, decided=lambda: True
    )
    assert (len(list(loop)), loop.reason, loop.reached) == (15, "decided", False)
    assert loop.ended() == "± 5 % NOT reached: what was asked of it is decided"


def test_it_waits_until_the_newest_repeat_has_been_written() -> None:
    """The recorder writes once a second: the last energy is asked for again until it is there."""
    waits: list[float] = []

    def read(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        found = np.ones(start.size)
        if len(waits) < 2:
            found[-1] = np.nan
        return found

    world = World(read=read, sleep=waits.append)
    loop = RepeatLoop(ModelledMeter(np.ones(5)), "infer", precision=0.05, world=world)
    loop.spans = [(2 * i * 10**9, (2 * i + 1) * 10**9) for i in range(5)]
    loop.look()
    assert waits == [0.25, 0.25] and np.isfinite(loop.energies).all()
