"""Small logs of tools with invented values: the energy of each is worked out by hand."""

import json

import pytest

from powermeter import analyse, importers
from powermeter.analysis.integral import Integral
from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.signals.rails import choose, lines, whole


def load(tmp_path, text, name="t.log", **said):
    path = tmp_path / name
    path.write_text(text)
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices(**said), force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        found = lines(recording)
        every = {line.rail.name: line for line in (*found, *whole(found))}
        energies = {
            rail: float(Integral.of(line.power()).running[-1])
            for rail, line in every.items()
            if line.power() is not None and len(line.power()) > 1
        }
        return log, energies, choose(found).rail.name


PYRAPL = "label,timestamp,duration,pkg,dram,socket\nfoo,1780000000,1000000,10000000,2000000,0\nfoo,1780000001,1000000,12000000,2000000,0\n"


def test_pyrapl_is_in_microjoules_and_microseconds(tmp_path):
    log, energies, headline = load(tmp_path, PYRAPL, "r.csv")
    assert log.format == "intervals" and log.clock == "utc"
    assert energies["package0"] == pytest.approx(22.0) and energies["dram0"] == pytest.approx(4.0)
    assert energies[headline] == pytest.approx(26.0)
    assert [(e.name, e.duration_s) for e in log.events] == [("foo", 1.0), ("foo", 1.0)]


def test_windows_with_pauses_are_laid_one_after_another(tmp_path):
    text = "start_time,window_name,elapsed_time,gpu0_energy\n1780000000.1,a,2.0,10\n1780000100.1,b,3.0,20\n"
    log, energies, _ = load(tmp_path, text, "z.csv")
    assert energies["gpu0"] == pytest.approx(30.0) and log.clock == "relative"
    assert log.sources[0].ends_ns == (0, 5 * 10**9)
    assert any("one after another" in note for note in log.warnings)


def test_pyjoules_has_cores_inside_their_package(tmp_path):
    text = "timestamp;tag;duration;package_0;core_0;nvidia_gpu_0\n1780000000;a;1.0;5000000;1000000;2000\n1780000001;b;1.0;5000000;1000000;2000\n"
    _, energies, headline = load(tmp_path, text, "j.csv")
    assert energies["gpu0"] == pytest.approx(4.0) and energies["core0"] == pytest.approx(2.0)
    assert energies[headline] == pytest.approx(14.0)


@pytest.mark.parametrize("rows", ["", "foo,x,1,2,3,0\n", "foo,1,nan,2,3,0\n", "foo,1,-5,2,3,0\n"])
def test_rows_without_a_time_or_an_energy_are_no_stretches(tmp_path, rows):
    with pytest.raises(DataError, match="no row in it"):
        load(tmp_path, "label,timestamp,duration,pkg,dram,socket\n" + rows, "r.csv")


PERF = """
 Performance counter stats for 'system wide':

          1,131.75 Joules power/energy-pkg/
             21.50 Joules power/energy-ram/
   <not supported> Joules power/energy-gpu/

      12.501234567 seconds time elapsed
"""


def test_perf_stat_of_a_run(tmp_path):
    log, energies, _ = load(tmp_path, PERF)
    assert energies["package"] == pytest.approx(1131.75) and energies["dram"] == pytest.approx(21.5)
    assert log.sources[0].ends_ns == (0, 12_501_234_567)
    assert any("not supported" in note for note in log.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "# time counts unit events\n     1.000 14.25 Joules power/energy-pkg/\n     2.000 18.50 Joules power/energy-pkg/\n",
        "1.000,14.25,Joules,power/energy-pkg/,1,100.00,,\n2.000,18.50,Joules,power/energy-pkg/,1,100.00,,\n",
        "1.000;14.25;Joules;power/energy-pkg/;1;100.00;;\n2.000;18.50;Joules;power/energy-pkg/;1;100.00;;\n",
    ],
)
def test_perf_stat_of_intervals_begins_at_zero(tmp_path, text):
    log, energies, _ = load(tmp_path, text)
    assert energies["package"] == pytest.approx(32.75) and log.sources[0].ends_ns == (0, 2 * 10**9)


