"""Recordings of boards, processors and graphics cards: units, clocks and totals as in expected.json.

Energies are compared before the correction that the analysis makes at the edges of a window, since the
expected ones are bare trapezoids.
"""

import csv
import gzip
import json

import numpy as np
import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording
from powermeter.result import Grade

RECORDINGS = "data/recordings"


def convert(path, tmp_path, **said):
    out = tmp_path / "out.power"
    log = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return log, Recording.open(out)


def truth(folder, name="expected.json"):
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize(("folder", "unit"), [("ina3221_csv", None), ("rpi5_pmic_csv", "W")])
def test_board_monitor_with_events(shared, tmp_path, folder, unit):
    folder = shared / RECORDINGS / folder
    expected = truth(folder)
    log, recording = convert(
        folder / expected["file"], tmp_path, unit=unit, events=folder / expected["events"]
    )
    with recording:
        samples = recording.samples(1)
        watts = samples.values(recording.sources[0].channels[0])
        found = analyse(recording)
        assert recording.metadata["clock_aligned"] is True  # the events were said to be on its clock
    assert len(watts) == expected["rows"] == expected["reported_samples"]
    assert watts.mean() == pytest.approx(expected["mean_W"], abs=1e-6)
    assert found.plain_energy == pytest.approx(expected["energy_J_trapezoid_whole"], abs=1e-5)
    assert (samples.times_ns[-1] - samples.times_ns[0]) / 1e9 == pytest.approx(
        expected["first_to_last_s"], abs=1e-9
    )
    (fit,) = [i for i, event in enumerate(found.events) if event.name == "fit"]
    event = found.events[fit]
    assert event.start_ns == round(expected["window_begin"] * 1e6) * 1000
    assert event.duration_s == pytest.approx(expected["window_s"], abs=1e-6)
    assert found.energies.plain[fit] == pytest.approx(expected["window_energy_J_trapezoid"], rel=1e-5)
    assert any("10 events" in warning and "outside" in warning for warning in log.warnings)


def test_a_header_that_lies_about_its_unit_is_doubted_aloud(shared, tmp_path):
    folder = shared / RECORDINGS / "rpi5_pmic_csv"
    log, recording = convert(folder / truth(folder)["file"], tmp_path)
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(0.14021924, rel=1e-6)  # as the header has it
    assert any("implausibly small" in w and "--unit W" in w for w in log.warnings)
    right, recording = convert(folder / truth(folder)["file"], tmp_path, unit="W")
    recording.close()
    assert not any("implausibly" in w for w in right.warnings)
    jetson = shared / RECORDINGS / "ina3221_csv"
    honest, recording = convert(jetson / truth(jetson)["file"], tmp_path)
    recording.close()
    assert not any("implausibly" in w for w in honest.warnings)


def test_a_directory_with_one_log_and_its_events_is_enough(shared, tmp_path):
    log, recording = convert(shared / RECORDINGS / "rpi5_pmic_csv", tmp_path, unit="W")
    recording.close()
    assert [event.name for event in log.events] == ["init", "fit"]


def test_a_directory_with_several_logs_is_asked_about(shared, tmp_path):
    with pytest.raises(DataError, match="several logs"):
        convert(shared / RECORDINGS / "ina3221_csv", tmp_path)


