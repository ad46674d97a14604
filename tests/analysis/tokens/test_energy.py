"""Energy of language models: known joules per token, told by meters that are slower than a token."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from early_end import claims_of

from powermeter.analysis.energy import analyse
from powermeter.analysis.tokens import measures as names
from powermeter.analysis.tokens.energy import is_container, token_table
from powermeter.analysis.tokens.table import ModelTokens, TokenTable
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.result import Grade, Result
from powermeter.testing.language_model import LanguageModel, answers
from powermeter.testing.simulation import SimulatedPowerMeter

RATES = (1, 5, 20, 50, 200)
METERS = (10, 100, 1000)
KINDS = (Kind.INSTANT, Kind.MEAN, Kind.COUNTER)


def model_at(rate: float) -> LanguageModel:
    """Return a model of 10 W above idle in its prefill and 8 W in its decode."""
    return LanguageModel(20 * rate, rate, prompt_j=0.5 / rate, generated_j=8 / rate)


def meter(hz: float, kind: Kind) -> SimulatedPowerMeter:
    """Return a meter of 0.5 %."""
    accuracy = Accuracy(gain=0.005, step=61e-6) if kind is Kind.COUNTER else Accuracy(gain=0.005, noise=0.02)
    return SimulatedPowerMeter(hz, kind, accuracy=accuracy)


def requests_at(rate: float, hz: float) -> int:
    """Return of how many requests a run is: of fewer where each is very many readings."""
    return 24 if hz / rate <= 20 else 12 if hz / rate <= 100 else 8


def table(
    seed: int, hz: float, kind: Kind, model: LanguageModel, count: int = 24, **how: object
) -> TokenTable:
    """Return what is found of a run of the stand-in."""
    rng = np.random.default_rng(seed)
    truth, events = answers(model, rng, count, **how)  # type: ignore[arg-type]
    found = token_table(analyse(meter(hz, kind).record(truth, events, rng)))
    assert found is not None
    return found


def one(found: TokenTable) -> ModelTokens:
    """Return the only model."""
    (model,) = found.models
    return model


def numbers(found: ModelTokens, model: LanguageModel) -> list[tuple[str, Result | None, float]]:
    """Return what is stated and what is true: gross and net, of a prompt token and of a decode step."""
    gross = model.gross()
    assert found.prefill is not None and found.decode is not None
    return [
        ("prompt token", found.prefill.per_token, gross[0]),
        ("generated token", found.decode.per_token, gross[1]),
        ("prompt token above idle", found.prefill.net_per_token, model.prompt_j),
        ("generated token above idle", found.decode.net_per_token, model.generated_j),
    ]


def stated(rate: float, hz: float, kind: Kind, run: int) -> list[tuple[str, Result | None, float]]:
    """Return what is stated and what is true in one run of these; each has a seed of its own."""
    seed = round(hz * 7919 + rate * 104_729 + KINDS.index(kind) * 1_299_709) % 1_000_003 + run
    model = model_at(rate)
    return numbers(one(table(seed, hz, kind, model, requests_at(rate, hz))), model)


def coverage(
    rate: float, hz: float, kind: Kind, runs: int, first: int = 0
) -> dict[str, tuple[int, int, float]]:
    """Return for each number how many intervals held the truth, how many were stated, and their median half-width."""
    held: dict[str, list[tuple[bool, float]]] = {}
    for run in range(runs):
        for name, result, true in stated(rate, hz, kind, first + run):
            if result is not None:
                held.setdefault(name, []).append(
                    (result.low <= true <= result.high, result.half_width / true)
                )
    return {
        name: (sum(ok for ok, _ in found), len(found), float(np.median([wide for _, wide in found])))
        for name, found in held.items()
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rate", "hz", "kind"),
    [(200, 10, Kind.MEAN), (20, 100, Kind.INSTANT), (50, 10, Kind.COUNTER), (50, 100, Kind.MEAN)],
)
def test_stated_intervals_hold_the_known_slopes(rate: float, hz: float, kind: Kind) -> None:
    wide: dict[str, list[float]] = {}

    def missed(run: int) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for name, result, true in stated(rate, hz, kind, run):
            assert result is not None, name
            wide.setdefault(name, []).append(result.half_width / true)
            found[name] = not result.low <= true <= result.high
        return found

    for name, claim in claims_of(missed).items():
        assert claim.holds, (name, claim)
        assert np.median(wide[name]) < 0.12, name


@pytest.mark.thorough
def test_an_even_rise_on_which_two_halvings_agree_is_not_paid_for_as_any_course_might_be() -> None:
    """Prefills of a third of a window beside decodes of two: ± 1.63 % where the last halving was paid for in full, ± 1.2 % would do."""
    model = model_at(200)
    wide = []
    for seed in range(8):
        found = one(table(seed, 10, Kind.MEAN, model)).prefill
        assert found is not None and found.per_token is not None
        assert found.per_token.low <= model.gross()[0] <= found.per_token.high
        wide.append(found.per_token.half_width / model.gross()[0])
    assert 0.010 < np.median(wide) < 0.0150


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hz", METERS)
@pytest.mark.parametrize("rate", RATES)
def test_three_hundred_intervals_hold(rate: float, hz: float, kind: Kind) -> None:
    for name, (held, count, _) in coverage(rate, hz, kind, 300).items():
        assert count >= 285, name
        assert held >= 0.9 * count, (
            name
        )  # of the 180 numbers of all rows, one in forty tables has one below by chance


def test_counts_ratios_and_rates_are_of_sums() -> None:
    found = one(table(3, 100, Kind.INSTANT, replace(model_at(20), scatter=0.0, growth=0.0)))
    rng = np.random.default_rng(3)
    _, events = answers(replace(model_at(20), scatter=0.0, growth=0.0), rng, 24)
    prompt = sum(e.count or 0 for e in events if e.name == "prefill")
    made = sum(e.measures["generated_tokens"] for e in events if e.name == "decode")
    assert (found.requests, found.prompt, found.generated, found.cached) == (24, prompt, made, 0)
    assert found.prefill is not None and found.decode is not None
    assert (found.prefill.tokens, found.decode.tokens) == (prompt, made - 24)
    assert found.decode.per_second == pytest.approx(20, rel=1e-6)
    assert found.prefill.per_second == pytest.approx(400, rel=1e-6)
    per_joule, per_token = found.decode.per_joule, found.decode.per_token
    assert per_joule is not None and per_token is not None
    assert per_joule.value == pytest.approx(1 / per_token.value)
    assert per_joule.low < per_joule.value < per_joule.high
    assert (
        found.first_token is not None and found.per_generated is not None and found.prefill.energy is not None
    )
    assert found.first_token.value == pytest.approx(found.prefill.energy.value / 24)
    energy = found.prefill.energy.value + (found.decode.energy.value if found.decode.energy else 0)
    assert found.per_generated.value == pytest.approx(energy / made)


def test_idle_power_is_found_between_requests_and_its_wandering_is_in_the_interval() -> None:
    from powermeter.analysis.tokens.idle import stretches

    for kind in KINDS:
        found = table(2, 10, kind, model_at(20)).idle
        assert found is not None and found.power.low <= 2.0 <= found.power.high
        assert found.power.half_width < 0.05
    second = 1_000_000_000
    busy = [(5 * second, 6 * second), (9 * second, 10 * second)]
    assert stretches(busy, 0, 12 * second, second // 10) == [
        (300_000_000, 4_850_000_000),
        (6_300_000_000, 8_850_000_000),
        (10_300_000_000, 11_850_000_000),
    ]
    assert stretches([(0, 12 * second)], 0, 12 * second, second // 10) == []


def test_without_idle_time_no_net_figure_is_stated() -> None:
    found = table(1, 100, Kind.INSTANT, model_at(20), pause_s=(0.0, 0.01), lead_s=0.05)
    assert found.idle is None
    phase = one(found).decode
    assert phase is not None and phase.net_per_token is None and phase.per_token is not None
    assert any("idle time" in note for note in found.notes)


@pytest.mark.thorough
def test_of_requests_that_nobody_divided_the_slopes_come_by_regression() -> None:
    model = replace(model_at(20), growth=0.0)
    held = 0
    for seed in range(10):
        found = one(table(seed, 10, Kind.MEAN, model, 40, divided=False))
        assert found.prefill is None and found.slopes is not None, seed
        assert found.slopes.prompt is not None and found.slopes.generated is not None
        for result, true in zip((found.slopes.prompt, found.slopes.generated), model.gross(), strict=True):
            held += result.low <= true <= result.high
            assert result.half_width < true
    assert held >= 17


def test_answers_that_did_not_report_their_tokens_are_left_out_and_named() -> None:
    rng = np.random.default_rng(0)
    truth, events = answers(model_at(20), rng, 12)
    events = [
        replace(e, count=None) if e.name == "decode" and i % 8 == 1 else e for i, e in enumerate(events)
    ]
    found = token_table(analyse(meter(100, Kind.INSTANT).record(truth, events, rng)))
    assert found is not None
    phase = one(found).decode
    assert phase is not None and phase.uncounted == 3 and phase.per_second is None
    assert phase.per_token is not None
    assert phase.per_token.low <= model_at(20).gross()[1] <= phase.per_token.high
    assert any("did not report" in note for note in one(found).notes)


def test_edges_that_are_not_sure_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    truth, events = answers(model_at(200), rng, 24)
    loose = [replace(e, measures={**e.measures, "doubt_s": 0.003}) for e in events]
    recording = meter(1000, Kind.INSTANT).record(truth, events, rng)
    sharp = token_table(analyse(recording))
    recording.happened = loose
    wide = token_table(analyse(recording))
    assert sharp is not None and wide is not None
    one_sharp, one_wide = one(sharp).prefill, one(wide).prefill
    assert one_sharp is not None and one_wide is not None and one_sharp.per_token and one_wide.per_token
    assert one_wide.per_token.half_width > 1.2 * one_sharp.per_token.half_width
    assert any(name.startswith("edges:placement") for name in one_wide.per_token.parts)


def test_requests_at_the_same_time_share_what_is_drawn() -> None:
    rng = np.random.default_rng(0)
    truth, events = answers(model_at(20), rng, 12)
    twice = [
        *events,
        *(
            replace(e, uid=e.uid + 1000, measures={**e.measures, "request": 99 + i})
            for i, e in enumerate(events)
        ),
    ]
    alone = token_table(analyse(meter(100, Kind.INSTANT).record(truth, events, np.random.default_rng(1))))
    both = token_table(analyse(meter(100, Kind.INSTANT).record(truth, twice, np.random.default_rng(1))))
    assert alone is not None and both is not None
    single, shared = one(alone).decode, one(both).decode
    assert single is not None and shared is not None and single.energy and shared.energy and shared.per_token
    assert shared.energy.value == pytest.approx(single.energy.value, rel=0.02)
    assert shared.per_token.grade is Grade.DERIVED and shared.net_per_token is None
    assert any("2 requests" in note for note in both.notes)


def test_only_an_event_around_whole_requests_holds_them() -> None:
    """A client's loop from 0 to 10 s; beside it events that begin before, end after, or lie apart."""
    second = 1_000_000_000
    measures = {names.PHASE: names.REQUEST}
    request = Event("request", 2 * second, 4 * second, uid=1, measures=measures)
    assert names.is_of_model(request)
    held = {
        (0, 10): True,
        (2, 4): True,
        (3, 10): False,  # the request began before
        (0, 3): False,  # and ends after
        (5, 10): False,
    }
    for (start, end), holds in held.items():
        loop = Event("loop", start * second, end * second, uid=2)
        assert is_container(loop, [loop, request]) is holds, (start, end)
    assert not is_container(request, [request])


