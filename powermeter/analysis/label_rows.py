"""The rows of all labels: of a label of which no energy is known, in a shorter way than by `labels.row`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.baseline import Baseline
from powermeter.analysis.events_of_rows import EventsOfRows
from powermeter.analysis.extreme_powers import remember_extreme_powers
from powermeter.analysis.labels import LabelRow, Named, row
from powermeter.analysis.latencies import latencies
from powermeter.analysis.next_item import MANY_LABELS
from powermeter.analysis.resolution import verdict
from powermeter.analysis.shares_of_overlapping import Shares
from powermeter.analysis.warmup import WarmUp
from powermeter.analysis.warmups_of_labels import warm_ups
from powermeter.analysis.windows import Windows
from powermeter.channel import MISSING
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns

Indices = NDArray[np.int64]


def rows_of(
    named: Sequence[Named],
    members: Sequence[Indices],
    events: Sequence[Event],
    energies: Windows,
    charges: Windows | None,
    baseline: Baseline | None,
    shares: Shares | None,
) -> tuple[LabelRow, ...]:
    """Return the row of each label.

    Args:
        named: What each is called.
        members: The events of each, as positions in `events` and in the windows' arrays.
        shares: What part of the energy during each event is its; None where nothing overlaps.
    """
    every = EventsOfRows.of(events, energies, members) if len(members) > MANY_LABELS else None
    warm = warm_ups([label for label, _ in named], members, events, energies, every)
    if every is not None:
        remember_extreme_powers(energies, every.behind(np.array([one.count for one in warm], np.int64)))
    known = energies.known
    return tuple(
        row(name, index, events, energies, charges, baseline, shares, first)
        if known[index].any()
        else _of_unknown(name, index, events, energies, first)
        for name, index, first in zip(named, members, warm, strict=True)
    )


def _of_unknown(
    named: Named, index: Indices, events: Sequence[Event], energy: Windows, warmup: WarmUp
) -> LabelRow:
    """Return the row of events of none of which an energy is known."""
    covered = index[energy.covered[index]]
    columns = EventColumns.of(events)
    memory = int(columns.numbers["peak_memory"][index].max(initial=MISSING))
    latency = latencies(energy.seconds[covered])
    return LabelRow(
        label=named.label,
        group=dict(named.group),
        events=int(covered.size),
        outside=int(index.size - covered.size),
        unseen=int(covered.size),
        items=None if np.isnan(columns.counts_at(index)).any() else 0,
        seconds=0.0,
        energy=None,
        energy_per_item=None,
        energy_median=None,
        energy_p95=None,
        spread_j=None,
        expected_per_item=None,
        next_event_per_item=None,
        charge=None,
        charge_per_item=None,
        power=None,
        above=None,
        above_per_item=None,
        above_power=None,
        latency_mean=latency.mean,
        latency_p50=latency.p50,
        latency_p95=latency.p95,
        latency_p99=latency.p99,
        peak_memory=None if memory == MISSING else memory,
        sample_power=None,
        sample_energy=None,
        plain_energy=None,
        gap_s=0.0,
        method="integral",
        overlapping=False,
        shared=None,
        share=None,
        warmup=warmup,
        verdict=verdict(energy, covered[:0], None, covered),
        tail=None,
        index=index,
    )