def test_jtop_table(shared, tmp_path):
    folder = shared / RECORDINGS / "ina3221_csv"
    expected = truth(folder, "agx_orin_jtop_table.expected.json")
    _, recording = convert(folder / expected["file"], tmp_path)
    with recording:
        source = recording.sources[0]
        samples = recording.samples(1)
        assert len(samples.times_ns) == expected["rows"]
        assert (samples.times_ns[-1] - samples.times_ns[0]) / 1e9 == expected["span_s"]
        assert np.diff(samples.times_ns).max() == expected["gaps_over_1s"][0][1] * 10**9
        assert recording.metadata["clock"] == "relative"
        for rail, values in expected["rails"].items():
            watts = samples.values(source.channel(f"{rail.lower()}.power"))
            assert watts.mean() * 1e3 == pytest.approx(values["mean_mW"], abs=1e-4)
            assert (watts.min() * 1e3, watts.max() * 1e3) == pytest.approx((values["min"], values["max"]))
            assert analyse(recording, rail=rail).plain_energy == pytest.approx(
                values["energy_J_trapezoid"], rel=1e-7
            )
            volts = samples.values(source.channel(f"{rail.lower()}.voltage"))
            amps = samples.values(source.channel(f"{rail.lower()}.current"))
            assert np.abs(volts * amps - watts).max() * 1e3 == pytest.approx(values["max_abs_VxI_minus_P_mW"])
        temperatures = [c for c in source.channels if c.quantity is Quantity.TEMPERATURE]
        assert {c.name for c in temperatures} >= {"cpu.temperature", "gpu.temperature"}
        assert not any(c.name.startswith("cv") for c in temperatures)  # -256000: the sensors are off
        assert min(samples.values(c).min() for c in temperatures) > 0
        assert not any("avg" in c.name for c in source.channels)


def test_nvidia_smi_without_a_header_gives_the_published_energy_per_inference(shared, tmp_path):
    for expected in truth(shared / RECORDINGS / "nvml_csv"):
        log, recording = convert(shared / RECORDINGS / "nvml_csv" / expected["file"], tmp_path)
        with recording:
            watts = recording.samples(1).values(recording.sources[0].channel("gpu.power"))
            found = analyse(recording)
        assert len(watts) == expected["rows"]
        assert watts.mean() == pytest.approx(expected["reported_avg_power_W"], rel=1e-12)
        joule = watts.mean() * expected["reported_inference_duration_s"] / expected["reported_num_inferences"]
        assert joule == pytest.approx(expected["reported_energy_per_inference_J"], rel=1e-9)
        assert found.plain_energy == pytest.approx(expected["energy_J_trapezoid_whole"], abs=1e-2)
        assert found.duration.value == pytest.approx(expected["span_s"], abs=1e-9)
        assert any("two decimals" in w for w in log.warnings)


HEADED = """timestamp, index, power.draw [W], power.draw.average [W], temperature.gpu, utilization.gpu [%], pstate
2026/07/15 01:00:00.000, 0, 100.00 W, 90.00 W, 40, 50 %, P0
2026/07/15 01:00:00.001, 1, [N/A], 20.00 W, 30, 0 %, P8
2026/07/15 01:00:01.000, 0, 200.00 W, 95.00 W, 41, 60 %, P0
2026/07/15 01:00:01.001, 1, 50.00 W, 25.00 W, 30, 0 %, P8
2026/07/15 01:00:02.000, 0, 300.00 W, 99.00 W, 42, 70 %, P0
2026/07/15 01:00:02.001, 1, 70.00 W, 25.00 W, 30, 0 %, P8
"""


def test_nvidia_smi_with_several_gpus_and_a_missing_reading(tmp_path):
    path = tmp_path / "smi.csv"
    path.write_text(HEADED)
    log, recording = convert(path, tmp_path, zone=LogZone("said", 0))
    with recording:
        (source,) = recording.sources
        assert {c.rail.name for c in source.channels if c.rail} == {"gpu0", "gpu1"}
        samples = recording.samples(source.id)
        assert samples.values(source.channel("gpu0.gpu.power")).tolist() == [100, 200, 300]
        idle = samples.values(source.channel("gpu1.gpu.power"))
        assert np.isnan(idle[0]) and idle[1:].tolist() == [50, 70]
        assert source.channel("gpu0.utilization.gpu").scale == pytest.approx(0.01)
        assert analyse(recording, rail="gpu0").plain_energy == pytest.approx(400.0)
    assert any("pstate" in w for w in log.warnings)