def test_a_recording_without_language_models_has_no_table() -> None:
    rng = np.random.default_rng(0)
    truth, events = answers(model_at(20), rng, 3)
    recording = meter(100, Kind.INSTANT).record(truth, [replace(e, measures={}) for e in events], rng)
    assert token_table(analyse(recording)) is None


def test_loading_is_apart_and_waiting_counts_to_the_first_token() -> None:
    from powermeter.events import Event

    rng = np.random.default_rng(0)
    truth, events = answers(model_at(20), rng, 12)
    load = Event("load", 500_000_000, 2_500_000_000, uid=900, measures={"phase": "load"})
    waited = [
        replace(e, measures={**e.measures, "waited_s": 0.2}) if e.name == "prefill" else e for e in events
    ]
    found = token_table(analyse(meter(100, Kind.INSTANT).record(truth, [load, *waited], rng)))
    assert found is not None
    model = one(replace(found, models=tuple(m for m in found.models if m.requests)))
    assert model.load is not None and model.load.value == pytest.approx(4, rel=0.02)
    assert model.load_s == pytest.approx(2)
    assert model.prefill is not None and model.prefill.energy is not None and model.first_token is not None
    mean = model.prefill.energy.value / 12
    assert model.first_token.value - mean == pytest.approx(0.4, rel=0.1)


