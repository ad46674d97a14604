"""Histograms of single energies: counted whole, warm-up apart, none where the table refuses single events."""

from __future__ import annotations

import re

import numpy as np
import pytest

from powermeter.recording import Recording
from powermeter.reports.distributions import LEAST, caption_of, distribution_figure, spreads_of
from powermeter.reports.nesting_sections import distributions
from powermeter.reports.report_data import gather
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
