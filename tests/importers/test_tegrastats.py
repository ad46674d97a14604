"""Real tegrastats logs: rail means, spans and energies as in expected.json; never an invented watt."""

import gzip
import json

import numpy as np
import pytest

from powermeter import importers
from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.importers import Choices, open_log
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording
from powermeter.source import INTERPOLATED_TIME

LINE = "{stamp}RAM 1/2MB (lfb 1x4MB) CPU [1%@102,off] EMC_FREQ 0% GR3D_FREQ 0% CPU@37.5C {power}\n"


def log(tmp_path, lines, name="t.log"):
    path = tmp_path / name
    path.write_text("".join(lines))
    return path


def line(power, stamp=""):
    return LINE.format(stamp=stamp, power=power)


def convert(path, tmp_path, **said):
    out = tmp_path / "out.power"
    found = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return found, Recording.open(out)


def expected(shared):
    return json.loads((shared / "data/recordings/tegrastats/expected.json").read_text())


def entries(shared, powered):
    return [entry for entry in expected(shared) if bool(entry.get("rails")) == powered and "lines" in entry]


def test_every_log_with_rails_gives_its_means_span_and_energies(shared, tmp_path):
    seen = 0
    for entry in entries(shared, powered=True):
        path = shared / "data/recordings/tegrastats" / entry["file"]
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            assert stream.read(4)
        _, recording = convert(path, tmp_path)
        with recording:
            source = recording.sources[0]
            samples = recording.samples(source.id)
            span = (samples.times_ns[-1] - samples.times_ns[0]) / 1e9
            assert span == pytest.approx(entry.get("span_s", entry.get("wall_span_s")), abs=1e-6)
            rails = {channel.name.removesuffix(".power").upper(): channel for channel in source.channels}
            assert set(rails) == set(entry["rails"])
            for name, truth in entry["rails"].items():
                watts = samples.values(rails[name])
                assert len(watts) == truth["samples"]
                assert watts.mean() * 1e3 == pytest.approx(truth["mean_mW"], abs=1e-4)
                assert (watts.min() * 1e3, watts.max() * 1e3) == pytest.approx(
                    (truth["min_mW"], truth["max_mW"])
                )
                printed = source.info["last printed means in mW"][name]
                assert printed == truth["last_avg_field"]
                if "energy_mJ_trapezoid" in truth:
                    seconds = (samples.times_ns - samples.times_ns[0]) / 1e9
                    energy = float(((watts[1:] + watts[:-1]) / 2 * np.diff(seconds)).sum()) * 1e3
                    assert energy == pytest.approx(truth["energy_mJ_trapezoid"], abs=1e-3)
                seen += 1
    assert seen >= 20


def test_logs_without_power_rails_say_so(shared, tmp_path):
    without = entries(shared, powered=False)
    assert len(without) == 2
    for entry in without:
        with pytest.raises(DataError, match="no power rails") as caught:
            convert(shared / "data/recordings/tegrastats" / entry["file"], tmp_path)
        assert caught.value.exit_code == 7
        assert not (tmp_path / "out.power").exists()


def test_the_wall_clock_and_not_the_nominal_interval_gives_the_energy(shared, tmp_path):
    found, recording = convert(shared / "data/recordings/tegrastats/orin_nano_trt_100ms.raw.gz", tmp_path)
    with recording:
        samples = recording.samples(recording.sources[0].id)
        watts = samples.values(recording.sources[0].channel("vdd_in.power"))
        seconds = (samples.times_ns - samples.times_ns[0]) / 1e9
    energy = float(((watts[1:] + watts[:-1]) / 2 * np.diff(seconds)).sum())
    assert energy == pytest.approx(873.23, abs=1.0)
    assert seconds[-1] == 72.0
    assert (samples.flags & INTERPOLATED_TIME).all()
    assert any("resolution of 1 s" in warning and "± 1.4 %" in warning for warning in found.warnings)


def test_two_unconnected_inputs_are_two_channels_and_on_no_rail(shared, tmp_path):
    _, recording = convert(shared / "data/recordings/tegrastats/orinagx_32gb_all.tegrastats", tmp_path)
    with recording:
        channels = {channel.name: channel for channel in recording.sources[0].channels}
        assert len(channels) == 6
        assert channels["nc.power"].rail is None and channels["nc#2.power"].rail is None
        assert channels["vdd_gpu_soc.power"].rail.parent == channels["vdd_cpu_cv.power"].rail.parent
        assert recording.sources[0].info["may be summed"] == ["VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"]
        assert recording.metadata["clock"] == "utc"