def test_perf_stat_of_two_sockets(tmp_path):
    text = "".join(
        f"{t}.000,S{s},8,{10 + s}.5,Joules,power/energy-pkg/,1,100.00,,\n" for t in (1, 2) for s in (0, 1)
    )
    _, energies, headline = load(tmp_path, text)
    assert energies["package0"] == pytest.approx(21.0) and energies["package1"] == pytest.approx(23.0)
    assert energies[headline] == pytest.approx(44.0)


def test_perf_stat_without_a_time_says_what_to_log(tmp_path):
    with pytest.raises(DataError, match="log with -I 1000"):
        load(tmp_path, "131.75,Joules,power/energy-pkg/,1,100.00,,\n")


def sample(t, watts):
    return {
        "host": {"consumption": watts * 1e6, "timestamp": t},
        "sockets": [{"id": 0, "consumption": watts * 0.9e6, "domains": []}],
    }


def test_scaphandre_is_in_microwatts(tmp_path):
    samples = [sample(1_780_000_000 + i, 10 + i % 2) for i in range(5)]
    _, energies, headline = load(tmp_path, json.dumps(samples), "s.json")
    assert (
        headline == "host"
        and energies["host"] == pytest.approx(42.0)
        and energies["socket0"] == pytest.approx(37.8)
    )


def test_a_cut_array_and_an_object_a_line_are_read_too(tmp_path):
    samples = [sample(1_780_000_000 + i, 10) for i in range(6)]
    cut = json.dumps(samples)[:-150]
    assert load(tmp_path, cut, "s.json")[1]["host"] == pytest.approx(30.0, abs=10.1)
    lines_ = "\n".join(json.dumps(entry) for entry in samples)
    assert load(tmp_path, lines_, "l.json")[1]["host"] == pytest.approx(50.0)


def test_alumet_adds_up_the_energies_of_rows(tmp_path):
    head = "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    rows = "".join(
        f"rapl_consumed_energy_J;2026-06-10T10:00:0{i}Z;{value};local_machine;;local_machine;;domain={domain}_total\n"
        for i in range(4)
        for domain, value in (("package", 10 + i), ("dram", 1))
    )
    _, energies, headline = load(tmp_path, head + rows, "a.csv")
    assert energies["package"] == pytest.approx(46.0) and energies["dram"] == pytest.approx(4.0)
    assert energies[headline] == pytest.approx(50.0)


DCGM = "#Entity   GPUTL  POWER\nID               W\n" + "".join(
    f"GPU {g}     55     {60 + g * 10 + i}.5\n" for i in range(4) for g in (0, 1)
)


def test_dcgm_cards_add_up_and_need_a_rate(tmp_path):
    with pytest.raises(ConfigurationError, match="--rate 1s"):
        load(tmp_path, DCGM)
    _, energies, headline = load(tmp_path, DCGM, period_s=1.0)
    assert (
        energies["gpu0"] == pytest.approx(186.0)
        and headline == "all GPUs"
        and energies[headline] == pytest.approx(402.0)
    )


def test_dcgm_without_power_says_which_field(tmp_path):
    with pytest.raises(DataError, match="dcgmi dmon -e 155"):
        load(tmp_path, "#Entity   GPUTL\nID\nGPU 0     55\n", period_s=1.0)


def test_rigol_counts_its_rows_from_start_by_increment(tmp_path):
    text = "X,CH1,CH2,Start,Increment,\nSequence,Volt,Ampere,-1.0e-03,2.0e-03\n" + "".join(
        f"{i},5.0,0.1,,\n" for i in range(5)
    )
    log, energies, _ = load(tmp_path, text, "r.csv")
    assert energies["input"] == pytest.approx(0.5 * 8e-3) and log.sources[0].ends_ns == (
        -1_000_000,
        7_000_000,
    )


TEK = "Record Length,5,,0.0,1.0,\nSample Interval,1e-3,,1.0e-03,1.0,\nSource,CH1,,2.0e-03,1.0,\nVertical Units,{unit},,3.0e-03,1.0,\n,,,4.0e-03,1.0,\n"


