"""Histograms of single energies: counted whole, warm-up apart, none where the table refuses single events."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from powermeter.recording import Recording
from powermeter.reports import distributions as d
from powermeter.reports.distributions import LEAST, caption_of, distribution_figure, spreads_of
from powermeter.reports.nesting_sections import distributions
from powermeter.reports.report_data import gather
from powermeter.result import Result
from tests.reports.conftest import infer


def data_of(path):
    with Recording.open(path) as recording:
        return gather(recording)


def test_every_event_is_counted_once(make, twenty):
    (spread,) = spreads_of(data_of(make(events=twenty)))
    assert np.median(spread.joules) == pytest.approx(0.125, rel=1e-3)
    counted = [
        int(n.replace(",", ""))
        for n in re.findall(r": ([\d,]+) events</title>", distribution_figure(spread, 0))
    ]
    assert sum(counted) == len(twenty) and "20 events" in caption_of(spread)


def test_what_the_sampling_does_not_resolve_is_not_drawn(make):
    short = [infer(0.05 + 0.2 * i, 0.002, 1, i + 1) for i in range(40)]
    assert (
        spreads_of(data_of(make(events=short))) == []
        and distributions(data_of(make("b.power", events=short))) == ""
    )
    few = [infer(0.5 * i, 0.25, 1, i + 1) for i in range(LEAST - 1)]
    assert spreads_of(data_of(make("c.power", events=few))) == []


def test_bars_stand_on_the_axis_and_warm_up_on_top_of_them(make):
    """Six events of 0.3 J and four of 0.6 J, of which the first two of each kind are warm-up, in the same bins."""
    (spread,) = spreads_of(data_of(make(events=[infer(0.5 * i, 0.25, 4, i + 1) for i in range(20)])))
    joules = np.array([0.3, 0.6] * 2 + [0.3] * 4 + [0.6] * 2)
    drawn = distribution_figure(replace(spread, joules=joules, warmup=4), 0)
    bars = re.findall(
        r'<rect class="(c0|hollow s0)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn
    )
    found = {(kind, round(float(x))): tuple(map(float, rest)) for kind, x, *rest in bars}
    foot, wide = d.TOP + d.HEIGHT, (d.WIDTH - d.LEFT - d.RIGHT) / d.BINS
    filled = sorted((x, at) for (kind, x), at in found.items() if kind == "c0")
    hollow = sorted((x, at) for (kind, x), at in found.items() if kind != "c0")
    assert len(filled) == len(hollow) == 2
    for (x, (y, width, tall)), (_, (top, narrow, rest)), counts in zip(
        filled, hollow, ((4, 2), (2, 2)), strict=True
    ):
        assert x >= d.LEFT and x + width <= d.WIDTH - d.RIGHT
        assert y + tall == pytest.approx(foot, abs=0.15)
        assert top + rest == pytest.approx(y, abs=0.15)
        assert (tall, rest) == pytest.approx(
            [d.HEIGHT * n / 6 for n in counts], abs=0.15
        )  # the tallest holds six
        assert (width, narrow) == pytest.approx([wide - 1, wide - 2], abs=0.1)
    # The axis goes from 0 to 1.06 × 0.6 J: 0.3 J and 0.6 J stand at these places of it.
    for (x, _), joule in zip(filled, (0.3, 0.6), strict=True):
        place = d.LEFT + joule / (1.06 * 0.6) * (d.WIDTH - d.LEFT - d.RIGHT)
        assert x - 1.5 <= place <= x + wide + 1


def test_a_line_stands_at_the_median_and_a_dashed_one_at_p95(make, twenty):
    """Of an axis from 0 to 1.06 × 0.6 J: at 0.3 J and at 0.6 J."""
    (spread,) = spreads_of(data_of(make(events=twenty)))
    row = replace(spread.row, energy_median=Result.of(0.3, "J"), energy_p95=Result.of(0.6, "J"))
    drawn = distribution_figure(replace(spread, row=row, joules=np.linspace(0.1, 0.6, 20)), 0)
    lines = dict(re.findall(r'<line class="(mean|earlier)" x1="([\d.]+)"', drawn))
    scale = (d.WIDTH - d.LEFT - d.RIGHT) / (1.06 * 0.6)
    assert float(lines["mean"]) == pytest.approx(d.LEFT + 0.3 * scale, abs=0.1)
    assert float(lines["earlier"]) == pytest.approx(d.LEFT + 0.6 * scale, abs=0.1)