def test_an_epoch_before_the_line_is_kept_to_the_digit(tmp_path):
    path = log(tmp_path, [line("VDD_IN 1000/1000", f"175086619{s}.2500001::") for s in range(3)])
    _, recording = convert(path, tmp_path)
    with recording:
        assert recording.samples(1).times_ns.tolist() == [
            1_750_866_190_250_000_100 + s * 10**9 for s in range(3)
        ]


def test_lines_without_any_time_are_asked_about(shared, tmp_path):
    single = shared / "data/recordings/tegrastats/single_lines_tx1_tx2_nano_agx_nx_orinnx_orinagx.txt"
    with pytest.raises(ConfigurationError, match="--rate"):
        convert(single, tmp_path)


def test_a_rate_that_is_said_is_used(tmp_path):
    path = log(
        tmp_path, [line(f"POM_5V_IN {1000 + i}/1000 POM_5V_GPU 0/0 POM_5V_CPU 204/204") for i in range(5)]
    )
    found, recording = convert(path, tmp_path, period_s=0.5)
    with recording:
        assert recording.samples(1).times_ns.tolist() == [i * 500_000_000 for i in range(5)]
        assert recording.samples(1).codes["pom_5v_in.power"].tolist() == [1000, 1001, 1002, 1003, 1004]
        assert found.clock == "relative"


def test_a_last_line_without_newline_is_not_believed(tmp_path):
    whole = [line("VDD_IN 4761mW/4778mW", f"175086619{s}.0::") for s in range(3)]
    path = log(tmp_path, [*whole, "1750866193.0::RAM 1/2MB CPU [1%@102] CPU@37C VDD_IN 4761mW/47mW"])
    found, recording = convert(path, tmp_path)
    with recording:
        assert len(recording.samples(1).times_ns) == 3
    assert any("last line" in warning for warning in found.warnings)


def test_a_zone_moves_the_axis(tmp_path):
    path = log(tmp_path, [line("VDD_IN 1mW/1mW", f"04-19-2026 01:31:1{s} ") for s in range(4)])
    plain, _ = convert(path, tmp_path)
    moved, _ = convert(path, tmp_path, zone=LogZone("said", 3600))
    assert (plain.sources[0].times_ns - moved.sources[0].times_ns).tolist() == [3600 * 10**9] * 4
    assert any("--zone" in warning for warning in plain.warnings)
    assert not any("--zone" in warning for warning in moved.warnings)


def test_an_existing_recording_is_not_overwritten(tmp_path):
    path = log(tmp_path, [line("VDD_IN 1/1", f"175086619{s}.0::") for s in range(3)])
    out = tmp_path / "run.power"
    importers.convert(path, out)
    before = out.read_bytes()
    with pytest.raises(ExistsError, match="--force"):
        importers.convert(path, out)
    assert out.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.power", "t.log"]


@pytest.mark.parametrize("names", [("VDD_GPU_SOC", "VIN_SYS_5V0"), ("FOO", "BAR")])
def test_rails_without_a_total_are_asked_about_and_never_the_first_of_them(tmp_path, names):
    power = f"{names[0]} 2000mW/1mW {names[1]} 600mW/1mW"
    path = log(tmp_path, [line(power, f"03-04-2025 10:00:{i:02d} ") for i in range(20)])
    with pytest.raises(ConfigurationError, match=f"--rail {names[0]}.*, or --sum"):
        open_log(path)
    rows = open_log(path, choices=Choices(add_up=True)).sources[0]
    assert {channel.rail.parent for channel in rows.channels} == {"all rails"}
    assert open_log(path, choices=Choices(rail=names[1])).facts["whole"]["rail"] == names[1]


def test_inputs_that_are_not_connected_are_no_rail(tmp_path):
    path = log(tmp_path, [line("NC 100mW/1mW", f"03-04-2025 10:00:{i:02d} ") for i in range(9)])
    with pytest.raises(DataError, match="no rail with power"):
        open_log(path)


def test_stamps_drop_what_is_beyond_the_second(tmp_path):
    """Two rows a second begin at its .25 and .75: a quarter and three behind the stamp that they share, half of one on average."""
    stamps = [f"07-01-2024 10:00:{k // 2:02d} " for k in range(40)]
    found = open_log(log(tmp_path, [line("VDD_IN 5000/5000", stamp) for stamp in stamps])).sources[0]
    true = np.array([(k // 2) + (0.25 + 0.5 * (k % 2)) for k in range(40)])
    rows = (found.times_ns - found.times_ns[0] + found.info["stamp_late_ns"]) / 1e9
    assert found.info["stamp_resolution_ns"] == 10**9
    assert np.abs(rows - true).max() < 0.26