def test_tektronix_stands_beside_its_facts(tmp_path):
    _, energies, _ = load(tmp_path, TEK.format(unit="A"), "t.csv", voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 4e-3)
    with pytest.raises(DataError, match="--column CH1=A"):
        load(tmp_path, TEK.format(unit="V"), "t.csv")
    _, energies, _ = load(tmp_path, TEK.format(unit="V"), "t.csv", columns={"CH1": "A"}, voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 4e-3)


SIGLENT = (
    "Record Length,Analog:4,\nSample Interval,Analog:1.0E-03,\n{facts}Model Number,SDS1104X-U,\n{header}\n"
    "-2.0E-03,+5.0E-01,+5.0E+00\n-1.0E-03,+5.0E-01,+5.0E+00\n+0.0E+00,+5.0E-01,+5.0E+00\n1.0E-03,+5.0E-01,+5.0E+00\n"
)


@pytest.mark.parametrize(
    ("facts", "header"),
    [
        (
            "Vertical Units,CH1:A, CH2:V,,\nVertical Scale,CH1:0.5, CH2:2.0,,\nSource,CH1,CH2\n",
            "Second,Value,Value",
        ),
        ("Vertical Units,CH2:V, CH1:A,,\nSource,CH1,CH2\n", "Time,Value,Value"),
        ("", "Second,Amp,Volt"),
    ],
)
def test_siglent_tells_its_units_above_the_table(tmp_path, facts, header):
    log, energies, _ = load(tmp_path, SIGLENT.format(facts=facts, header=header), "s.csv")
    assert log.format == "oscilloscope" and energies["input"] == pytest.approx(2.5 * 3e-3)


def test_siglent_of_voltages_asks_which_input_is_a_current(tmp_path):
    text = "Record Length,Analog:2\nVertical Scale,CH1: 0.05\nSecond,Volt\n-0.001,0.2\n0.000,0.2\n0.001,0.2\n"
    with pytest.raises(DataError, match="--column CH1=A"):
        load(tmp_path, text, "s.csv")
    _, energies, _ = load(tmp_path, text, "s.csv", columns={"CH1": "A"}, voltage_v=5.0)
    assert energies["input"] == pytest.approx(1.0 * 2e-3)


MONITOR = (
    ",/intelcpu/0/temperature/0,/intelcpu/0/power/0,/intelcpu/0/power/1,/intelcpu/0/power/2,/intelcpu/0/power/3,/gpu-nvidia/0/power/0{more}\n"
    'Time,"CPU Package","CPU Package","CPU Cores","CPU Graphics","CPU Memory","GPU Package"{names}\n'
)


def test_hardware_monitor_writes_the_month_first(tmp_path):
    rows = "".join(f'11/02/2023 18:01:0{i},"50","25.5","20.5","1.5","2","30"\n' for i in range(3))
    log, energies, headline = load(tmp_path, MONITOR.format(more="", names="") + rows)
    assert log.format == "hardware-monitor" and log.sources[0].ends_ns[0] == 1_698_948_060_000_000_000
    assert headline == "CPU Package + CPU Memory + GPU Package" and energies["GPU Package"] == pytest.approx(
        60.0
    )
    parents = {c.rail.name: c.rail.parent for c in log.sources[0].channels if c.rail is not None}
    assert parents["CPU Cores"] == parents["CPU Graphics"] == "CPU Package"


def test_hardware_monitor_tells_like_names_apart_by_their_devices(tmp_path):
    rows = "".join(f'01/02/2023 18:01:0{i},"50","25.5","20.5","1.5","2","30","40"\n' for i in range(3))
    text = MONITOR.format(more=",/gpu-nvidia/1/power/0", names=',"GPU Package"') + rows
    _, energies, _ = load(tmp_path, text, rail="CPU Package")
    assert energies["gpu-nvidia 1 GPU Package"] == pytest.approx(80.0)


def test_hardware_monitor_without_power_says_what_to_tick(tmp_path):
    with pytest.raises(DataError, match="tick one"):
        load(tmp_path, ',/intelcpu/0/load/0\nTime,"CPU Total"\n01/02/2023 18:01:02,"50"\n')


