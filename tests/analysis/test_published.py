"""Published numbers of MLCommons come out, the whole way through a recording."""

import gzip
import json
import struct

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.published import published
from powermeter.errors import DataError
from powermeter.recording import Recording

POWER_RUNS = [
    "a100x8_resnet50_offline_3ch",
    "agx-orin_trt_bert99_offline",
    "odroid_armnn-opencl_resnet50_singlestream",
    "rpi4_tflite_resnet50_singlestream",
    "xavier-nx_trt_bert99_singlestream",
    "xr12_a2_bert99_offline_2ch",
]
TINY_RUNS = [
    "gap9_800_kws",
    "nucleo-h7a3_ad_st_1s-windows",
    "nucleo-l4r5_ic_st_4windows",
    "nucleo-l4r5_kws_krai",
    "nucleo-u385_kws_v1.3",
    "syntiant-ndp9120_kws",
]


def convert(path, tmp_path, **said):
    tmp_path.mkdir(exist_ok=True)
    out = tmp_path / "out.power"
    log = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return log, Recording.open(out)


@pytest.mark.parametrize("name", POWER_RUNS)
def test_mlperf_power_gives_the_published_value(shared, tmp_path, name):
    folder = shared / "data/recordings/mlperf_inference" / name
    truth = json.loads((folder / "expected.json").read_text())
    _, recording = convert(folder, tmp_path)
    with recording:
        found = published(recording)
        (value,) = found.values
        assert len(recording.samples(1).times_ns) == truth["rows"]
        assert recording.metadata["clock_aligned"] is False
    assert value.event.count == truth["queries"]
    assert value.event.attributes["scenario"] == truth["scenario"]
    assert value.event.attributes["samples_per_query"] == truth["samples_per_query"]
    assert value.event.duration_s == pytest.approx(truth["duration_s"], abs=1e-9)
    assert value.mean_w == pytest.approx(truth["mean_W"], rel=1e-12)
    assert value.energy_j == pytest.approx(truth["energy_J_mean_rule"], rel=1e-12)
    shown = value.mean_w if truth["reported"]["units"] == "Watts" else value.per_item_j * 1e3
    assert shown == pytest.approx(truth["reported"]["value"], rel=1e-9)
    assert value.trapezoid_j == pytest.approx(truth["energy_J_trapezoid"], rel=1e-9)
    assert value.difference * 1e6 == pytest.approx(truth["trap_vs_mean_ppm"], abs=0.1)


def test_the_analysers_inputs_are_parts_of_the_total_and_placeholders_are_missing(shared, tmp_path):
    _, recording = convert(shared / "data/recordings/mlperf_inference/xr12_a2_bert99_offline_2ch", tmp_path)
    with recording:
        channels = {channel.name: channel for channel in recording.sources[0].channels}
    assert channels["total.power"].rail.parent is None
    assert channels["ch1.power"].rail.parent == channels["ch2.power"].rail.parent == "total"
    assert "total.voltage" not in channels  # -1 throughout
    assert "ch3.power" not in channels  # 0 throughout: nothing plugged in
    assert channels["ch1.voltage"].rail is None  # effective values: V × I is not P


def spl(stamps, watts):
    return "".join(
        f"Time,07-26-2022 07:00:{s:02d}.000,Watts,{w},Volts,230.1,Amps,0.1,PF,0.4,Mark,x\n"
        for s, w in zip(stamps, watts, strict=True)
    )


def detail(**said):
    return "".join(
        f':::MLLOG {{"key": "{key}", "value": {json.dumps(value)}}}\n' for key, value in said.items()
    )


def test_the_rule_is_the_mean_strictly_inside_the_window(tmp_path):
    run = tmp_path / "run_1"
    run.mkdir()
    (run / "spl.txt").write_text(spl(range(10), [1, 1, 1, 2, 4, 6, 1, 1, 1, 1]))
    (run / "mlperf_log_detail.txt").write_text(
        detail(
            power_begin="07-26-2022 07:00:02.000", power_end="07-26-2022 07:00:06.000", result_query_count=8
        )
    )
    _, recording = convert(tmp_path, tmp_path)
    with recording:
        (value,) = published(recording).values
    assert value.mean_w == pytest.approx(4.0)
    assert value.energy_j == pytest.approx(16.0)
    assert value.per_item_j == pytest.approx(2.0)
    assert value.trapezoid_j == pytest.approx(0.5 * 1 + 2 + 4 + 6 + 0.5 * 1)


def test_the_rule_leaves_out_readings_of_zero_and_below(tmp_path):
    (tmp_path / "spl.txt").write_text(spl(range(7), [30, 30, -38, 0, 34, 32, 30]))
    (tmp_path / "mlperf_log_detail.txt").write_text(
        detail(
            power_begin="07-26-2022 07:00:01.000", power_end="07-26-2022 07:00:06.000", result_query_count=5
        )
    )
    log, recording = convert(tmp_path, tmp_path)
    with recording:
        (value,) = published(recording).values
    assert value.mean_w == pytest.approx(33.0)
    assert value.trapezoid_j == pytest.approx(30 * 0 + (30 + 34) / 2 * 3 + 33 + 31)  # 2 s are bridged
    (note,) = [note for note in log.warnings if note.code == "missing-values"]
    assert "2 readings of 0 W and below, as -38 (lines 3, 4)" in str(note)


