"""A loop whose clock and energies are written down: when it ends, why, and what it says."""

from __future__ import annotations

import math
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.repeat_loop import RepeatLoop
from powermeter.errors import DataError

NS = 10**9


class Bench:
    """A meter that marks nothing, a clock that each event takes a second of, and readings that are told."""

    def __init__(
        self, joules=lambda n: 2.0 + 0.01 * np.cos(np.arange(n)), late: int = 0, each_s: float = 1.0
    ) -> None:
        self.now, self.each_s, self.joules, self.late = 0, each_s, joules, late
        self.asked: list[int] = []
        self.slept: list[float] = []
        self.marked: list[tuple[str, int, dict]] = []

    @contextmanager
    def event(self, name, n, **attributes):
        self.marked.append((name, n, attributes))
        yield

    def clock_ns(self) -> int:
        return round(self.now)

    def read(self, start, end):
        self.asked.append(start.size)
        found = self.joules(start.size)
        if self.late:
            self.late -= 1
            found = found.copy()
            found[-1] = np.nan
        return found

    def loop(self, **more) -> RepeatLoop:
        return RepeatLoop(
            self,
            "infer",
            read=self.read,
            clock_ns=self.clock_ns,
            sleep=self.slept.append,
            **{"at_most": 1000, **more},
        )

    def run(self, loop: RepeatLoop) -> int:
        done = 0
        for index in loop:
            assert index == done
            done += 1
            self.now += self.each_s * NS
        return done


def test_it_ends_when_two_looks_find_it_precise() -> None:
    """Alike to half a percent: a kind of repeat that was not seen may add 6/n; 5 % needs 120 of them."""
    bench = Bench()
    loop = bench.loop(precision=0.05)
    done = bench.run(loop)
    assert loop.reason == "precise" and loop.reached and loop.ended() == "± 5 % reached"
    assert done >= 120 and loop.stopping.looks[-2][1] <= 0.05
    assert loop.settled is not None and loop.settled.mean == pytest.approx(2.0, abs=0.01)
    assert loop.latencies == pytest.approx(np.ones(done)) and len(loop.spans) == done
    assert bench.marked == [("infer", 1, {})] * done
    assert bench.asked[0] == 30  # the first look


def test_enough_may_be_asked_of_somebody_else_too() -> None:
    bench = Bench()
    loop = bench.loop(precision=0.05, enough=lambda: False, most=300)
    assert bench.run(loop) == 300 and loop.reason == "repeats" and not loop.reached
    assert loop.ended() == "± 5 % NOT reached: 300 repeats were done"
    assert bench.asked[-1] == 300  # a last look at all of them


@pytest.mark.parametrize(("at_most", "done"), [(10, 10), (10.5, 11)])
def test_it_ends_when_its_time_is_over(at_most: float, done: int) -> None:
    bench = Bench()
    loop = bench.loop(at_most=at_most)
    assert bench.run(loop) == done and loop.reason == "time"
    assert f"{at_most:g}" in loop.ended() and "were over" in loop.ended()
    assert bench.asked == [done] and loop.settled is not None


def test_one_repeat_at_most_is_too_few_to_tell() -> None:
    bench = Bench()
    loop = bench.loop(most=1)
    assert bench.run(loop) == 1 and loop.ended() == "± 5 % NOT reached: 1 repeat was done"
    assert loop.sentence() == "infer: too few repeats to tell; ± 5 % NOT reached: 1 repeat was done"
    assert loop.settled is None


def test_a_loop_that_is_left_says_so() -> None:
    bench = Bench()
    loop = bench.loop()
    for index in loop:
        if index == 4:
            break
    assert loop.reason == "" and "the loop was left" in loop.ended() and bench.asked == []


def test_what_was_found_in_one_line() -> None:
    bench = Bench()
    loop = bench.loop(most=40, n=8, attributes={"model": "m"})
    bench.run(loop)
    assert bench.marked[0] == ("infer", 8, {"model": "m"})
    s = loop.settled
    assert s is not None and s.relative == pytest.approx(6 / 40, rel=0.01)
    said = loop.sentence()
    assert said.startswith(
        f"infer: {s.mean:.6g} J ± 15 % over 40 repeats (0 of warm-up left out); ± 5 % NOT reached"
    )
    assert "narrower by: about" in said


@pytest.mark.parametrize(("late", "waits"), [(0, 0), (3, 3)])
def test_it_waits_for_the_newest_repeat_a_quarter_of_a_second_each_time(late: int, waits: int) -> None:
    bench = Bench(late=late)
    loop = bench.loop(most=8)
    bench.run(loop)
    assert bench.slept == [0.25] * waits and np.isfinite(loop.energies).all()


def test_it_waits_no_longer_than_a_recorder_may_lag() -> None:
    bench = Bench(late=10_000)
    loop = bench.loop(most=8)
    bench.run(loop)
    assert 2.0 <= sum(bench.slept) <= 10.0 and math.isnan(loop.energies[-1])


def test_readings_that_cannot_be_had_are_no_energies() -> None:
    def refuse(start, end):
        raise DataError("no reading yet")

    bench = Bench()
    loop = RepeatLoop(
        SimpleNamespace(event=bench.event),
        "x",
        read=refuse,
        clock_ns=bench.clock_ns,
        sleep=bench.slept.append,
        most=4,
    )
    for _ in loop:
        bench.now += NS
    assert np.isnan(loop.energies).all() and loop.energies.size == 4 and loop.settled is None and bench.slept
