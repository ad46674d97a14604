"""The machine's clocks while recording."""

from __future__ import annotations

from powermeter.recorder.clock_jumps import ClockLook, ClockWatch, look, read_clocks


def test_a_slewed_clock_is_no_step_and_a_suspended_machine_is_told_apart():
    watch = ClockWatch()
    half = 500_000_000
    assert [watch.update(ClockLook(n * half, n * (half + 250_000), n * half)) for n in range(20)] == [
        None
    ] * 20
    step = watch.update(ClockLook(20 * half, 20 * half + 300 * 10**9, 20 * half + 300 * 10**9))
    assert step is not None and step.asleep and "suspended for 300.0 s" in step.text


def test_both_clocks_are_read_close_together():
    took, monotonic, utc = min(read_clocks() for _ in range(5))
    assert 0 <= took < 10**7 and utc > 1.7e18 and monotonic > 0


def test_a_look_is_of_one_moment() -> None:
    first, second = look(), look()
    assert second.monotonic_ns >= first.monotonic_ns and first.utc_ns > 1.7e18
    assert ClockWatch().update(first) is None
    watch = ClockWatch()
    assert watch.update(first) is None and watch.update(second) is None


def test_a_clock_set_back_is_a_step_with_its_sign() -> None:
    watch = ClockWatch()
    watch.update(ClockLook(0, 10**18, None))
    step = watch.update(ClockLook(10**9, 10**18 + 10**9 - 2 * 10**9, None))
    assert step is not None and not step.asleep and step.by_ns == -2 * 10**9 and "-2.00 s" in step.text


def test_a_machine_that_slept_slept_as_long_as_its_boot_clock_ran_on() -> None:
    """300 s asleep, after which the wall clock is 2 s late; a sleep of a quarter of a second less is none."""
    watch = ClockWatch()
    watch.update(ClockLook(0, 10**18, 0))
    slept = watch.update(ClockLook(10**9, 10**18 + 299 * 10**9, 301 * 10**9))
    assert slept is not None and slept.asleep and slept.by_ns == 300 * 10**9
    assert "suspended for 300.0 s" in slept.text