def test_nvidia_smi_averages_say_their_window(tmp_path):
    path = tmp_path / "smi.csv"
    path.write_text(
        "timestamp, power.draw.average [W]\n"
        + "".join(f"2026/07/15 01:00:0{i}.000, {10 + i}.00 W\n" for i in range(4))
    )
    _, recording = convert(path, tmp_path)
    with recording:
        (channel,) = recording.sources[0].channels
    assert (channel.kind, channel.window_ns) == (Kind.MEAN, 10**9)


def test_a_bare_smi_log_with_two_possible_powers_is_asked_about(tmp_path):
    path = tmp_path / "smi.log"
    path.write_text("".join(f"2026/07/15 01:00:0{i}.000, 100.00, 300.00, 40\n" for i in range(4)))
    with pytest.raises(ConfigurationError, match="--column 2=W"):
        convert(path, tmp_path)
    _, recording = convert(path, tmp_path, columns={"2": "W"})
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(300.0)


def test_wattameter_counters_give_the_difference_of_the_counters(shared, tmp_path):
    folder = shared / RECORDINGS / "rapl_nvml_wattameter"
    expected = truth(folder)["rapl"]
    _, recording = convert(folder / "rapl_wattameter.log", tmp_path)
    with recording:
        assert len(recording.samples(1).times_ns) == expected["rows"]
        for name, values in expected["channels"].items():
            rail = name.partition("[")[0]
            found = analyse(recording, rail=rail)
            assert found.energy.value == pytest.approx(values["counter_delta_J"], abs=1e-6)
            watts = recording.samples(1).values(
                recording.sources[0].channel(f"{rail.replace('-', '_')}.power")
            )
            seconds = np.diff(recording.samples(1).times_ns) / 1e9
            assert float((watts[1:] * seconds).sum()) == pytest.approx(
                values["sum_power_times_dt_J_right"], rel=1e-6
            )
            assert float((watts[1:] * seconds).sum()) == pytest.approx(values["counter_delta_J"], rel=3e-3)
        rails = {c.rail.name: c.rail.parent for c in recording.sources[0].channels}
    assert rails["cpu-0-core"] == "cpu-0" and rails["cpu-0"] == rails["cpu-1"]


def test_wattameter_gpus(shared, tmp_path):
    folder = shared / RECORDINGS / "rapl_nvml_wattameter"
    expected = truth(folder)["nvml"]
    _, recording = convert(folder / "nvml_wattameter.log", tmp_path)
    with recording:
        for name, values in expected["channels"].items():
            rail = name.partition("[")[0]
            watts = recording.samples(1).values(
                recording.sources[0].channel(f"{rail.replace('-', '_')}.power")
            )
            assert watts.mean() * 1e3 == pytest.approx(values["mean_mW"], abs=1e-4)
            assert analyse(recording, rail=rail).plain_energy == pytest.approx(
                values["energy_J_trapezoid"], rel=1e-6
            )
        hot = recording.sources[0].channel("gpu_0.temperature")
        assert recording.samples(1).values(hot)[0] == 41


def test_powermetrics_is_power_times_elapsed_and_graded_estimated(shared, tmp_path):
    folder = shared / RECORDINGS / "other_tools"
    expected = truth(folder)["powermetrics"]
    _, recording = convert(folder / "macos_powermetrics.txt", tmp_path)
    with recording:
        times = recording.samples(1).times_ns
        assert (np.diff(times) / 1e6).tolist() == pytest.approx(expected["elapsed_ms"])
        for rail, millijoule in expected["energy_mJ"].items():
            found = analyse(recording, rail=rail.lower())
            assert found.energy.value * 1e3 == pytest.approx(millijoule, abs=1e-4)
            assert found.energy.grade is Grade.ESTIMATED
        assert analyse(recording).line.rail.name == "package"
        assert recording.metadata["machine model"] == expected["machine"].partition(" ")[0]
        # The block's date, 12:37:08 +0100, is the end of the first sample.
        assert times[1] == 1_699_616_228 * 10**9