def test_carbontracker_is_an_estimate_of_what_was_measured_not_predicted(tmp_path):
    text = (
        "CarbonTracker: Actual consumption for 2 epoch(s):\n\tTime:\t0:01:40\n\tEnergy:\t0.001 kWh\n"
        "CarbonTracker: Predicted consumption for 100 epoch(s):\n\tTime:\t1:23:20\n\tEnergy:\t0.05 kWh\n"
    )
    log, energies, _ = load(tmp_path, text)
    (channel,) = log.sources[0].channels
    assert energies["components"] == pytest.approx(3600.0) and channel.grade is Grade.ESTIMATED
    assert [(e.count, e.duration_s) for e in log.events] == [(2, 100.0)]


def test_codecarbon_without_parts(tmp_path):
    text = "timestamp,project_name,duration,emissions,energy_consumed\n2026-01-02T03:04:05,demo,31.5,0.001,0.0035\n"
    _, energies, _ = load(tmp_path, text, "emissions.csv")
    assert energies == {"machine": pytest.approx(12600.0)}


def test_energibridge_whose_time_lags_a_row(tmp_path):
    text = "Delta,Time,PACKAGE_ENERGY (J),USED_MEMORY\n0,1780000000000,10\n200,1780000000000,14\n200,1780000000200,18\n200,1780000000400,22\n"
    text = text.replace(",USED_MEMORY", "")
    log, energies, _ = load(tmp_path, text, "e.csv")
    assert energies["package"] == pytest.approx(12.0)
    assert log.sources[0].ends_ns == (1_780_000_000_000 * 10**6, 1_780_000_000_600 * 10**6)


def test_turbostat_counts_the_machine_not_its_cores(tmp_path):
    block = "Core\tCPU\tBusy%\tPkgWatt\n-\t-\t10.00\t{w}\n0\t0\t12.00\t{w}\n0\t4\t8.00\n"
    text = "".join(block.format(w=w) for w in (20.0, 30.0, 40.0))
    log, energies, _ = load(tmp_path, text, "t.tsv", period_s=5.0)
    assert energies["pkg"] in (pytest.approx(350.0), pytest.approx(450.0))
    assert any("rows of other kinds" in note for note in log.warnings)


def test_nvidia_smi_with_a_zone_needs_no_note(tmp_path):
    text = "timestamp, index, power.draw [W]\n" + "".join(
        f"2026-01-20T17:00:0{i}+08:00, {g}, {50 + g}.00 W\n" for i in range(5) for g in (0, 1)
    )
    log, energies, headline = load(tmp_path, text, "n.csv")
    assert energies[headline] == pytest.approx(4 * 101.0) and not any(
        "no time zone" in note for note in log.warnings
    )
    assert log.sources[0].ends_ns[0] == 1_768_899_600 * 10**9


def blocks(prefix, count=6):
    return "".join(
        f"{prefix(i)}Bus Voltage:   5.00 V\n{prefix(i)}Shunt Voltage: 20.00 mV\n{prefix(i)}Current:       200.00 mA\n\n"
        for i in range(count)
    )


def test_labelled_lines_of_a_serial_monitor(tmp_path):
    log, energies, _ = load(tmp_path, blocks(lambda i: f"20:38:{i:02d}.000 -> "))
    assert log.format == "labelled" and energies == {"input": pytest.approx(5.0)}
    with pytest.raises(ConfigurationError, match="--rate"):
        load(tmp_path, blocks(lambda i: ""))
    assert load(tmp_path, blocks(lambda i: ""), period_s=0.5)[1]["input"] == pytest.approx(2.5)


def pt5(amps_ua, raw_volts, rate_khz=5, sums=None, wide=True):
    import struct

    head = bytearray(1024)
    count = len(amps_ua)
    struct.pack_into("<Q", head, 28, (621_355_968_000_000_000 + 17_800_000_000_000_000) | 1 << 62)
    struct.pack_into("<HQQ", head, 158, 0x1000, count, 0)
    means = (sum(raw_volts) * 125e-6, sum(amps_ua) / 1000, 0.0) if sums is None else sums
    struct.pack_into("<3f", head, 176, *means)
    head[273], head[300] = 0x10, rate_khz
    body = b"".join(
        struct.pack("<iH" if wide else "<hH", a, v) for a, v in zip(amps_ua, raw_volts, strict=True)
    )
    return bytes(head) + body


