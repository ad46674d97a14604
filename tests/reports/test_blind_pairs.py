"""Two reports on paper and nothing else: whoever reads them names the cheaper program, or that nobody can, and is never wrong.

The reader knows one rule: where the two intervals of the first sentence lie apart, the lower one is cheaper; else nobody can tell.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.headline_sentence import sentence
from powermeter.reports.report_data import gather

SECOND = 1_000_000_000
RATE = 250
PREFIX = {"": 1.0, "m": 1e-3, "µ": 1e-6}


def decay(first, over):
    return lambda k: 1 + (first - 1) * np.exp(-k / over)


def plain(k):
    return 1.0


def first(times, events=1):
    return lambda k: times if k < events else 1.0


def every(n, times):
    return lambda k: times if k % n == n - 1 else 1.0


PAIRS = [
    # joule of one inference of A and B, how their first events go, how much they vary, whether one is cheaper on paper
    (0.50, 0.40, plain, plain, 0.02, True),
    (0.50, 0.50, decay(3.0, 4), plain, 0.02, False),  # the warm-up alone is a difference
    (0.40, 0.50, decay(3.0, 5), plain, 0.03, True),  # the cheaper one began expensively
    (0.50, 0.505, plain, plain, 0.02, False),
    (0.50, 0.50, first(4.0), first(1.2, 6), 0.02, False),
    (0.40, 0.46, first(2.0, 6), decay(1.5, 8), 0.02, True),
    (0.50, 0.50, every(8, 2.0), plain, 0.02, False),  # rare slow events: A does use more
    (0.50, 0.50, plain, plain, 0.15, False),
    (0.30, 0.60, decay(2.5, 12), plain, 0.05, True),
    (0.50, 0.48, first(0.5, 8), plain, 0.10, False),
    (
        0.35,
        0.28,
        plain,
        first(4.0, 4),
        0.05,
        True,
    ),  # a steep warm-up on a cheap event: two levels, and no beat
]


def run(path, joules, course, spread, seed):
    """Record 48 events of 0.2 s, one each 0.5 s on average, on a base of 1 W; the truth is the steady mean above."""
    random = np.random.default_rng(seed)
    n = 27 * RATE
    times = np.arange(n, dtype=np.int64) * SECOND // RATE + random.integers(0, SECOND // RATE // 2, n)
    watts, events, at = 1.0 + 0.01 * random.standard_normal(n), [], 0.6
    for k in range(48):
        start, end = round(at * SECOND), round((at + 0.2) * SECOND)
        inside = (times >= start) & (times < end)
        each = joules * course(k) * (1 + spread * random.standard_normal())
        watts[inside] = each / 0.2 + 0.01 * random.standard_normal(int(inside.sum()))
        events.append(Event("infer", start, end, uid=k + 1))
        at += 0.5 + random.uniform(-0.1, 0.1)
    channel = Channel(
        "p",
        Quantity.POWER,
        1e-4,
        Rail("board", boundary=Boundary.BOARD),
        accuracy=Accuracy(gain=0.01, source="data sheet"),
    )
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "meter", "x", (channel,))
        writer.append(source, times, np.rint(watts / 1e-4).astype(np.int64))
        writer.add_events(events)
    with Recording.open(path) as recording:
        return sentence(gather(recording))


def read(text):
    """Return the interval in J that a sentence prints."""
    number, unit, low, high = re.search(r": ([\d.,]+) ([mµ]?)J, 95 % sure ([\d.,]+)–([\d.,]+)", text).groups()
    step = PREFIX[unit]
    assert float(low.replace(",", "")) <= float(number.replace(",", "")) <= float(high.replace(",", ""))
    return float(low.replace(",", "")) * step, float(high.replace(",", "")) * step


def verdict(a, b):
    (low_a, high_a), (low_b, high_b) = read(a), read(b)
    return "A" if high_a < low_b else "B" if high_b < low_a else "cannot tell"


@pytest.mark.thorough
@pytest.mark.parametrize("pair", range(len(PAIRS)))
def test_nobody_names_the_wrong_one(tmp_path, pair):
    a, b, course_a, course_b, spread, apart = PAIRS[pair]
    texts = [
        run(tmp_path / f"{name}.power", joules, course, spread, 100 * pair + number)
        for number, (name, joules, course) in enumerate((("a", a, course_a), ("b", b, course_b)))
    ]
    mean_a = a * (1.125 if pair == 6 else 1.0)  # the slow ones come again and again
    cheaper = "cannot tell" if mean_a == b else "A" if mean_a < b else "B"
    said = verdict(*texts)
    assert said in (cheaper, "cannot tell"), texts
    assert said == cheaper or not apart, texts
