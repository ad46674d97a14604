"""`powermeter align`: two recordings without a common clock become one, and the energies of events are right."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from two_clocks import (
    DRIFT,
    EPOCH,
    HOST_START,
    S,
    energies_hold,
    run_of,
    to_meter,
    write_host,
    write_meter,
)
from verb_schema import keeps_to_schema

from powermeter import cli
from powermeter.analysis.energy import analyse
from powermeter.calibration.correlate import Alignment
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.cli.align import likelihood_text, placement_record, print_placement, signed_duration
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Recording, Writer, append_to
from powermeter.result.notes import Note
from powermeter.signals.alignment import host_times
from powermeter.signals.rails import on_host
from powermeter.testing.simulation import Truth


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def both(tmp_path, rng):
    truth, events = run_of(rng)
    host, meter = tmp_path / "host.power", tmp_path / "meter.power"
    write_host(host, events)
    write_meter(meter, rng, truth)
    return host, meter, truth, events


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_host_events_get_their_energy_from_the_meters_trace(tmp_path, rng, kind, capsys):
    truth, events = run_of(rng)
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, events)
    write_meter(meter, rng, truth, kind=kind)
    assert cli.run(["align", str(host), str(meter), "--dry-run", "--json"]) == 0
    keeps_to_schema("align", json.loads(capsys.readouterr().out))
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    said = capsys.readouterr().out
    assert "pattern, 2 patterns" in said and said.splitlines()[-1].startswith(f"wrote {joined}")
    energies_hold(joined, truth, events)
    with Recording.open(joined) as recording:
        (fact,) = recording.facts("alignment")
        assert fact["drift"] == pytest.approx(DRIFT, abs=4 * fact["drift_u"])
        assert recording.metadata["attributes"] == {"model": "tiny"}
        assert recording.metadata["joined"][0]["name"] == "meter.power"
        assert [s.name for s in recording.sources] == ["estimate", "meter"] and not recording.warnings
        with Recording.open(meter) as alone:  # the samples are as they were
            before, after = alone.samples(1), recording.samples(2)
            assert (before.times_ns == after.times_ns).all()
            assert (before.table() == after.table()).all()


@pytest.mark.thorough
def test_show_prints_the_events_of_a_joined_recording(both, tmp_path, capsys):
    host, meter, _, _ = both
    joined = tmp_path / "joined.power"
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    assert cli.run(["show", str(joined)]) == 0
    text = capsys.readouterr().out
    assert "infer" in text and "measured" in text


@pytest.mark.thorough
def test_without_a_pattern_the_runs_activity_is_offered_with_its_confidence(tmp_path, rng, capsys):
    truth, events = run_of(rng, patterns=0)
    whole = Event("main", events[0].start_ns - S, events[-1].end_ns + S, uid=99, process=7)
    inner = [Event(e.name, e.start_ns, e.end_ns, 7, 0, e.uid, 99) for e in events]
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, [whole, *inner])
    write_meter(meter, rng, truth)
    assert cli.run(["align", str(host), str(meter), "-o", str(joined), "--by", "pattern"]) == 7
    assert "no pattern" in capsys.readouterr().err
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    said = capsys.readouterr().out
    assert "activity" in said and "confidence" in said
    energies_hold(joined, truth, inner)


def test_a_run_with_no_pattern_and_no_activity_is_refused_and_nothing_written(tmp_path, rng, capsys):
    truth, _ = run_of(rng, patterns=0)
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, [])
    write_meter(meter, rng, truth)
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 7
    error = capsys.readouterr().err
    assert "nothing to align" in error and error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == [host, meter]


def test_the_recording_of_another_run_is_refused(tmp_path, rng, capsys):
    truth, _ = run_of(rng, patterns=0)
    _, events = run_of(np.random.default_rng(12))
    host, meter = tmp_path / "host.power", tmp_path / "meter.power"
    write_host(host, events)
    write_meter(meter, rng, truth)
    assert cli.run(["align", str(host), str(meter)]) == 7
    assert "not recognised" in capsys.readouterr().err


def test_a_meter_switched_on_after_the_first_pattern_is_aligned_by_the_second(tmp_path, rng, capsys):
    truth, events = run_of(rng)
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, events)
    write_meter(meter, rng, truth, late=(events[0].end_ns - HOST_START) / S + 0.5)
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    error = capsys.readouterr().err
    assert "1 of 2 patterns" in error and "fixes no drift" in error and "lie outside" in error
    with Recording.open(joined) as recording:
        (fact,) = recording.facts("alignment")
    end = to_meter([(events[-1].end_ns - HOST_START) / S], -1234.5)
    moved = fact["offset_ns"] + end[0]
    assert moved == pytest.approx(events[-1].end_ns, abs=0.02 * S)  # a fifth of its interval
    assert fact["drift_u"] == 100e-6


@pytest.mark.thorough
def test_an_alignment_is_replaced_by_a_later_one(both, tmp_path, capsys):
    host, meter, truth, events = both
    joined = tmp_path / "joined.power"
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    assert cli.run(["align", str(joined), "--by", "activity"]) == 0
    assert "wrote the alignment of meter into" in capsys.readouterr().out
    with Recording.open(joined) as recording:
        assert [fact["method"] for fact in recording.facts("alignment")] == ["pattern", "activity"]
        assert not recording.warnings
    energies_hold(joined, truth, events)


@pytest.mark.thorough
def test_of_two_runs_in_one_meter_recording_one_is_named_by_its_time(tmp_path, rng, capsys):
    """Every run plays the same pattern: which of them it was cannot be told, and is not guessed."""
    truth, events = run_of(rng)
    later, length = run_of(np.random.default_rng(5))[0], float(truth.times_s[-1])
    day = Truth(
        np.concatenate([truth.times_s, length + later.times_s]), np.concatenate([truth.watts, later.watts])
    )
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, events)
    write_meter(meter, rng, day)
    arguments = ["align", str(host), str(meter), "-o", str(joined)]
    assert cli.run(arguments) == 7
    assert "more than one position" in capsys.readouterr().err
    assert cli.run([*arguments, "--between", f"0s-{length:.0f}s"]) == 0
    energies_hold(joined, truth, events)
    capsys.readouterr()
    assert cli.run([*arguments, "--force", "--between", "5m-1m"]) == 2
    assert "write from and to" in capsys.readouterr().err
    assert cli.run([*arguments, "--force", "--between", "5h-6h"]) == 2


def test_a_dry_run_writes_nothing(both, tmp_path, capsys):
    host, meter, _, _ = both
    assert cli.run(["align", str(host), str(meter), "--dry-run"]) == 0
    assert "drift" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == [host, meter]


def test_nothing_is_overwritten_unasked(both, capsys):
    host, meter, _, _ = both
    before = host.read_bytes()
    assert cli.run(["align", str(host), str(meter), "-o", str(host), "--force"]) == 2
    other = host.with_name("other.power")
    other.write_text("mine")
    assert cli.run(["align", str(host), str(meter), "-o", str(other)]) == 3
    assert other.read_text() == "mine" and host.read_bytes() == before
    assert cli.run(["align", str(host), str(meter), "-o", str(other), "--force"]) == 2  # no file of ours
    assert other.read_text() == "mine"
    other.write_bytes(before)
    assert cli.run(["align", str(host), str(meter), "-o", str(other), "--force"]) == 0
    with Recording.open(other) as recording:
        assert len(recording.sources) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "markers"], "--marker"),
        (["--by", "clock"], "--clock-error"),
        (["--by", "activity", "--label", "train"], "no event 'train'"),
        (["--rail", "nope"], "is not a rail"),
        (["--source", "meter"], "--source"),
    ],
)
def test_options_that_do_not_go_together(both, capsys, arguments, said):
    host, meter, _, _ = both
    assert cli.run(["align", str(host), str(meter), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_one_recording_without_a_foreign_clock_has_nothing_to_align(both, capsys):
    host, _, _, _ = both
    assert cli.run(["align", str(host)]) == 2
    assert "clock of its own" in capsys.readouterr().err


@pytest.mark.thorough
def test_marker_lines_align_a_profiler(tmp_path, rng, capsys):
    """100 kHz is thinned for searching; the logic input is read at its own rate."""
    starts = np.cumsum(rng.uniform(0.05, 0.2, 40)) + 1
    events = [
        Event("infer", HOST_START + round(a * S), HOST_START + round((a + 0.02) * S), uid=i + 1, process=7)
        for i, a in enumerate(starts.tolist())
    ]
    times = np.arange(0, starts[-1] + 1, 1e-4)
    high = np.zeros(times.size, np.int64)
    for a in starts:
        high[(times >= a) & (times < a + 0.02)] = 1
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, events, seconds=30)
    rail = Rail("supply", nominal_v=3.3)
    channels = (
        Channel("supply.current", Quantity.CURRENT, 1e-6, rail, Kind.MEAN),
        Channel("logic", Quantity.MARKER, 1.0),
    )
    with Writer.create(meter, {"clock": "relative"}) as writer:
        source = writer.add_source("import://x.ppk2", "PPK2", "ppk2", channels)
        writer.append(source, to_meter(times, 77.0), np.column_stack([5000 + 20000 * high, high << 3]))
    assert (
        cli.run(["align", str(host), str(meter), "-o", str(joined), "--by", "markers", "--marker", "infer"])
        == 0
    )
    assert "markers, 80 edges" in capsys.readouterr().out
    with Recording.open(joined) as recording:
        (fact,) = recording.facts("alignment")
        analysis = analyse(recording)
    assert fact["drift"] == pytest.approx(DRIFT, abs=5e-6)
    assert analysis.row("infer").energy_per_item.value == pytest.approx(3.3 * 0.025 * 0.02, rel=0.02)
    assert (
        cli.run(["align", str(host), str(meter), "--by", "markers", "--marker", "infer", "--pin", "5"]) == 2
    )
    assert "input 5 never changed" in capsys.readouterr().err


def test_a_log_of_the_same_machine_is_placed_by_the_wall_clock(both, tmp_path, rng, capsys):
    host, _, truth, _ = both
    log, joined = tmp_path / "log.power", tmp_path / "joined.power"
    write_meter(log, rng, truth, offset_s=0.0, clock="utc")
    arguments = ["align", str(host), str(log), "-o", str(joined), "--by", "clock", "--clock-error", "1ms"]
    assert cli.run(arguments) == 0
    with Recording.open(joined) as recording:
        (fact,) = recording.facts("alignment")
        recorded = recording.samples(2).times_ns
    assert fact["offset_ns"] == pytest.approx(HOST_START - EPOCH, abs=300)
    assert fact["offset_u_ns"] >= 1e6 and recorded[0] > EPOCH
    meter = tmp_path / "meter.power"
    assert cli.run(["align", str(host), str(meter), "--by", "clock", "--clock-error", "1ms"]) == 7
    assert "no wall-clock times" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(3))
def test_a_recording_that_lacks_a_part_of_both_patterns_is_right_or_refused(tmp_path, seed):
    """Never a confident wrong answer, also where the meter saw only some of what was played."""
    rng = np.random.default_rng(seed)
    truth, events = run_of(rng)
    host, meter, joined = (tmp_path / name for name in ("host.power", "meter.power", "joined.power"))
    write_host(host, events)
    write_meter(meter, rng, truth, late=8 + rng.uniform(2, 14))
    if cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0:
        with Recording.open(joined) as recording:
            fact = recording.facts("alignment")[-1]
        end_s = (events[-1].end_ns - HOST_START) / S
        moved = int(to_meter([end_s], -1234.5)[0])
        host_ns = moved + fact["offset_ns"] + fact["drift"] * (moved - fact["origin_ns"])
        assert abs(host_ns - events[-1].end_ns) < 0.02 * S


def test_an_exported_joined_recording_is_on_the_hosts_clock(both, tmp_path):
    host, meter, truth, _ = both
    joined, out = tmp_path / "joined.power", tmp_path / "samples.csv"
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    with Recording.open(joined) as recording:
        samples, _ = on_host(recording, 2)
        assert on_host(recording, 1)[0].times_ns[0] == HOST_START
    first = (samples.times_ns[0] - HOST_START) / S
    assert 0 < first < 0.2
    assert (samples.times_ns[-1] - samples.times_ns[0]) / S == pytest.approx(truth.times_s[-1], abs=0.2)
    assert cli.run(["export", str(joined), "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8").splitlines()
    assert float(text[-1].split(",")[0]) == pytest.approx(399, abs=1)  # the host's own source ends last


@pytest.mark.parametrize(
    "fact", [{}, {"offset_ns": "late"}, {"offset_ns": float("nan")}, {"offset_ns": 0, "drift_u": -1}]
)
def test_an_alignment_that_is_none_is_refused(fact):
    with pytest.raises(DataError, match="alignment is not usable"):
        host_times(np.array([0, 1], np.int64), fact)


def test_the_calibration_of_either_side_goes_with_its_source(both, tmp_path):
    host, meter, *_ = both
    for path, note in ((host, "of the host"), (meter, "of the meter")):
        with append_to(path) as opened:
            opened.add_fact("calibration", {"source": 1, "channel": "power", "note": note})
    joined = tmp_path / "joined.power"
    assert cli.run(["align", str(host), str(meter), "-o", str(joined)]) == 0
    with Recording.open(joined) as recording:
        names = {source.id: source.name for source in recording.sources}
        found = {names[fact["source"]]: fact["note"] for fact in recording.facts("calibration")}
        assert found["meter"] == "of the meter" and "of the host" in found.values()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0123456789, "+0.012346 s"),
        (-99.9, "-99.900000 s"),
        (-100.0, "-100.000000 s = -1 min 40 s"),
        (7200.5, "+7200.500000 s = +2 h 00 min"),
        (1e8, "+100000000.000000 s"),
    ],
)
def test_an_offset_has_its_sign_and_long_ones_are_said_in_words(seconds, text):
    assert signed_duration(seconds) == text


@pytest.mark.parametrize(
    ("confidence", "text"), [(1.0, "not at all"), (0.8, "20 % as well"), (0.0, "100 % as well")]
)
def test_how_well_another_place_fits(confidence, text):
    assert likelihood_text(confidence) == text


def test_an_alignment_in_json_and_in_print_has_95_percent_of_each(capsys):
    """Standard uncertainties of 1 ms and 2 ppm are ± 1.96 ms and ± 3.9 ppm; the interval of the meter's readings is 10 ms."""
    found = Alignment(2.5e8, 5e-6, 0, 1e6, 2e-6, 3e5, 0.75, "pattern", 3)
    placement = SimpleNamespace(alignment=found, interval_ns=1e7, notes=(Note.info("a-note", "a note"),))
    plain = placement_record(placement)
    assert plain["offset_s"] == pytest.approx(0.25) and plain["drift"] == 5e-6
    assert plain["offset_half_width_s"] == pytest.approx(1.96e-3, rel=1e-3)
    assert plain["drift_half_width"] == pytest.approx(3.92e-6, rel=1e-3)
    assert (plain["residual_s"], plain["places"], plain["confidence"]) == (pytest.approx(3e-4), 3, 0.75)
    assert (plain["by"], plain["notes"]) == ("pattern", ["a note"])
    print_placement(placement, None)
    out, err = capsys.readouterr()
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "by pattern, 3 patterns",
        "offset +0.250000 s (host - meter, at the middle)",
        "drift +5.00 ppm ± 3.9 ppm",
        "uncertainty ± 2.0 ms (95 %), 20 % of its sample interval",
        "residual 300 µs",
        "confidence 0.75: the next best position fits 25 % as well",
    ]
    assert err == "note: a note\n"
    two = SimpleNamespace(alignment=replace(found, places=2, method="clock"), interval_ns=0, notes=())
    assert placement_record(two)["residual_s"] is None and placement_record(two)["confidence"] is None
    print_placement(two, None)
    printed = capsys.readouterr().out
    assert (
        "by           clock, 2 clock pairs" in printed
        and "confidence" not in printed
        and "residual     –" in printed
    )