def test_monsoon_pt5_is_checked_against_its_own_header(tmp_path):
    path = tmp_path / "m.pt5"
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000))
    log = importers.convert(path, tmp_path / "o.power")
    assert log.format == "monsoon-pt" and log.clock == "utc"
    with Recording.open(tmp_path / "o.power") as recording:
        assert float(Integral.of(lines(recording)[0].power()).running[-1]) == pytest.approx(0.4, rel=2e-3)
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000, sums=(4.0 * 5000, 500.0 * 5000, 0.0)))
    with pytest.raises(DataError, match="this version of the format is not known"):
        importers.open_log(path)
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000, sums=(9.0 * 5000, 100.0 * 5000, 0.0)))
    assert any("--voltage" in note for note in importers.open_log(path).warnings)


def test_powermetrics_plists_are_divided_by_nul(tmp_path):
    import plistlib

    sample_ = {
        "elapsed_ns": 10**9,
        "processor": {"cpu_energy": 3000, "gpu_energy": 1000, "ane_energy": 0, "combined_power": 4000.0},
    }
    data = b"\0".join(plistlib.dumps(sample_) for _ in range(4))
    path = tmp_path / "p.plist"
    path.write_bytes(data + b"\0" + data[:80])
    log = importers.convert(path, tmp_path / "o.power")
    assert log.format == "powermetrics-plist"
    assert not any("left out" in note for note in log.warnings)
    shorter = b"\0".join((data, plistlib.dumps({"processor": sample_["processor"]})))
    (tmp_path / "q.plist").write_bytes(shorter)
    warnings = importers.open_log(tmp_path / "q.plist").warnings
    assert "1 samples without a length were left out" in warnings
    with Recording.open(tmp_path / "o.power") as recording:
        energies = {line.rail.name: float(Integral.of(line.power()).running[-1]) for line in lines(recording)}
    assert energies["package"] == pytest.approx(16.0) and energies["cpu"] == pytest.approx(12.0)
    assert {c.grade for c in log.sources[0].channels} == {Grade.ESTIMATED}


def answer(*series, kind="matrix"):
    result = [
        {
            "metric": {"__name__": name, **labels},
            "values": [[1_780_000_000 + 10 * i, str(v)] for i, v in enumerate(values)],
        }
        for name, labels, values in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


def test_prometheus_counters_and_gauges(tmp_path):
    text = answer(
        ("node_rapl_package_joules_total", {"index": "0"}, [100, 200, 300]),
        ("node_rapl_dram_joules_total", {"index": "0"}, [10, 20, 30]),
        ("node_load1", {}, [1, 2, 3]),
    )
    log, energies, headline = load(tmp_path, text, "q.json")
    assert energies["package"] == pytest.approx(200.0) and energies[headline] == pytest.approx(220.0)
    assert any("node_load1" in note for note in log.warnings)


def test_prometheus_cards_add_up(tmp_path):
    text = answer(*(("DCGM_FI_DEV_POWER_USAGE", {"gpu": str(g)}, [50 + g] * 3) for g in (0, 1)))
    _, energies, headline = load(tmp_path, text, "q.json")
    assert energies["gpu0"] == pytest.approx(1000.0) and energies[headline] == pytest.approx(2020.0)


def test_an_instant_query_holds_no_energy(tmp_path):
    one = {"metric": {"__name__": "x_watts"}, "value": [1_780_000_000, "5"]}
    with pytest.raises(DataError, match="query_range"):
        load(
            tmp_path,
            json.dumps({"status": "success", "data": {"resultType": "vector", "result": [one]}}),
            "q.json",
        )


def test_rigol_without_row_numbers(tmp_path):
    text = "CH1,CH2,Start,Increment,\nVolt,Ampere,0.0,1.0e-03\n" + "5.0,0.2,\n" * 5
    assert load(tmp_path, text, "r.csv")[1]["input"] == pytest.approx(1.0 * 4e-3)


RECORDS = [{"time": 1_780_000_000 + i, "power": {"total_w": 5 + i % 2}, "note": "x"} for i in range(6)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORDS),
        "\n".join(json.dumps(record) for record in RECORDS),
        json.dumps({"samples": RECORDS}),
        json.dumps(
            {"time": [r["time"] for r in RECORDS], "power_w": [r["power"]["total_w"] for r in RECORDS]}
        ),
    ],
)
def test_records_in_json_are_a_table(tmp_path, text):
    log, energies, headline = load(tmp_path, text, "r.json")
    assert log.format == "json" and energies[headline] == pytest.approx(27.5)