@pytest.mark.parametrize(
    ("line", "rail", "watts"),
    [
        ("Combined Power (CPU + GPU + ANE): 1172 mW", "package", 1.172),
        ("Intel energy model derived package power (CPUs+GT+SA): 2.48W", "package", 2.48),
        ("CPU Power: 823 mW", "cpu", 0.823),
    ],
)
def test_other_spellings_of_powermetrics(tmp_path, line, rail, watts):
    path = tmp_path / "pm.txt"
    block = "*** Sampled system activity (Fri Nov 10 12:37:08 2023 +0100) (500.00ms elapsed) ***\n\n"
    path.write_text((block + line + "\n") * 4)
    _, recording = convert(path, tmp_path)
    with recording:
        assert analyse(recording, rail=rail).energy.value == pytest.approx(4 * 0.5 * watts)


def test_power_gadget_gives_the_cumulative_energies(shared, tmp_path):
    folder = shared / RECORDINGS / "other_tools"
    expected = truth(folder)["intel_power_gadget"]
    _, recording = convert(folder / "intel_power_gadget.csv", tmp_path)
    with recording:
        assert analyse(recording, rail="processor-0").energy.value == pytest.approx(
            expected["reported_cumulative_processor_J"], abs=1e-9
        )
        assert analyse(recording, rail="dram-0").energy.value == pytest.approx(
            expected["reported_cumulative_dram_J"], abs=1e-9
        )
        samples = recording.samples(1)
        watts = samples.values(recording.sources[0].channel("processor_0.power"))
        right = float((watts[1:] * np.diff(samples.times_ns) / 1e9).sum())
    assert right == pytest.approx(expected["right_rectangle_from_zero_J"], abs=1e-6)
    assert right == pytest.approx(expected["reported_cumulative_processor_J"], rel=1e-3)


