"""Any table: columns and units from the header or from the user, never from a guess."""

import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.channel import Kind
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.headers import heading
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording


def table(tmp_path, text, name="t.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def convert(path, tmp_path, **said):
    out = tmp_path / "out.power"
    log = importers.convert(path, out, choices=importers.Choices(**said), force=True)
    return log, Recording.open(out)


@pytest.mark.parametrize(
    "text", ["Timestamp", "time", "Unix time", "t", "Date", "system time", "Wall-clock time"]
)
def test_headers_of_times(text):
    assert heading(text).is_time


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time (s),power (mW)", "{i},{p}"),
        ("time (s);power (mW)", "{i};{p}"),
        ("time (s)\tpower (mW)", "{i}\t{p}"),
        ("time[s]  power[mW]", "{i} {p}"),
        ("t_ms,power_mw", "{i}000,{p}"),
        ("# made by something\n\ntime (s),power (mW)", "{i},{p}"),
        ("time (s),power (mW),note", '{i},{p},"a, b"'),
        ("time (s),power (mW),", "{i},{p},"),
        ("\ufefftime (s),power (mW)", "{i},{p}"),
    ],
)
def test_spellings_of_one_table(tmp_path, header, row):
    text = header + "\n" + "".join(row.format(i=i, p=1000 + 100 * i) + "\n" for i in range(5))
    log, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        assert analyse(recording).plain_energy == pytest.approx((1.0 + 1.4) / 2 * 4)
        assert recording.metadata["clock"] == "relative"
    assert log.external


def test_crlf_decimal_commas_and_utf16(tmp_path):
    rows = "".join(f"{i},5;{1 + i},25\r\n" for i in range(4))
    for encoding in ("utf-8", "utf-16"):
        path = table(tmp_path, "Zeit time (s);Leistung power (W)\r\n" + rows, encoding=encoding)
        _, recording = convert(path, tmp_path, columns={"1": "s"})
        with recording:
            samples = recording.samples(1)
            assert samples.times_ns.tolist() == [500_000_000 + i * 10**9 for i in range(4)]
            assert samples.values(recording.sources[0].channels[0]).tolist() == [1.25, 2.25, 3.25, 4.25]


def test_voltage_and_current_of_one_rail_give_its_power(tmp_path):
    text = "time (s),Voltage (V),Current (mA)\n" + "".join(f"{i},5.0,{200 * i}\n" for i in range(5))
    _, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(8.0)


def test_two_rails_stay_two(tmp_path):
    text = "time (s),cpu power (W),gpu power (W)\n" + "".join(f"{i},1,2\n" for i in range(5))
    _, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        assert analyse(recording, rail="cpu").plain_energy == pytest.approx(4.0)
        assert analyse(recording, rail="gpu").plain_energy == pytest.approx(8.0)


def test_a_running_total_beside_a_power_is_not_the_rails_energy(tmp_path):
    text = "time (s),Power (W),Energy (Wh)\n" + "".join(f"{i},3.6,{7 + i // 4}\n" for i in range(9))
    _, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        channels = {c.name: c for c in recording.sources[0].channels}
        assert channels["energy"].kind is Kind.COUNTER and channels["energy"].rail is None
        assert analyse(recording).plain_energy == pytest.approx(28.8)


def test_a_running_total_alone_is_the_energy(tmp_path):
    text = "time (s),Energy (J)\n" + "".join(f"{i},{100 + 2 * i}\n" for i in range(5))
    _, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        assert analyse(recording).energy.value == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("first", "step", "tick"),
    [(1700000000, 1, 10**9), (1700000000000, 1000, 10**6), (1700000000000000000, 10**9, 1)],
)
def test_unix_times_are_told_by_their_size(tmp_path, first, step, tick):
    text = "timestamp,power_w\n" + "".join(f"{first + step * i},1\n" for i in range(5))
    log, recording = convert(table(tmp_path, text), tmp_path)
    with recording:
        assert recording.samples(1).times_ns[0] == first * tick
    assert log.clock == "utc"