def test_json_without_records_is_no_log(tmp_path):
    with pytest.raises(DataError, match="no list of records"):
        load(tmp_path, '{"name": "x", "tasks": []}', "r.json")
    with pytest.raises(ConfigurationError, match="bare numbers"):
        load(tmp_path, "[1.5, 1.6, 1.7]", "r.json")


HISTORY = """Battery History (0% used):
                    0 (15) RESET:TIME: 2026-05-01-10-00-00
                    0 (2) 100 status=discharging health=good plug=none volt=4200 charge=3000
         +10m00s000ms (2) 099 volt=4100 charge=2960
       +1h00m00s000ms (2) 097 volt=4000 charge=2900
"""
TOTALS = """Statistics since last charge:
  Time on battery: 1h 0m 0s 0ms (99.9%) realtime, 20m 1s 5ms (33%) uptime
  Estimated power use (mAh):
    Capacity: 3500, Computed drain: 90, actual drain: 95.0-105
"""


def charge_of(tmp_path, text):
    path = _write(tmp_path, text)
    log = importers.convert(path, tmp_path / "o.power", force=True)
    with Recording.open(tmp_path / "o.power") as recording:
        return log, float(Integral.of(lines(recording)[0].current()).running[-1])


def test_batterystats_counts_what_left_the_battery(tmp_path):
    log, charge = charge_of(tmp_path, HISTORY)
    assert log.clock == "utc" and log.sources[0].ends_ns[1] - log.sources[0].ends_ns[0] == 3600 * 10**9
    assert charge == pytest.approx(360.0)
    assert any("--voltage 3.85V" in note for note in log.warnings)


def test_batterystats_totals_are_estimated(tmp_path):
    log, charge = charge_of(tmp_path, TOTALS)
    assert charge == pytest.approx(360.0)
    assert {c.grade for c in log.sources[0].channels} == {Grade.ESTIMATED}
    with pytest.raises(DataError, match="--reset"):
        importers.open_log(_write(tmp_path, "Statistics since last charge:\n  nothing\n"))


def _write(tmp_path, text):
    path = tmp_path / "x.txt"
    path.write_text(text)
    return path


def test_a_log_of_power_supply_events(tmp_path):
    text = (
        "POWER_SUPPLY_VOLTAGE_NOW=4000000\nPOWER_SUPPLY_CURRENT_NOW=500000\nPOWER_SUPPLY_STATUS=Discharging\n"
        * 6
    )
    _, energies, headline = load(tmp_path, text, "u.txt", period_s=1.0)
    assert energies[headline] == pytest.approx(2.0 * 5)


def test_tasmota_telemetry_is_known(tmp_path):
    records = [
        {
            "Time": f"2026-05-01T10:00:{i:02d}",
            "ENERGY": {"Power": 12, "Voltage": 230, "Current": 0.06, "Total": 1.5},
        }
        for i in range(6)
    ]
    log, energies, headline = load(tmp_path, "\n".join(map(json.dumps, records)), "t.json")
    assert energies[headline] == pytest.approx(60.0) and log.sources[0].name == "Tasmota"


def test_shelly_phases_add_up(tmp_path):
    head = "timestamp,a_total_act_energy,a_total_act_ret_energy,b_total_act_energy,a_max_act_power\n"
    text = head + "".join(f"{1_780_000_000 + 60 * i},{1 + i % 2},9,{2 - i % 2},500\n" for i in range(10))
    _, energies, headline = load(tmp_path, text, "s.csv")
    assert headline == "all phases" and energies[headline] == pytest.approx(30 * 3600.0)