def test_codecarbon_totals(shared, tmp_path):
    folder = shared / RECORDINGS / "codecarbon"
    expected = truth(folder)
    log, recording = convert(folder / "emissions.csv", tmp_path)
    with (folder / "emissions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with recording:
        found = analyse(recording)
        assert found.line.rail.name == "machine"
        assert found.energy.value / 3.6e6 == pytest.approx(expected["total_energy_kWh"], rel=1e-11)
        assert found.energy.grade is Grade.ESTIMATED
        assert found.duration.value == pytest.approx(expected["total_duration_s"], abs=1e-6)
        parts = [analyse(recording, rail=rail).energy.value for rail in ("cpu", "gpu", "ram")]
        assert sum(parts) == pytest.approx(found.energy.value, rel=1e-11)
        complete = [
            row for i, row in enumerate(rows) if i not in expected["rows_without_cpu_or_total_energy"]
        ]
        assert len(found.events) == len(complete) == 26
        for i, row in enumerate(complete):
            assert found.energies.value[i] / 3.6e6 == pytest.approx(float(row["energy_consumed"]), rel=1e-9)
            assert found.events[i].attributes["timestamp"] == row["timestamp"]
    assert any("rows 4, 5" in warning for warning in log.warnings)
    assert any("began before the row above them ended" in warning for warning in log.warnings)


def test_gzip_makes_no_difference(shared, tmp_path):
    plain = shared / RECORDINGS / "rapl_nvml_wattameter" / "nvml_wattameter.log"
    packed = tmp_path / "n.log.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    left, right = importers.open_log(plain), importers.open_log(packed)
    assert left.format == right.format
    assert (left.sources[0].times_ns == right.sources[0].times_ns).all()
    assert all((a == b).all() for a, b in zip(left.sources[0].codes, right.sources[0].codes, strict=True))


# The same formats without the real recordings: made by hand, so that these stand anywhere. ----------


def test_a_small_jtop_table(tmp_path):
    path = tmp_path / "j.csv"
    path.write_text(
        "System-Time,NVPMODEL-POWER_MODE,cpu-thermal-CURR_TEMP,cv0-thermal-CURR_TEMP,VDD_IN-IN_POWER,VDD_IN-AVG_POWER\n"
        + "".join(f"23:59:5{i},MAXN,50.5,-256000,{4000 + 1000 * i},9999\n" for i in range(8, 10))
        + "00:00:00,MAXN,51.5,-256000,14000,9999\n"
    )
    log, recording = convert(path, tmp_path)
    with recording:
        assert recording.samples(1).times_ns.tolist() == [(86398 + i) * 10**9 for i in range(3)]
        assert [c.name for c in recording.sources[0].channels] == ["vdd_in.power", "cpu.temperature"]
        assert analyse(recording).plain_energy == pytest.approx((12 + 13) / 2 + (13 + 14) / 2)
        assert recording.sources[0].info["total"] == "VDD_IN"
        assert recording.sources[0].info["power mode in the first row"] == "MAXN"
    assert log.clock == "relative"


def test_a_small_wattameter_log(tmp_path):
    path = tmp_path / "w.log"
    path.write_text(
        "# 2025-10-07_09:38:40.6 - Tracking started\n"
        "# timestamp reading-time[ns] cpu-0[uJ] cpu-0-core[uJ] cpu-0[W]\n"
        + "".join(
            f"  2025-10-07_09:38:4{i}.500 65530 {1_000_000 + 7_000_000 * i} {50 * i} {7 + i}.5\n"
            for i in range(5)
        )
    )
    _, recording = convert(path, tmp_path)
    with recording:
        assert recording.samples(1).times_ns[0] == 1_759_829_920_500_000_000
        assert analyse(recording, rail="cpu-0").energy.value == pytest.approx(28.0)
        assert analyse(recording, rail="cpu-0-core").energy.value == pytest.approx(200e-6)
        kinds = {channel.name: channel.kind for channel in recording.sources[0].channels}
    counters = {"cpu_0.energy": Kind.COUNTER, "cpu_0_core.energy": Kind.COUNTER}
    assert kinds == {**counters, "cpu_0.power": Kind.MEAN}  # made of the counter, so a mean


def test_a_small_power_gadget_log_with_its_summary(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text(
        "System Time,RDTSC,Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),"
        "Cumulative Processor Energy_0(mWh)\n"
        + "".join(f"14:55:3{i}:726,1,{0.5 * (i + 1)},10.0,{5.0 * (i + 1)},1\n" for i in range(4))
        + "\nTotal Elapsed Time (sec) = 2.0\nMeasured RDTSC Frequency (GHz) = 2.6\n"
    )
    _, recording = convert(path, tmp_path)
    with recording:
        assert recording.samples(1).times_ns.tolist() == [
            0,
            500_000_000,
            1_000_000_000,
            1_500_000_000,
            2_000_000_000,
        ]
        assert analyse(recording).energy.value == pytest.approx(20.0)


def test_a_small_emissions_table(tmp_path):
    path = tmp_path / "emissions.csv"
    path.write_text(
        "timestamp,project_name,run_id,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\n"
        "2024-05-31T10:00:10,a,1,10,1e-06,0,2e-06,3e-06\n"
        "2024-05-31T11:00:30,b,2,30.5,,0,2e-06,\n"
        "2024-05-31T12:00:20,c,3,20,4e-06,0,1e-06,5e-06\n"
    )
    log, recording = convert(path, tmp_path)
    with recording:
        found = analyse(recording)
        assert [event.name for event in found.events] == ["a", "c"]
        assert found.energies.value.tolist() == pytest.approx([10.8, 18.0])
        assert found.duration.value == pytest.approx(30.0)
    assert any("rows 1 (from 0)" in warning for warning in log.warnings)
    assert not any("began before" in warning for warning in log.warnings)
