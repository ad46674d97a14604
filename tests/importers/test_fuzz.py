"""Damaged logs: whatever is cut, flipped, repeated or spliced, the answer is a log or one clear error.

The quick form runs a few fixed mutations of small logs of every text and binary format made here, and
of the real ones where they are; the slow form runs thousands.
"""

import gzip
import json
import random
import sqlite3
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from powermeter import analyse, importers
from powermeter.channel import MISSING
from powermeter.errors import DataError, PowermeterError
from powermeter.recording import Recording

pytestmark = pytest.mark.thorough

STAMP = "2025-03-28 01:56:0{i}.{i}98433"
LINES = 9


def _text(header, row, count=LINES):
    return (header + "".join(row.format(i=i, p=1000 + 7 * i) for i in range(count))).encode()


SMALL = {
    "csv.csv": _text("Timestamp (s),Power (mW)\n", STAMP + ",{p}.25\n"),
    "tegrastats.log": _text(
        "",
        "175086619{i}.25::06-25-2025 09:43:1{i} RAM 1/2MB CPU [1%@102,off] GPU@37.5C VDD_IN {p}mW/{p}mW NC 0mW/0mW\n",
    ),
    "smi.csv": _text(
        "timestamp, index, power.draw [W], temperature.gpu\n",
        "2026/07/15 01:00:0{i}.000, 0, {p}.00 W, 4{i}\n",
    ),
    "epochs.log": _text(
        "",
        "2025-03-14 09:0{i}:00 - Epoch {i}:\n2025-03-14 09:0{i}:00 - Duration: 0:01:00.00\n"
        "2025-03-14 09:0{i}:00 - Average power usage (W) for gpu: [{p}. 50.]\n",
    ),
    "worded.csv": _text("Datum;Leistung (W)\n", "1{i}. März 2025 12h30;{p},5\n"),
    "q.txt": _text(
        "",
        "==NVSMI LOG==\nTimestamp : Tue Mar  5 14:00:0{i} 2024\nGPU 00000000:01:00.0\n    GPU Power Readings\n        Power Draw : {p}.00 W\n",
    ),
    "q.xml": _text(
        "",
        "<nvidia_smi_log>\n<timestamp>Tue Mar  5 14:00:0{i} 2024</timestamp>\n"
        '<gpu id="00000000:01:00.0">\n<power_readings><power_draw>{p}.00 W</power_draw></power_readings>\n</gpu>\n</nvidia_smi_log>\n',
    ),
    "cem.txt": _text("", "duration_seconds=1{i}.5\ncpu0_package_joules={p}.5\ncpu0_dram_joules=2.{i}\n", 1),
    "esp.log": _text(
        "", "[14:03:0{i}][D][sensor:094]: 'Power': Sending state {p}.00000 W with 2 decimals of accuracy\n"
    ),
    "influx.csv": _text(
        "#datatype,string,long,dateTime:RFC3339,double,string\n,result,table,_time,_value,_field\n",
        ",,0,2025-11-27T10:00:0{i}Z,{p}.5,power_W\n",
    ),
    "p1.log": _text(
        "", "/KFM\n0-0:1.0.0(25091410000{i}S)\n1-0:1.8.1({p}.500*kWh)\n1-0:1.7.0(0{i}.200*kW)\n!1A2B\n"
    ),
    "rrd.txt": _text("   watts\n\n", "175784400{i}: {p}.5e-01\n"),
    "kasa.log": _text(
        "", "2025-09-14 10:00:0{i} {{'power_mw': {p}, 'voltage_mv': 230000, 'current_ma': 5{i}}}\n"
    ),
    "likwid.txt": _text(
        "", "Runtime: 1.{i} s\nMeasure for socket 0 on CPU 0\nDomain PKG:\nEnergy consumed: {p}.5 Joules\n"
    ),
    "sensors.txt": _text("", "10:00:0{i}\namdgpu-pci-0b00\nAdapter: PCI adapter\nPPT:   {p}.00 W\n"),
    "pmic.txt": _text("", "10:00:0{i}\n VDD_CORE_A current(7)={i}.{p}A\n VDD_CORE_V volt(15)=0.8{i}V\n"),
    "redfish.json": _text(
        "",
        'Date: Thu, 27 Nov 2025 10:00:0{i} GMT\n{{"@odata.type":"#Power.v1_5_0.Power","PowerControl":[{{"PowerConsumedWatts":{p}}}]}}\n',
    ),
    "idf.txt": _text("", "I ({p}) INA219: Bus voltage: 5.0{i} V, current: {p}.5 mA\n"),
    "dmm.csv": _text("Nr.;Zeit (s);Wert;Einheit\n", "{i};{i},5;{p},25;mA\n"),
    "watt.log": _text(
        "# timestamp reading-time[ns] cpu-0[uJ] cpu-0[W]\n",
        "  2025-10-07_09:38:4{i}.623 655{i} 23803{p} {i}.897152\n",
    ),
    "pm.txt": _text(
        "Machine model: X\n",
        "*** Sampled system activity (Fri Nov 10 12:37:0{i} 2023 +0100) (10{i}.51ms elapsed) ***\nCPU Power: {p} mW\n",
    ),
    "gadget.csv": _text(
        "Elapsed Time (sec),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),x,y\n",
        "0.{i},1.2{i},{i}.5,0,0\n",
    ),
    "jtop.csv": _text("System-Time,VDD_IN-IN_POWER,VDD_IN-IN_VOLTAGE\n", "01:22:3{i},{p},5000\n"),
    "emissions.csv": _text(
        "timestamp,duration,cpu_energy,gpu_energy,ram_energy,energy_consumed\n",
        "t,1{i}.5,1e-0{i},2e-05,3e-05,4.{i}e-05\n",
    ),
    "spl.txt": _text(
        "", "Time,07-26-2022 07:05:2{i}.790,Watts,2.{i}00000,Volts,249.9,Amps,-1.0,PF,0.4,Mark,x\n"
    ),
    "node_0.txt": _text(
        "",
        ':::MLLOG {{"time_ms": 172850926{i}000, "key": "power_reading", "value": {p}.0, "metadata": {{}}}}\n',
    ),
    "ipmi.txt": _text(
        "",
        "    Instantaneous power reading:   {p} Watts\n    IPMI timestamp:     Mon Jan  1 00:00:0{i} 2024\n",
    ),
    "stats.csv": _text(
        "", "0, pwrDraw    , 151594233073{i}500, 1{p}\n0, temp       , 151594233073{i}500, 41\n"
    ),
    "upower.txt": _text(
        "Monitoring activity from the power daemon. Press Ctrl+C to cancel.\n",
        "[14:12:5{i}.232]\tdevice changed:     /org/freedesktop/UPower/devices/battery_BAT0\n"
        "    state:               discharging\n    energy-rate:         {p} W\n",
    ),
    "igt.json": (
        "["
        + ",".join(
            [
                '{"period": {"duration": 1000.5, "unit": "ms"}, "power": {"GPU": 1.5, "unit": "W"}, "engines": 0}'
            ]
            * 9
        )
    ).encode(),
    "ppk.csv": _text("Timestamp(ms),Current(uA),D0-D7\n", "0.0{i},{p}.125,0{i}XX0000\n"),
    "rd.csv": _text(
        "Time,Voltage (V),Current (A),Accumulated current (mAh),Unix time\n",
        "x,5.0{i},0.{i},7{i},170406720{i}\n",
    ),
    "monsoon.csv": _text("Time(ms),Main(mA),Main Voltage(V),\n", "{i}.5,{p}.5,4.0,\n"),
    "otii.csv": _text(
        '"Wall-clock time (UTC)","Arc Main Current (A)","Arc Main Voltage (V)"\n',
        '"2024-01-01T00:00:0{i}Z","0.{i}","3.3"\n',
    ),
    "trials/results.json": json.dumps(
        [
            {
                "infer": {"iterations": 5},
                "power": {"samples": [1e-6] * 40, "timestamps": [["00", 3], ["01", 30]], "voltage": 1.8},
            }
        ]
    ).encode(),
    "tiny/trace1-energy.bin": struct.pack("<Bf60f", 0xF1, 1000.0, *[16.72] * 60),
    "packed.csv.gz": gzip.compress(_text("time (s),power (W)\n", "{i},{p}\n", 60), mtime=0),
}