def test_a_zone_is_said_or_read(tmp_path):
    naive = table(
        tmp_path, "time,power_w\n2024-06-01 12:00:00,1\n2024-06-01 12:00:01,1\n2024-06-01 12:00:02,1\n"
    )
    as_utc, _ = convert(naive, tmp_path)
    in_berlin, _ = convert(naive, tmp_path, zone=LogZone("said", 7200))
    aware = table(
        tmp_path,
        "time,power_w\n" + "".join(f"2024-06-01T12:00:0{i}+02:00,1\n" for i in range(3)),
        name="z.csv",
    )
    read, _ = convert(aware, tmp_path)
    assert as_utc.sources[0].times_ns[0] - in_berlin.sources[0].times_ns[0] == 7200 * 10**9
    assert read.sources[0].times_ns.tolist() == in_berlin.sources[0].times_ns.tolist()
    assert any("--zone" in note for note in as_utc.warnings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1.5\n1.6\n1.7\n", r"--rate .*--unit W"),
        (
            "time,power\n1,2\n2,3\n",
            "unit of the times, --column time=s .* unit of 'power', for example --column power=W",
        ),
        ("time (s),power\n1,2\n2,3\n", "unit of 'power', for example --column power=W or --unit W"),
        ("power (W)\n1\n2\n", "how often it was sampled, --rate 10Hz"),
        ("time (s),a,b\n1,2,3\n2,3,4\n", "unit of 'a', 'b', for example --column a=W --column b=W"),
        ("[1,2,3]\n[1,2,3]\n", "lists of bare numbers"),
    ],
)
def test_what_is_missing_is_asked_for(tmp_path, text, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        convert(table(tmp_path, text), tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.power").exists()


def test_what_was_asked_for_can_be_said(tmp_path):
    bare = table(tmp_path, "1500\n1500\n1500\n1500\n1500\n")
    _, recording = convert(bare, tmp_path, unit="mW", period_s=0.1)
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(1.5 * 0.4)
    named = table(tmp_path, "time,power\n" + "".join(f"{i},2\n" for i in range(5)))
    _, recording = convert(named, tmp_path, columns={"time": "s", "power": "W"})
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(8.0)
    _, recording = convert(named, tmp_path, unit="W", columns={"time": "ms"})
    with recording:
        assert analyse(recording).plain_energy == pytest.approx(0.008)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"columns": {"nothing": "W"}}, "no column is called 'nothing'"),
        ({"columns": {"power": "parsec"}}, "'parsec' is not a unit"),
        ({"unit": "parsec"}, "is not a unit"),
        ({"session": "x"}, "has no use for --session"),
    ],
)
def test_what_is_said_must_make_sense(tmp_path, said, says):
    with pytest.raises(ConfigurationError, match=says):
        convert(table(tmp_path, "time (s),power (W)\n1,2\n2,3\n"), tmp_path, **said)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time (s),power (W)\n", "no samples"),
        ("", "not recognised|empty"),
        ("time (s),power (W)\nx,y\nz,w\n", r"holds no numbers under its header \('x', 'y'"),
        ("time (s),power (W)\n1\n2\n3\n", "no samples"),
        ("time (s),state\n1,2\n", "unit of 'state'"),
        ("time (s),power (W)\n9,1\n1,1\n7,1\n2,1\n", "backwards"),
    ],
)
def test_no_samples_is_not_zero_watts(tmp_path, text, says):
    with pytest.raises((DataError, ConfigurationError), match=says):
        convert(table(tmp_path, text), tmp_path)
    assert not (tmp_path / "out.power").exists()


def test_blank_and_odd_fields_are_missing_and_counted(tmp_path):
    rows = [f"{i},{i}\n" for i in range(40)]
    rows[7], rows[9] = "7,\n", "9,N/A\n"
    log, recording = convert(table(tmp_path, "time (s),power (W)\n" + "".join(rows)), tmp_path)
    with recording:
        assert len(recording.samples(1).times_ns) == 40
        assert len(analyse(recording).power_trace) == 38
    assert any(
        "2 of 40 rows hold no number (1 × blank, 1 × N/A; lines 9, 11)" in note for note in log.warnings
    )


