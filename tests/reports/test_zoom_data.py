"""What the page's zoom is handed keeps every peak, every joule and every hole, and stays small."""

from __future__ import annotations

import base64
import json
import math

import numpy as np
import pytest

from powermeter.channel import Boundary, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports import zoom_data as packing
from powermeter.reports.figure_data import close_panel, run_panel
from powermeter.reports.html import HTMLReport
from powermeter.reports.report_data import gather
from powermeter.reports.zoom_data import zoom_data
from powermeter.signals import decimation, one_pass

from .conftest import START, channels, infer


def unpacked(block):
    def array(name, kind):
        return np.frombuffer(base64.b64decode(block[name]), kind)

    high = block["high"] and array("high", "<f4")
    return array("t", "<u4"), array("low", "<f4"), high, array("e", "<f4"), array("v", "<f4")


def packed(path):
    with Recording.open(path) as recording:
        data = gather(recording)
        return data, zoom_data(data)


@pytest.fixture
def noisy(tmp_path):
    """Return a function that writes some readings at 1 kHz of about 3 W, one of them 9 W, with an event in the middle."""

    def build(count, name="noisy.power", gap=None, events=None):
        rng = np.random.default_rng(16)
        times = START + np.arange(count, dtype=np.int64) * 1_000_000
        milliwatts = np.rint(rng.normal(3000, 40, count)).astype(np.int64)
        milliwatts[count // 3] = 9000
        keep = np.ones(count, bool)
        if gap:
            keep[gap[0] : gap[1]] = False
        path = tmp_path / name
        with Writer.create(path, {"clock": "monotonic"}) as writer:
            source = writer.add_source("test://1", "meter", "test", channels(Rail("VDD"), False))
            writer.append(source, times[keep], milliwatts[keep, None])
            writer.add_events(events or [infer(count / 2e3 + i, 0.5, 1, i + 1) for i in range(4)])
        return path

    return build


def test_a_short_run_has_every_reading(noisy):
    data, found = packed(noisy(20_000))
    block = found["rails"][0]["blocks"][0]
    t, low, high, e, v = unpacked(block)
    assert block["each"] == 1 and high is None and low.size == 19_999 and t.size == 20_000
    assert np.allclose(low, data.analysis.power_trace.values[:-1], rtol=1e-6)
    assert np.allclose(t * found["tick_s"], np.arange(20_000) * 1e-3, atol=1e-7)
    assert math.isclose(float(e.sum(dtype=np.float64)), data.analysis.energy.value, rel_tol=1e-6)
    assert (v >= 0).all()
    rail = found["rails"][0]
    assert (
        rail["edge"] == 0.0 and rail["step"] == 1e-3 and rail["floor"] is True
    )  # no counter; 1 mW; nothing below zero


def test_a_long_run_keeps_its_peak_and_its_energy(noisy, monkeypatch):
    monkeypatch.setattr(packing, "SINGLE", 2_000)
    monkeypatch.setattr(packing, "STRETCHES", 500)
    data, found = packed(noisy(30_000))
    blocks = found["rails"][0]["blocks"]
    _, low, high, e, _ = unpacked(blocks[0])
    assert blocks[0]["each"] == 60 and low.size == 500
    assert float(high.max()) == pytest.approx(9.0) and (low <= high).all()
    assert math.isclose(float(e.sum(dtype=np.float64)), data.analysis.energy.value, rel_tol=1e-6)
    assert "the highest reading" in [place["name"] for place in found["places"]]
    assert all(block["each"] == 1 for block in blocks[1:]) and len(blocks) > 2
    assert any(unpacked(block)[1].max() == pytest.approx(9.0) for block in blocks[1:])


def test_nobody_is_told_the_energy_of_a_hole(noisy):
    _, found = packed(noisy(20_000, gap=(4_000, 6_000)))
    t, _, _, _, v = unpacked(found["rails"][0]["blocks"][0])
    dark = np.flatnonzero(v < 0)
    assert dark.size == 1
    assert t[dark[0]] * found["tick_s"] == pytest.approx(3.999, abs=2e-3)


@pytest.mark.thorough
def test_the_span_interval_of_the_page_covers_what_the_analysis_says(noisy):
    data, found = packed(noisy(20_000))
    rail = found["rails"][0]
    t, _, _, e, v = unpacked(rail["blocks"][0])
    rng = np.random.default_rng(4)
    for first in rng.integers(0, 15_000, 20).tolist():
        last = first + int(rng.integers(50, 4_000))
        joules, seconds = float(e[first:last].sum(dtype=np.float64)), (t[last] - t[first]) * found["tick_s"]
        parts = [relative * joules + absolute * seconds for relative, absolute in rail["errors"]]
        half = 1.96 * math.sqrt(float(v[first:last].sum()) + sum(p * p for p in parts))
        ends = (START + round(float(t[k]) * found["tick_s"] * 1e9) for k in (first, last))
        wanted, _ = data.analysis.window(*ends)
        assert joules == pytest.approx(wanted.value, rel=1e-5)
        assert 0.95 <= half / ((wanted.high - wanted.low) / 2) <= 2.5


def test_the_energy_of_an_event_too_short_to_resolve_is_not_in_the_page(make):
    events = [infer(0.05 + 0.1 * i, 0.004, 1, i + 1) for i in range(90)]
    data, found = packed(make(events=events))
    assert not data.analysis.rows[0].verdict.resolved
    label = found["labels"][0]
    assert label["why"] and np.isnan(np.frombuffer(base64.b64decode(label["e"]), "<f4")).all()


def clipped(path):
    """Twenty events of 0.3 s at 3 W, each with a reading at the end of the range of a sensor of ± 1 %."""
    times = START + np.arange(2001, dtype=np.int64) * 10_000_000
    flags = np.where(np.arange(2001) % 50 == 10, 2, 0).astype(np.uint8)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://1", "meter", "test", channels(Rail("VDD"), False))
        writer.append(source, times, np.full((2001, 1), 3000, np.int64), flags)
        writer.add_events([infer(0.5 * i, 0.3, 1, i + 1) for i in range(20)])
    return path


def test_an_event_known_from_below_only_has_its_lower_end(tmp_path):
    """0.9 J less 0.95 % of it, which is 95 % of what ± 1 % leaves open: the page printed at least 0.9 J; so do the table's quantiles."""
    data, found = packed(clipped(tmp_path / "clipped.power"))
    label = found["labels"][0]
    low = np.frombuffer(base64.b64decode(label["e"]), "<f4")
    assert low == pytest.approx(0.9 * (1 - 0.0095), rel=1e-3)
    assert np.isinf(np.frombuffer(base64.b64decode(label["half"]), "<f4")).all()
    row = data.analysis.rows[0]
    assert row.energy_median.low == pytest.approx(row.energy_per_item.low)
    assert row.energy_p95.low < 0.9


@pytest.mark.thorough
def test_everything_at_its_most_stays_below_three_megabytes(noisy, monkeypatch):
    monkeypatch.setattr(packing, "SINGLE", 10_000)
    path = noisy(packing.STRETCHES * 2)
    with Recording.open(path) as recording:
        page = HTMLReport().render(gather(recording))
    assert len(page) < 3_000_000
    rails, events = (packing.RAILS - 1) * packing.BESIDE * 20, packing.EVENTS * 16
    rest = len(page) + (rails + events - packing.STRETCHES * 20) * 4 / 3
    held_in_part = packing.STRETCHES * 24 + packing.CLOSE * 16
    assert rest + max(held_in_part, packing.SINGLE * 16) * 4 / 3 < 3_000_000


def test_a_label_cannot_close_the_data(make):
    path = make(events=[infer(1, 0.5, 1, 1, name="</script><script>alert(1)</script>")])
    with Recording.open(path) as recording:
        page = HTMLReport().render(gather(recording))
    text = page.split('id="zoom-data">', 1)[1].split("</script>", 1)[0]
    assert json.loads(text)["labels"][0]["name"] == "</script><script>alert(1)</script>"


@pytest.mark.thorough
def test_a_run_of_which_few_readings_are_held_keeps_every_peak_joule_and_mean(noisy, monkeypatch):
    path = noisy(300_000)
    whole, _ = packed(path)
    monkeypatch.setattr(one_pass, "LONG", 1000)
    monkeypatch.setattr(decimation, "STRETCHES", 3)
    monkeypatch.setattr(decimation, "SPARSE", 100_000)
    data, found = packed(path)
    assert data.analysis.power_trace.kept is not None and found["mean_of"] == 1
    _, low, high, joules, _ = unpacked(found["rails"][0]["blocks"][0])
    assert (high if high is not None else low).max() == pytest.approx(9.0)
    assert joules.sum() == pytest.approx(whole.analysis.energy.value, rel=1e-5)
    for block in found["rails"][0]["blocks"]:  # all 299,999 intervals are counted; a close-up has each
        times, *_ = unpacked(block)
        behind = 1 if block["r"] is None else np.frombuffer(base64.b64decode(block["r"]), "<u4")
        assert behind == pytest.approx(np.diff(times) * found["tick_s"] * 1000, abs=1)
    (full,), (thin,) = run_panel(whole).curves, run_panel(data).curves
    assert thin.high.max() == full.high.max() == pytest.approx(9.0)
    assert np.abs(np.interp(full.seconds, thin.seconds, thin.watts) - full.watts).max() < 0.02


def test_every_rail_of_a_meter_is_drawn_with_its_own_power(tmp_path):
    """2 W on the board's rail, 0.5 W on one below it."""
    path = tmp_path / "two.power"
    board = Rail("VDD_IN", boundary=Boundary.BOARD)
    part = Rail("VDD_CPU", parent="VDD_IN", boundary=Boundary.BOARD)
    both = [
        Channel("power", Quantity.POWER, 1e-3, board),
        Channel("cpu", Quantity.POWER, 1e-3, part),
    ]
    times = START + np.arange(1000, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://1", "meter", "test", both)
        writer.append(source, times, np.tile(np.array([2000, 500], np.int64), (1000, 1)))
    _, found = packed(path)
    assert [rail["name"] for rail in found["rails"]] == ["meter/VDD_IN", "meter/VDD_CPU"]
    for rail, watts in zip(found["rails"], (2.0, 0.5), strict=True):
        _, low, _, _, _ = unpacked(rail["blocks"][0])
        assert np.allclose(low[np.isfinite(low)], watts, atol=1e-6)


def test_every_reading_around_an_event_is_in_the_page_of_a_run_of_which_few_are_held(noisy, monkeypatch):
    """Events of 3 s at 1 kHz: of most, what is held are the ends; the page has all readings of some."""
    events = [infer(5 + 6 * i, 3, 1, i + 1) for i in range(48)]
    path = noisy(300_000, events=events)
    monkeypatch.setattr(one_pass, "LONG", 1000)
    monkeypatch.setattr(decimation, "INSIDE", 0)
    monkeypatch.setattr(packing, "SINGLE", 10_000)
    data, found = packed(path)
    assert data.analysis.power_trace.kept is not None
    with Recording.open(path) as recording:
        (source,) = recording.sources
        samples = recording.samples(source.id)
    names = [place["name"] for place in found["places"]]
    assert names == ["a typical event", "the first event", "the highest reading", "another event"]
    assert all(len(one.trace) > 5_000 for one in data.close_ups if one.name != "the highest reading")
    for place, block in zip(found["places"], found["rails"][0]["blocks"][1:], strict=True):
        t, low, _, _, _ = unpacked(block)
        ns = np.rint(data.analysis.start_ns + t * found["tick_s"] * 1e9)
        inside = (samples.times_ns >= ns[0] - 100) & (samples.times_ns <= ns[-1] + 100)
        assert np.allclose(samples.times_ns[inside], ns, rtol=0, atol=100), place
        watts = samples.values(source.channels[0])[inside]
        assert np.allclose(watts[:-1], low, rtol=1e-6), place
        assert ns[0] <= data.analysis.start_ns + place["start"] * 1e9 + 1e6
    assert close_panel(data) is not None
