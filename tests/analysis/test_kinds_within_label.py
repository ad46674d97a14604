"""A label that holds two kinds of work is found by the attribute that tells them apart, and no other is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.kinds_within_label import splits_of
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.testing.simulation import NS, SimulatedRecording


def splits_stated(attributes: list[dict[str, Any]]) -> list[str]:
    """Return the texts of the notes on events at 1 W with these attributes, every second one of 0.1 s and not 0.2 s."""
    times = np.arange(1000, dtype=np.int64) * (NS // 100)
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("in"))
    source = SourceInfo(1, "virtual://x", "meter", "virtual", {}, (channel,))
    samples = Samples(times, {"in.power": 1000 + np.arange(1000) % 3}, np.zeros(1000, np.uint8))
    rec = SimulatedRecording([source], {1: samples})
    rec.happened = [
        Event("infer", i * NS // 2, i * NS // 2 + NS // (10 if i % 2 else 5), uid=i + 1, attributes=one)
        for i, one in enumerate(attributes)
    ]
    found = analyse(rec)
    return [note.text for note in splits_of(found.row("infer"), found)]


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ([{"model": "ab"[i % 2], "id": i} for i in range(20)], "model"),
        ([{"half": i // 10, "id": i} for i in range(20)], None),
        ([{"id": i} for i in range(20)], None),
        ([{"model": "ab"[i % 2]} for i in range(6)], None),
        ([{"model": "a"} for _ in range(20)], None),
    ],
)
def test_an_attribute_is_named_only_where_it_sorts_the_energies(attributes, named):
    texts = splits_stated(attributes)
    assert len(texts) == (named is not None)
    assert named is None or (f"--by {named} " in texts[0] and "supposes the same mix" in texts[0])
