"""Who takes turns with whom, how often a function is called in one, and when there is time for none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from powermeter.analysis.repeat_loop import LoopLimits
from powermeter.comparison import taking_turns
from powermeter.comparison.taking_turns import Turns, calls_of
from powermeter.errors import ConfigurationError

SECOND = 10**9


def test_short_functions_are_called_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]
    monkeypatch.setattr(taking_turns, "now_ns", lambda: clock[0])

    def lasting(nanoseconds: int) -> Callable[[], None]:
        return lambda: clock.__setitem__(0, clock[0] + nanoseconds)

    assert calls_of(lasting(1_000_000), 0.05) == 50
    assert calls_of(lasting(300), 0.05) == 166_667
    assert calls_of(lasting(20_000_000), 0.001) == 1


def test_no_call_is_tried_beyond_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]
    monkeypatch.setattr(taking_turns, "now_ns", lambda: clock[0])
    calls = []

    def call() -> None:
        calls.append(clock[0])
        clock[0] += SECOND // 10

    assert calls_of(call, 100.0, SECOND // 10) == 1 and len(calls) == 1
    assert calls_of(call, 100.0, clock[0] + SECOND) > 1 and calls[-1] < clock[0] + 301 * SECOND


def test_a_turn_that_would_end_too_late_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]
    monkeypatch.setattr(taking_turns, "now_ns", lambda: clock[0])
    monkeypatch.setattr(taking_turns, "marked", lambda *given: nullcontext())

    def second() -> None:
        clock[0] += SECOND

    pair = Turns(None, {"a": second, "b": second}, 1.0, 9 * SECOND)
    assert clock[0] == 4 * SECOND, "two calls of each, of which the first warms up"
    while pair.go_on(LoopLimits("9s")):
        pair.take()
    assert (pair.done, clock[0]) == (2, 8 * SECOND)
    late = Turns(None, {"a": second}, 1.0, 0)
    assert late.go_on(LoopLimits("1s"))
    late.take()
    assert not late.go_on(LoopLimits("1s")) and late.done == 1


def a_generator():
    yield 1


async def a_coroutine():
    return 1


async def an_async_generator():
    yield 1


@pytest.mark.parametrize(
    "made", [a_generator, a_coroutine, an_async_generator, lambda: map(str, [1]), lambda: (x for x in [1])]
)
def test_a_function_whose_call_runs_nothing_is_refused(made) -> None:
    with pytest.raises(ConfigurationError, match="has yet to be run"):
        calls_of(made, 0.01)