def test_hwinfo_counts_the_system_and_no_limit_voltage_or_standing_battery(tmp_path):
    head = (
        'Date,Time,"Virtual Memory Committed [MB]","Core 0 VID [V]","CPU Package Power [W]","IA Cores Power [W]",'
        '"Total System Power [W]","PL1 Power Limit [W]","Remaining Capacity [Wh]","GPU Core Current [A]",\n'
    )
    rows = "".join(f"6.9.2022,16:14:{i:02d}.000,9000,1.1,20,15,35.5,115,62.305,90\n" for i in range(11))
    log, energies, headline = load(
        tmp_path, head + rows + head + '"",,,System: X,CPU,CPU,System,CPU,Battery,GPU\n', "h.CSV"
    )
    assert headline == "system" and energies == {
        "system": pytest.approx(355),
        "cpu package": pytest.approx(200),
        "ia cores": pytest.approx(150),
    }
    assert all(c.grade is Grade.MEASURED for c in log.sources[0].channels)


def test_hwinfo_without_a_system_adds_up_processor_memory_and_card(tmp_path):
    head = 'Date,Time,"CPU Package Power [W]","Total DRAM Power [W]","GPU Power [W]"\n'
    rows = "".join(f"6.9.2022,16:14:{i:02d}.000,20,3,100\n" for i in range(11))
    _, energies, headline = load(tmp_path, head + rows, "h.CSV")
    assert energies[headline] == pytest.approx(1230)


def test_powerstat_of_rapl_is_not_the_sum_of_domains_that_hold_each_other(tmp_path):
    text = "Running for 10.0 seconds (10 samples at 1.0 second intervals).\n\n"
    text += "  Time    User  Nice   Sys  Idle    IO  Run Ctxt/s  IRQ/s Fork Exec Exit  Watts   pkg-0   core   psys   TCPU\n"
    for i in range(10):
        text += f"15:05:{i:02d}   0.0   0.0   0.0  99.9   0.0    1    426    302    0    0    1   8.67    1.98   0.0{i % 3}   6.63  42.05\n"
    text += "-------- ----- ----- ----- ----- ----- ---- ------ ------ ---- ---- ---- ------ ------- ------ ------ ------\n"
    text += " Average   0.0   0.0   0.0  99.9   0.0  1.0  426.0  302.0  0.0  0.0  1.0   8.67    1.98   0.07   6.63  42.05\n"
    _, energies, headline = load(tmp_path, text)
    assert headline == "psys" and energies["psys"] == pytest.approx(66.3)
    assert energies["pkg-0"] == pytest.approx(19.8)


def test_pmt_counts_the_instants_and_not_the_driver_s_mean(tmp_path):
    text = "timestamp gpu_instant gpu_average\n" + "".join(
        f"{1733935225 + i * 0.06:.3f} {30 + i} 23.5\n" for i in range(11)
    )
    _, energies, _ = load(tmp_path, text)
    assert energies == {"gpu": pytest.approx(0.6 * 35)}


def test_a_jetson_s_input_is_the_whole_of_what_it_feeds(tmp_path):
    text = "t_ms,power_soc_mw,power_cpu_gpu_cv_mw,power_in_mw\n" + "".join(
        f"{i * 100},2308,1629,6000\n" for i in range(11)
    )
    _, energies, headline = load(tmp_path, text)
    assert headline == "in" and energies["in"] == pytest.approx(6.0)


def test_a_mean_beside_the_reading_it_is_of_is_kept_beside_it(tmp_path):
    text = "Time (mS),Current VDD_IN Power Consumption (mW),Average VDD_IN Power Consumption (mW),Current VDD_SYS_GPU Power Consumption (mW)\n"
    text += "".join(f"{i * 1000},1840,{1800 + i},153\n" for i in range(11))
    log, energies, headline = load(tmp_path, text)
    assert headline == "VDD IN" and energies["VDD IN"] == pytest.approx(18.4)
    assert any("is a mean of what stands beside it" in note for note in log.warnings)


@pytest.mark.parametrize(
    ("head", "wanted"),
    [("cpu_total_W,gpu_W", 30.0), ("cpu_total_W,cpu_core_W", 10.0), ("total_W,gpu_W", 10.0)],
)
def test_a_total_of_one_part_is_not_the_whole_beside_another(tmp_path, head, wanted):
    text = f"time_s,{head}\n" + "".join(f"{i},1,2\n" if wanted == 30 else f"{i},1,0.5\n" for i in range(11))
    _, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(wanted)