@pytest.mark.parametrize(
    ("version", "watts"), [("2.0 @ 701847516c", 24.8), (".5a1 @ 695", 24.8), ("2.1 @ a", 31.5)]
)
def test_figures_up_to_version_2_0_counted_readings_below_zero(tmp_path, version, watts):
    (tmp_path / "spl.txt").write_text(spl(range(7), [-2, 30, 30, -2, 34, 32, 30]))
    (tmp_path / "mlperf_log_detail.txt").write_text(
        detail(
            power_begin="07-26-2022 07:00:00.500",
            power_end="07-26-2022 07:00:05.500",
            result_query_count=5,
            loadgen_version=version,
        )
    )
    _, recording = convert(tmp_path, tmp_path)
    with recording:
        (value,) = published(recording).values
    assert value.mean_w == pytest.approx(watts)


def test_a_window_of_another_run_is_refused(tmp_path):
    (tmp_path / "spl.txt").write_text(spl(range(5), [1] * 5))
    (tmp_path / "mlperf_log_detail.txt").write_text(
        detail(power_begin="07-27-2022 07:00:02.000", power_end="07-27-2022 07:00:06.000")
    )
    with pytest.raises(DataError, match="different runs"):
        convert(tmp_path, tmp_path)


@pytest.mark.parametrize("name", TINY_RUNS)
def test_mlperf_tiny_gives_every_published_window_and_median(shared, tmp_path, name):
    folder = shared / "data/recordings/mlperf_tiny" / name
    truth = json.loads((folder / "expected.json").read_text())
    windows = truth.get("windows") or truth["trials"]
    _, recording = convert(folder, tmp_path)
    with recording:
        found = published(recording)
        assert recording.metadata["clock"] == "relative"
    assert len(found.values) == len(windows)
    for value, window in zip(found.values, windows, strict=True):
        assert value.energy_j * 1e6 == pytest.approx(window["reported_energy_uJ"], abs=0.01)
        assert value.printed_j * 1e6 == pytest.approx(window["reported_energy_uJ"], abs=1e-6)
        assert value.event.count == window["inferences"]
        # Any other rule differs by at most two samples at the edges.
        assert value.trapezoid_j == pytest.approx(value.energy_j, rel=3e-3)
    digits = 1e-3 if "windows" in truth else 1e-4
    median = truth.get("median_uJ_per_inf", found.printed_median_j * 1e6)
    assert found.median_j * 1e6 == pytest.approx(median, abs=digits)


@pytest.mark.parametrize("name", TINY_RUNS[:4])
def test_codes_give_back_the_very_floats_of_the_trace(shared, tmp_path, name):
    folder = shared / "data/recordings/mlperf_tiny" / name
    with gzip.open(folder / "trace1-energy.bin.gz") as stream:
        raw = np.frombuffer(stream.read()[5:], "<f4")
    _, recording = convert(folder, tmp_path)
    with recording:
        watts = recording.samples(1).values(recording.sources[0].channels[0])
    # W = µJ × 1e-6 / 1 ms
    assert (watts * 1e3).astype(np.float32).tolist() == raw.tolist()


def test_a_trace_without_results_takes_every_second_window(tmp_path):
    (tmp_path / "trace1-energy.bin").write_bytes(struct.pack("<Bf100f", 0xF1, 1000.0, *[2.0] * 100))
    (tmp_path / "trace1-timestamps.json").write_text("[0.0045, 0.0195, 0.0405, 0.0605, 0.0805]")
    _, recording = convert(tmp_path, tmp_path)
    with recording:
        found = published(recording)
    assert [value.event.attributes["window"] for value in found.values] == [2, 4]
    assert found.values[0].energy_j == pytest.approx(21 * 2e-6)  # samples 20…40, both included


@pytest.mark.parametrize(
    "data",
    [
        b"\xf1",
        b"\xf1" + b"\0" * 8,
        struct.pack("<Bf2f", 0xF1, float("nan"), 1, 2),
        struct.pack("<Bf2f", 0xF1, 1000, 1, float("inf")),
    ],
)
def test_a_damaged_trace_is_refused(tmp_path, data):
    (tmp_path / "trace1-energy.bin").write_bytes(data)
    with pytest.raises(DataError):
        convert(tmp_path, tmp_path)


def test_a_rule_of_a_newer_version_is_an_error(tmp_path):
    from powermeter.channel import Channel, Quantity
    from powermeter.recording import Writer

    with Writer.create(tmp_path / "new.power", {}) as writer:
        source = writer.add_source("import://x", "x", "x", [Channel("p", Quantity.POWER, 1.0)])
        writer.append(source, np.array([0, 1]), np.array([[1], [1]]))
        writer.add_fact("published_rule", {"rule": "of tomorrow", "channel": "p"})
    with Recording.open(tmp_path / "new.power") as recording, pytest.raises(DataError, match="'of tomorrow'"):
        published(recording)


def test_a_recording_without_a_rule_has_no_published_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("time (s),power (W)\n1,1\n2,1\n")
    _, recording = convert(tmp_path / "t.csv", tmp_path)
    with recording:
        assert published(recording) is None