def test_watts_in_the_thousands_called_milliwatts_are_not_doubted_but_tiny_ones_are(tmp_path):
    fine, _ = convert(table(tmp_path, "time (s),power (mW)\n0,5000\n1,5100\n2,5000\n"), tmp_path)
    odd, _ = convert(table(tmp_path, "time (s),power (W)\n0,50000\n1,51000\n2,50000\n"), tmp_path)
    assert not any("implausibly" in note for note in fine.warnings)
    assert any("implausibly large" in note and "--unit mW" in note for note in odd.warnings)


def test_events_with_a_header(tmp_path):
    path = table(tmp_path, "time (s),power (W)\n" + "".join(f"{i},2\n" for i in range(11)))
    events = table(
        tmp_path, "start,end,name,count\n2,4,infer,10\n5.5,6.5,infer,20\n40,50,late,1\n", name="e.csv"
    )
    log, recording = convert(path, tmp_path, events=events)
    with recording:
        found = analyse(recording)
    assert [(e.name, e.count, e.duration_s) for e in found.events] == [("infer", 10, 2.0), ("infer", 20, 1.0)]
    assert found.energies.plain.tolist() == pytest.approx([4.0, 2.0])
    assert any("1 event of e.csv left out: outside" in note for note in log.warnings)


def test_events_of_another_clock_are_refused(tmp_path):
    path = table(tmp_path, "time (s),power (W)\n" + "".join(f"{i},2\n" for i in range(11)))
    events = table(tmp_path, "2024-01-01 00:00:00,fit_init\n2024-01-01 00:00:05,fit_end\n", name="e.csv")
    with pytest.raises(DataError, match="times are relative"):
        convert(path, tmp_path, events=events)


def test_the_hostile_files_give_no_number(shared, tmp_path):
    folder = shared / "data/recordings/hostile"
    expected = {
        "rpi5_header_only.csv": (DataError, "no samples"),
        "monsoon_header_only.csv": (DataError, "no samples"),
        "power_log_watts_only_no_header_no_time.csv": (ConfigurationError, "--rate"),
        "ina219_raw_counts_arrays_no_time_crlf.log.gz": (ConfigurationError, "no time, no unit"),
    }
    assert {path.name for path in folder.iterdir()} == set(expected)
    for name, (kind, says) in expected.items():
        with pytest.raises(kind, match=says) as caught:
            convert(folder / name, tmp_path)
        assert caught.value.exit_code in (2, 7)
        assert "\n" not in str(caught.value)
    assert importers.recognise(importers.Peek.at(folder / "monsoon_header_only.csv")).name == "monsoon"
    assert list(tmp_path.iterdir()) == []


def test_the_bare_watts_can_be_imported_when_unit_and_rate_are_said(shared, tmp_path):
    path = shared / "data/recordings/hostile/power_log_watts_only_no_header_no_time.csv"
    _, recording = convert(path, tmp_path, unit="W", period_s=0.1)
    with recording:
        watts = recording.samples(1).values(recording.sources[0].channels[0])
    assert len(watts) == 257
    assert watts.mean() == pytest.approx(42.7709, abs=1e-4)


def test_columns_of_one_name_stay_apart(tmp_path):
    text = "time (s),power (W),Power (W)\n" + "".join(f"{i},1,2\n" for i in range(5))
    with pytest.raises(ConfigurationError, match="which one is the whole"):
        convert(table(tmp_path, text), tmp_path)
    _, recording = convert(table(tmp_path, text), tmp_path, rail="input#2")
    with recording:
        samples = recording.samples(1)
        assert {name: codes.tolist()[0] for name, codes in samples.codes.items()} == {
            "power": 1,
            "power#2": 2,
        }