def test_amd_smi_cards_add_up_and_macmon_s_system_holds_its_chip(tmp_path):
    text = "timestamp,gpu,power_usage,hotspot_temperature\n" + "".join(
        f"{1721400000 + i},{gpu},{140 + 10 * gpu},41\n" for i in range(11) for gpu in (0, 1)
    )
    _, energies, headline = load(tmp_path, text, "a.csv")
    assert energies[headline] == pytest.approx(2900)
    lines_ = "".join(
        json.dumps(
            {
                "timestamp": f"2025-02-24T20:38:{i:02d}+00:00",
                "cpu_power": 0.2,
                "gpu_power": 0.1,
                "ane_power": 0.0,
                "all_power": 0.3,
                "sys_power": 6.0,
                "ram_power": 0.1,
            }
        )
        + "\n"
        for i in range(11)
    )
    log, energies, headline = load(tmp_path, lines_, "m.jsonl")
    assert headline == "system" and energies["system"] == pytest.approx(60)
    assert log.sources[0].channels[0].grade is Grade.ESTIMATED


def test_tasmotas_console_is_read_behind_its_own_text(tmp_path):
    path = tmp_path / "console.log"
    path.write_text(
        "".join(
            f"14:00:0{i}.000 MQT: tele/plug/SENSOR = "
            f'{{"Time":"2024-03-05T14:00:0{i}","ENERGY":{{"Total":12.3,"Power":{60 + i % 2},"Voltage":231,"Current":0.3}}}}\n'
            for i in range(9)
        )
    )
    log = importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert log.sources[0].name == "Tasmota"
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 60.5)


def test_jtops_own_statistics_are_milliwatts_with_a_total(tmp_path):
    path = tmp_path / "jtop.csv"
    rows = "".join(f'2024-03-05 14:00:0{i},"1 day, 3:00",2500,500,5000,OFF,MODE_15W\n' for i in range(9))
    path.write_text("time,uptime,Power VDD_CPU,Power VDD_SOC,Power TOT,jetson_clocks,nvp model\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(8 * 5.0)


def test_a_shelly_ems_history_is_the_energy_of_each_row(tmp_path):
    path = tmp_path / "em_data.csv"
    rows = "".join(f"2024-03-05 14:{i}0,{10 + i % 3}.50,3.00,232.0,233.5\n" for i in range(6))
    path.write_text("Date/time UTC,Active energy Wh (1),Returned energy Wh (1),Min V,Max V\n" + rows)
    importers.convert(path, tmp_path / "o.power", choices=importers.Choices())
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(6 * 11.5 * 3600)


def test_a_tektronix_row_without_a_value_has_no_stamp_either(tmp_path):
    """A time alone is no sample: before the first it would make columns of none, later one that is missing."""
    text = TEK.format(unit="A")
    alone = text.replace("Record Length,5,,0.0,1.0,", "Record Length,5,,0.0,,").replace(
        "4.0e-03,1.0", "4.0e-03,"
    )
    log, energies, _ = load(tmp_path, alone, "t.csv", voltage_v=5.0)
    assert energies["input"] == pytest.approx(5.0 * 2e-3) and len(log.sources[0].times_ns) == 3


def test_a_tektronix_row_that_ends_early_lacks_its_last_value(tmp_path):
    """Two inputs in six columns; the second row has no voltage, which is missing there and no 0."""
    facts = "Record Length,3,,\nSource,CH1,CH2\nVertical Units,A,V\n"
    rows = ",,,0.0,1.0,5.0\n,,,1.0e-03,1.0\n,,,2.0e-03,1.0,5.0\n"
    (tmp_path / "t.csv").write_text(facts + rows)
    log = importers.open_log(tmp_path / "t.csv", format="oscilloscope")
    (rows_read,) = log.sources
    assert [channel.quantity.value for channel in rows_read.channels] == ["current", "voltage"]
    assert len(rows_read.times_ns) == 3
    assert [code == MISSING for code in rows_read.codes[1].tolist()] == [False, True, False]