def _main() -> None:
    """Print the table of docs/validation.md: `python tests/analysis/tokens/test_energy.py RUNS [i][m][c]`."""
    runs, wanted = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "imc"
    for kind in (k for k in KINDS if k.value[0] in wanted):
        for hz in METERS:
            for rate in RATES:
                began = time.monotonic()
                cells = [f"{kind.value}, {hz} Hz", f"{rate}"]
                for held, count, wide in coverage(rate, hz, kind, runs).values():
                    cells.append(f"{100 * held / count:.1f} % of {count}, ± {100 * wide:.2g} %")
                print(
                    "| " + " | ".join(cells) + " |", f"<!-- {time.monotonic() - began:.0f} s -->", flush=True
                )


if __name__ == "__main__":
    _main()


def test_events_without_tokens_cost_no_memory():
    """Each of a day's 100 000 events was copied into a dictionary of its own, to find that none has a token."""
    import tracemalloc

    from powermeter.analysis.tokens.measures import sum_of
    from powermeter.events import Event

    events = [Event("infer", at, at + 1) for at in range(5000)]
    tracemalloc.start()
    try:
        assert sum_of(events, ("tokens", "generated_tokens")) is None
        assert tracemalloc.get_traced_memory()[1] < 50_000
    finally:
        tracemalloc.stop()
