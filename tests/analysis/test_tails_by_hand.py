"""What follows events, in windows of a second: blocks and exponentials whose first part is known for every place of an end."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.tails import Tail, tail_of

NS = 1_000_000_000
IDLE, BUSY = 2.0, 6.0


def followed(
    n: int,
    joules_after: object,
    *,
    pause: int = 12,
    noise: float = 0.0,
    blind: tuple[int, ...] = (),
    wide: int = 1,
) -> tuple[Tail | None, np.ndarray]:
    """Return what is found behind n events, and how many seconds of their last window lie behind each end.

    `joules_after(s)` is what lies in the first s seconds behind an end, J above idle; events fill whole windows before it.
    """
    rng = np.random.default_rng(6)
    ends_in = np.arange(n) * pause + 5
    behind = np.mod(0.03 + 0.618 * np.arange(n), 1.0)  # spread evenly
    count = n * pause + 8
    joules = np.full(count, IDLE)
    for k, x in zip(ends_in.tolist(), behind.tolist(), strict=True):
        joules[k - 3 : k] = BUSY
        joules[k] = BUSY * (1 - x) + IDLE * x + joules_after(x)
        for j in range(1, pause - 3):
            joules[k + j] += joules_after(x + j) - joules_after(x + j - 1)
    rates = np.concatenate([[0.0], joules]) + noise * rng.standard_normal(count + 1)
    t = np.arange(count + 1, dtype=np.int64) * NS * wide
    ends = ends_in + 1
    unseen = np.zeros(count + 2, bool)
    unseen[list(blind)] = True
    end_ns = np.rint((ends - behind) * NS * wide).astype(np.int64)
    after_ns = np.append(t[ends[1:] - 4], t[-1])
    return tail_of(rates, np.full(count + 1, float(wide)), t, end_ns, after_ns, ends, unseen), behind * wide


def block(watts: float, seconds: float):
    return lambda s: watts * min(s, seconds)


def dying(watts: float, seconds: float):
    return lambda s: watts * seconds * (1 - math.exp(-s / seconds))


@pytest.mark.parametrize("watts", [3.0, -1.0])
@pytest.mark.parametrize("seconds", [0.6, 1.0, 2.0, 5.0])
def test_an_exponential_tail_is_found_whole_and_by_its_first_part(watts: float, seconds: float) -> None:
    found, behind = followed(40, dying(watts, seconds), pause=40)
    assert found is not None
    assert found.joules == pytest.approx(watts * seconds, rel=0.02)
    first = [dying(watts, seconds)(x) for x in behind]
    assert found.first == pytest.approx(first, abs=0.03 * abs(watts) * min(seconds, 1.0))
    assert found.doubt < 0.03 * abs(watts)


@pytest.mark.parametrize("seconds", [1.5, 2.5, 3.0])
def test_a_block_that_ends_is_found(seconds: float) -> None:
    found, behind = followed(40, block(2.0, seconds))
    assert found is not None
    assert found.joules == pytest.approx(2.0 * seconds, rel=0.03)
    assert found.first == pytest.approx(2.0 * np.minimum(behind, seconds), abs=0.1)
    assert found.windows in (math.ceil(seconds), math.ceil(seconds) + 1, math.floor(seconds))


def test_windows_of_two_seconds_hold_twice_as_much() -> None:
    one, _ = followed(40, block(2.0, 2.5))
    two, _ = followed(40, lambda s: 2.0 * min(s, 2.5), wide=2)
    assert one is not None and two is not None
    assert two.joules == pytest.approx(2 * one.joules) and two.first == pytest.approx(2 * one.first)
    assert two.windows == one.windows and two.doubt == pytest.approx(2 * one.doubt)


def test_nothing_follows_level_idle() -> None:
    assert followed(40, lambda s: 0.0)[0] is None
    assert followed(40, lambda s: 0.0, noise=0.1)[0] is None


@pytest.mark.parametrize(("n", "known"), [(9, False), (10, True)])
def test_ten_events_show_a_tail(n: int, known: bool) -> None:
    assert (followed(n, block(2.0, 2.5))[0] is not None) is known


@pytest.mark.parametrize(("pause", "known"), [(6, False), (9, True)])
def test_a_pause_has_windows_that_show_what_is_idle(pause: int, known: bool) -> None:
    assert (followed(40, block(2.0, 1.4), pause=pause)[0] is not None) is known


@pytest.mark.parametrize(("watts", "known"), [(0.019, False), (0.05, True)])
def test_less_than_a_two_hundredth_of_what_events_add_is_none(watts: float, known: bool) -> None:
    """0.005 × 4 W in the first window behind that of the end."""
    assert (followed(40, block(watts, 2.5))[0] is not None) is known


def test_what_hardly_stands_out_is_paid_for_and_not_taken_off() -> None:
    """Two to three standard errors of the mean over 40: nothing is subtracted, all that it may be is in doubt."""
    seen = [followed(40, block(w, 2.5), noise=0.5)[0] for w in np.linspace(0.1, 0.6, 26)]
    paid = [one for one in seen if one is not None and one.joules == 0.0]
    sure = [one for one in seen if one is not None and one.joules > 0.0]
    assert paid and sure
    assert all(
        not one.first.any() and one.doubt > 0 and one.windows == 0 and one.error == 0.0 for one in paid
    )
    assert all(one.error > 0 for one in sure)


def test_windows_that_nobody_saw_do_not_count() -> None:
    """The first window behind the third end holds nonsense."""
    whole, _ = followed(40, block(2.0, 2.5))
    found, _ = followed(40, block(2.0, 2.5), blind=(2 * 12 + 7,))
    assert whole is not None and found is not None
    assert found.joules == pytest.approx(whole.joules, rel=0.02)
    assert found.windows == whole.windows


def some_have_one(x: float, k: int) -> float:
    """Return a block of 3 W and 0.8 s behind every other event."""
    return 3.0 * min(x, 0.8) * (k % 2)


def test_tails_that_only_some_events_have_differ_from_event_to_event() -> None:
    """Half of them have 2.4 J, half nothing: 1.2 J apart from their mean, as far as the cut window holds all of it.

    Ends spread evenly and tails by turns leave the mean block of 1.2 J where it is.
    """
    tails = iter(range(10_000))
    counter: dict[float, int] = {}

    def used(s: float) -> float:
        place = round(s % 1, 9)
        return some_have_one(s, counter.setdefault(place, next(tails)))

    found, behind = followed(80, used)
    assert found is not None
    assert found.joules == pytest.approx(1.2, abs=0.25)
    held = np.clip(behind, 0, 0.8)  # of the mean tail, as far as the window holds so much
    shares = held / 0.8
    middle = (behind > 0.3) & (behind < 0.7)
    assert found.unlike[middle] == pytest.approx(1.2 * shares[middle], rel=0.25)
    assert (found.unlike[behind < 0.1] < 0.4).all() and found.unlike.max() == pytest.approx(1.2, rel=0.15)


def test_tails_that_are_all_alike_cost_single_events_nothing() -> None:
    for shape in (block(3.0, 0.8), dying(3.0, 0.4)):
        found, _ = followed(80, shape, noise=0.01)
        assert found is not None and not found.unlike.any()
