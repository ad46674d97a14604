"""Requests at a steady power, whose energies are seconds times watts: what is stated of tokens, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.tokens import measures as names
from powermeter.analysis.tokens.energy import token_table
from powermeter.analysis.tokens.table import ModelTokens
from powermeter.channel import Accuracy
from powermeter.events import Event
from powermeter.testing.simulation import SimulatedPowerMeter, Truth

SECOND = 1_000_000_000


def found(events: list[Event], edges_s: list[float], watts: list[float], noise_w: float = 0.0) -> ModelTokens:
    """Return what an exact meter of 100 readings a second shows of some requests, which states such a noise."""
    meter = SimulatedPowerMeter(100, accuracy=Accuracy(gain=0.001))
    truth = Truth.steps(edges_s, watts)
    recording = meter.record(truth, events, np.random.default_rng(1), errors=(0.0, 0.0, 0.0), phase=0.5)
    (source,) = recording.sources
    (channel,) = source.channels
    stated = replace(channel, accuracy=replace(channel.accuracy, noise=noise_w))
    recording.sources[0] = replace(source, channels=(stated,))
    table = token_table(analyse(recording))
    assert table is not None
    (model,) = table.models
    return model


def phase(name: str, number: int, start_s: float, end_s: float, tokens: int, **more: float) -> Event:
    """Return a prefill or a decode of a request."""
    measures = {names.PHASE: name, names.NUMBER: number, **more}
    start_ns, end_ns = round(start_s * SECOND), round(end_s * SECOND)
    return Event(name, start_ns, end_ns, uid=round(1000 * start_s), count=tokens, measures=measures)


def three_requests() -> list[Event]:
    """Return requests of 3, 4 and 6 s that make 10, 20 and 20 tokens."""
    events = []
    for number, (start, end, made) in enumerate([(2, 5, 10), (7, 11, 20), (13, 19, 20)]):
        events.append(phase(names.PREFILL, number, start, start + 1, 100, **{names.WAITED: 0.2}))
        events.append(phase(names.DECODE, number, start + 1, end, made - 1, **{names.GENERATED: made}))
    return events


def test_the_scatter_from_request_to_request() -> None:
    """At 5 W they use 15, 20 and 30 J: 1.3 J a token.

    Their own energies lie 2, −6 and 4 J beside 1.3 J times their tokens: √(56 × 3/2) / 50 = 0.1833 J, of two degrees of
    freedom: Student's 4.3027 in place of 1.96.
    """
    model = found(three_requests(), [0.0, 22.0], [5.0])
    assert model.first_token_s == pytest.approx(1.2)  # a second of prefill after 0.2 s of waiting
    each = model.per_generated
    assert each is not None and each.value == pytest.approx(1.3)
    (part,) = [part for name, part in each.parts.items() if name.startswith("repeats:")]
    assert part == pytest.approx(math.sqrt(84) / 50 * 4.302653 / 1.959964, rel=1e-3)


@pytest.mark.parametrize(("noise_w", "kind"), [(20.0, "repeats"), (30.0, "noise")])
def test_scatter_that_the_meter_s_noise_explains_is_not_the_requests(noise_w: float, kind: str) -> None:
    """1,300 readings 10 ms apart leave noise × √1300 / 100 / 50 a token: 0.144 J of 20 W and 0.216 J of 30 W, beside a scatter of 0.183 J."""
    each = found(three_requests(), [0.0, 22.0], [5.0], noise_w).per_generated
    assert each is not None
    assert {name.partition(":")[0] for name in each.parts} == {"gain", kind}


def test_what_edges_in_doubt_may_move_is_a_limit() -> None:
    """A prefill of 1 s begins where 2 W become 6 W; 0.1 s earlier it holds 0.4 J less: 0.4 J / √3 of standard uncertainty."""
    events = [phase(names.PREFILL, 0, 5.0, 6.0, 10, **{names.DOUBT: 0.1})]
    prefill = found(events, [0.0, 5.0, 10.0], [2.0, 6.0]).prefill
    assert prefill is not None and prefill.energy is not None and prefill.per_token is not None
    for result, tokens in ((prefill.energy, 1), (prefill.per_token, 10)):
        (part,) = [part for name, part in result.parts.items() if name.startswith("edges:placement")]
        assert part == pytest.approx(0.4 / math.sqrt(3) / tokens, rel=0.06)