def _binary(folder):
    """Make the binary formats that need a library to write."""
    with zipfile.ZipFile(folder / "m.ppk2", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.raw", struct.pack("<fH", 12.5, 0x5555) * 80)
        archive.writestr(
            "metadata.json", '{"metadata": {"samplesPerSecond": 1000, "startSystemTime": 1700000000000}}'
        )
    with sqlite3.connect(folder / "m.sqlite") as connection:
        connection.execute("CREATE TABLE pd_chart(Time real, VBUS real, IBUS real, CC1 real, CC2 real)")
        connection.executemany("INSERT INTO pd_chart VALUES (?, 5, 1, 0, 0)", [(i / 10,) for i in range(60)])
    connection.close()
    return {name: (folder / name).read_bytes() for name in ("m.ppk2", "m.sqlite")}


def mutate(data, rng):
    """Return a damaged copy: cut, flipped, spliced, repeated or with a field of nonsense in it."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data) + 1) if data else 0
        match rng.randrange(7):
            case 0:
                del data[at:]
            case 1 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 2:
                del data[at : at + rng.randrange(1, 40)]
            case 3:
                data[at:at] = data[rng.randrange(len(data) + 1) :][: rng.randrange(1, 200)]
            case 4:
                data[at:at] = rng.choice(NONSENSE)
            case 5:
                lines = bytes(data).split(b"\n")
                rng.shuffle(lines)
                data = bytearray(b"\n".join(lines))
            case _ if data:
                for _ in range(8):
                    data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


NONSENSE = (
    b"\0" * 9,
    b",,,,",
    b"\n\n",
    b"9" * 400,
    b"1e999",
    b"-1e-400",
    b"nan",
    b"inf",
    b"\xff\xfe",
    b'"',
    b"'",
    b"[[[[",
    b"{",
    b"\x1f\x8b",
    "½µΩ\u2028".encode(),
    b"1_000",
    b"0x1F",
    b"99999999999999999999",
    b"-",
    b"\r",
    b"%s%n",
    b"=cmd()",
    b"9999-99-99 99:99:99",
    b"a" * 5000,
)


def check(path, out):
    """Import a damaged file; anything but a sound log or our own error fails the test."""
    try:
        log = importers.open_log(path)
    except PowermeterError as error:
        assert "\n" not in str(error), str(error)
        return False
    assert log.sources
    for rows in log.sources:
        assert (np.diff(rows.times_ns) >= 0).all()
        assert len(rows.channels) == len(rows.codes)
        for channel, codes in zip(rows.channels, rows.codes, strict=True):
            assert len(codes) == len(rows.times_ns)
            assert np.isfinite(channel.scale) and channel.scale > 0
            known = np.asarray(codes)[np.asarray(codes) != MISSING]
            assert np.isfinite(known * channel.scale).all()
    if out is not None:
        from powermeter.importers.log_to_recording import write

        try:
            write(log, path, out, force=True)
        except PowermeterError as error:
            assert "without a second one" in str(error), str(error)
            return False
    return True


def fuzz(samples, folder, rng, rounds, write=False):
    imported = 0
    for name, data in samples.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        for _ in range(rounds):
            damaged = mutate(data, rng)
            path.write_bytes(damaged)
            try:
                imported += check(path, folder / "out.power" if write else None)
            except Exception as error:
                raise AssertionError(f"{name}: {error!r} after {damaged[:3000]!r}") from error
        path.unlink()
    return imported


def test_the_undamaged_samples_are_recognised_and_none_claims_to_be_exact(tmp_path):
    for name, data in {**SMALL, **_binary(tmp_path)}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        assert check(path, tmp_path / "out.power"), name
        for channel in (c for rows in importers.open_log(path).sources for c in rows.channels if c.rail):
            assert channel.accuracy.gain or channel.accuracy.model, (name, channel.name)
            assert channel.accuracy.source, (name, channel.name)


@pytest.mark.parametrize("seed", range(2))
def test_damaged_logs_give_a_log_or_a_clear_error(tmp_path, seed):
    samples = {**SMALL, **_binary(tmp_path)}
    imported = fuzz(samples, tmp_path, random.Random(seed), 3, write=seed == 0)
    assert imported > 5  # the fuzzer reaches past the front door


FOUND = {
    "two times of 1970 among those of today": "timestamp,power_W\n"
    + "".join(
        f"{t},2.0\n"
        for t in (
            *(*range(1711000000, 1711000003), *range(1711000019, 1711000023)),
            *(*range(1711003694, 1711003697), 174, 1711003675, 1711003676),
            *(*range(1711003693, 1711003697), 174, 1711003675, 1711003676),
        )
    ),
    "thousands of digits in a cell": "Time (s),power\n0,1\n1," + "9" * 40_000 + "\n2,3\n",
    "lines of thousands of digits": "<!DOCTYPE 1\n" + ("9223372036854775807" * 300 + "\n") * 20,
    "a header of thousands of brackets": "time_s,power_W" + "(" * 30_000 + "\n0,1\n1,2\n2,3\n",
    "nothing but blanks": (" " * 300 + "\n") * 200,
    "one line of blanks": " " * 30_000,
    "a charge that no unit can hold": (
        "Time,Voltage (V),Current (A),Accumulated current (mAh),Unix time\n"
        + "".join(f"x,5.0{i},0.{i},{'-1e308' if i == 0 else 70 + i},170406720{i}\n" for i in range(9))
    ),
    "a property list whose date is none": (
        "<?xml version='1.0'?><plist><dict><key>elapsed_ns</key><integer>1</integer>"
        "<key>timestamp</key><date>2024-03-0</date></dict></plist>"
    ),
    "rows that end before the column of names": "0,1,a\n0,2,b\n" * 20 + "50,3\n60\n",
    "sockets of scaphandre whose domains are a number": json.dumps(
        [
            {
                "host": {"consumption": 5e6, "timestamp": 1.7e9 + i},
                "sockets": [{"id": 0, "consumption": 4e6, "domains": 6.5}],
            }
            for i in range(5)
        ]
    ),
    "two metrics of alumet on one rail": "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    + "".join(
        f"{metric}_energy_J;2026-06-10T10:00:0{i}Z;10.5;local_machine;;local_machine;;domain=package\n"
        for i in range(5)
        for metric in ("rapl_consumed", "attributed")
    ),
    "a domain of alumet without a name": "metric;timestamp;value;resource_kind;resource_id;consumer_kind;consumer_id;__late_attributes\n"
    + "".join(
        f"rapl_consumed_energy_J;2026-06-10T10:00:0{i}Z;10.5; ;;local_machine;;domain=_total\n"
        for i in range(5)
    ),
    "three rows of which the one with a power is first": "Timestamp,Amp,Watt\n1466083001,0.6,7.2\n1466083001,0.7,9\n1466083002,0.8,x\n",
    "a Rigol header with fewer units than inputs": "X,CH1,Start,Increment,CH2\nSequence,Volt,0,1e-3\n0,1,,\n1,2,,\n",
    "a date beyond the years that nanoseconds hold": "Machine model: X\n"
    + "".join(
        f"*** Sampled system activity (Fri Nov 10 12:37:0{i} 2326 +0100) (104.51ms elapsed) ***\nCPU Power: 5{i} mW\n"
        for i in range(5)
    ),
}
"""What long runs found: hangs and crashes, made as small as they are still found with."""


@pytest.mark.parametrize("name", FOUND)
def test_what_fuzzing_found_is_a_log_or_a_clear_error(tmp_path, name):
    path = tmp_path / "found.csv"
    path.write_text(FOUND[name])
    if check(path, tmp_path / "out.power"):
        with Recording.open(tmp_path / "out.power") as recording, suppress(DataError):
            assert str(analyse(recording))


def _real(shared):
    folder = shared / "data/recordings"
    wanted = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix in (".csv", ".log", ".gz", ".txt", ".tegrastats", ".sqlite", ".raw", ".json")
        and path.name not in ("README.md", "expected.json")
    ]
    samples = {}
    for path in wanted:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        head = data[:6000] if path.suffix not in (".sqlite", ".json") else data
        samples[f"{path.parent.name}/{path.name.removesuffix('.gz')}"] = head
    return samples


def test_heads_of_real_logs_when_damaged(shared, tmp_path):
    samples = dict(random.Random(5).sample(sorted(_real(shared).items()), 12))
    fuzz(samples, tmp_path, random.Random(1), 2)


@pytest.mark.slow
def test_thousands_of_damaged_logs(tmp_path):
    samples = {**SMALL, **_binary(tmp_path)}
    seed = 20261126
    print("seed", seed)
    assert fuzz(samples, tmp_path, random.Random(seed), 400) > 500


@pytest.mark.slow
def test_thousands_of_damaged_real_logs(shared, tmp_path):
    seed = 20261127
    print("seed", seed)
    fuzz(_real(shared), tmp_path, random.Random(seed), 40)


@pytest.mark.slow
def test_damaged_jls_files_never_kill_the_process(shared, tmp_path):
    """pyjls 0.17 ends the process with a segmentation fault on several of these."""
    pytest.importorskip("pyjls", reason="pyjls is not installed (extra: joulescope)")
    data = (shared / "data/recordings/joulescope_jls/event-B.jls").read_bytes()
    fuzz({"m.jls": data}, tmp_path, random.Random(0), 60)
