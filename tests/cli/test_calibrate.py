"""`powermeter calibrate`: an INA219 that is 1.3 % and 2 mA off is found out, and its energies are right afterwards."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from powermeter import cli
from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.testing.simulation import Truth

S = 1_000_000_000
START = 40 * S
GAIN, OFFSET_A = 1.013, 0.002
VOLTS, SHUNT = 5.0, 0.1
RAIL = Rail("VDD_IN", nominal_v=VOLTS)
# INA219 data sheet (SBOS448), B grade: ±0.5 % of gain, ±1.5 mA of offset at 0.1 ohm, 0.1 mA a step here.
INA219 = (
    Channel(
        "vdd_in.current",
        Quantity.CURRENT,
        1e-4,
        RAIL,
        accuracy=Accuracy(gain=0.005, offset=0.0015, step=1e-4, noise=1e-3),
    ),
    Channel("vdd_in.voltage", Quantity.VOLTAGE, 0.004, RAIL),
    Channel("vdd_in.die", Quantity.TEMPERATURE, 0.1),
)
DMM = (Channel("current", Quantity.CURRENT, 1e-6, Rail("lead"), accuracy=Accuracy(gain=0.0005, step=1e-6)),)


def staircase(rng, low=0.05, high=1.5, steps=12, seconds=4.0):
    return Truth.steps(np.arange(steps + 1) * seconds, rng.permutation(np.linspace(low, high, steps)))


def add_ina219(writer, rng, amps, name="ina219", shunt=SHUNT):
    times = np.arange(0.001, amps.times_s[-1], 0.01)
    seen = amps.power(times) * GAIN + OFFSET_A + 1e-3 * rng.standard_normal(times.size)
    info = {"shunt_ohm": [shunt]}
    source = writer.add_source("ina219://1/0x40", name, "ina219", INA219, info)
    codes = np.column_stack([np.rint(seen / 1e-4), np.full(times.size, 1250), np.full(times.size, 250)])
    writer.append(source, START + np.rint(times * S).astype(np.int64), codes.astype(np.int64))


def add_dmm(writer, rng, amps, gain=1.0002):
    times = np.arange(0.003, amps.times_s[-1], 0.02)
    seen = amps.power(times) * gain + 2e-5 * rng.standard_normal(times.size)
    source = writer.add_source("scpi:///dev/ttyUSB0", "dmm", "scpi", DMM)
    writer.append(source, START + np.rint(times * S).astype(np.int64), np.rint(seen / 1e-6).astype(np.int64))


def write(path: Path, rng, amps, *, ina219=True, dmm=False, boot="one") -> Path:
    with Writer.create(path, {"clock": "monotonic", "boot_id": boot}) as writer:
        if ina219:
            add_ina219(writer, rng, amps)
        if dmm:
            add_dmm(writer, rng, amps)
    return path


@pytest.fixture
def rng():
    return np.random.default_rng(21)


@pytest.fixture
def both(tmp_path, rng):
    return write(tmp_path / "both.power", rng, staircase(rng), dmm=True)


def found(path: Path):
    from powermeter.calibration.store import read

    (correction,) = read(path)
    return correction


def recovered(correction) -> None:
    """Gain and offset of the true sensor lie within what the file states (±3 u)."""
    gain_u = math.hypot(math.sqrt(correction.covariance[1][1]), correction.reference_gain)
    offset_u = math.hypot(math.sqrt(correction.covariance[0][0]), correction.reference_offset)
    assert abs(correction.gain - 1 / GAIN) < 3 * gain_u < 0.0015
    assert abs(correction.offset + OFFSET_A / GAIN) < 3 * offset_u < 0.0005


REFERENCE = ["-c", "ina219/vdd_in.current", "-r", "dmm/current", "--accuracy", "0.05%"]


@pytest.mark.thorough
def test_two_sources_in_one_recording(both, tmp_path, capsys):
    out, plot = tmp_path / "ina219.toml", tmp_path / "residuals.svg"
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(out), "--plot", str(plot)]) == 0
    said = capsys.readouterr().out
    assert "ina219/vdd_in.current against dmm/current" in said and "valid        5" in said
    correction = found(out)
    recovered(correction)
    assert (correction.instrument, correction.shunt_ohm, correction.channel) == (
        "dmm",
        SHUNT,
        "vdd_in.current",
    )
    assert len(correction.date) == 10 and correction.low < 0.06 and correction.high > 1.45
    assert correction.reference_gain == pytest.approx(0.0005 / math.sqrt(3))
    drawing = plot.read_text(encoding="utf-8")
    assert "vdd_in.current as recorded" in drawing and "residual" in drawing


def test_two_recordings_of_one_boot_pair_by_quantity(tmp_path, rng):
    amps = staircase(rng)
    mine = write(tmp_path / "mine.power", rng, amps)
    theirs = write(tmp_path / "theirs.power", rng, amps, ina219=False, dmm=True)
    assert (
        cli.run(["calibrate", str(mine), "--against", str(theirs)]) == 0
    )  # the reference states its accuracy
    recovered(found(tmp_path / "mine-calibration.toml"))


def test_two_recordings_on_two_clocks_are_refused(tmp_path, rng, capsys):
    amps = staircase(rng)
    mine = write(tmp_path / "mine.power", rng, amps)
    theirs = write(tmp_path / "theirs.power", rng, amps, ina219=False, dmm=True, boot="another")
    assert cli.run(["calibrate", str(mine), "--against", str(theirs)]) == 7
    assert "powermeter align" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(4))
def test_the_corrected_recording_holds_the_truth(tmp_path, seed, capsys):
    """Criterion: 1.3 % and 2 mA against a 0.05 % reference; the energies of another run are right after `--apply`."""
    rng = np.random.default_rng(seed)
    write(tmp_path / "both.power", rng, staircase(rng), dmm=True)
    out = tmp_path / "ina219.toml"
    assert cli.run(["calibrate", str(tmp_path / "both.power"), *REFERENCE, "-o", str(out)]) == 0
    load = Truth.steps(np.cumsum([0.0, *rng.uniform(0.3, 2, 30)]), rng.uniform(0.2, 1.4, 30))
    run = write(tmp_path / "run.power", rng, load)
    with Recording.open(run) as recording:
        before, raw = analyse(recording), recording.samples(1)
    truth = VOLTS * load.energy((before.start_ns - START) / S, (before.end_ns - START) / S)
    assert cli.run(["calibrate", str(run), "--apply", str(out)]) == 0
    with Recording.open(run) as recording:
        after, again = analyse(recording), recording.samples(1)
        assert not recording.warnings
    assert not before.energy.low <= truth <= before.energy.high
    assert after.energy.low <= truth <= after.energy.high
    assert abs(before.energy.value / truth - 1) > 0.012 and abs(after.energy.value / truth - 1) < 0.001
    assert after.energy.relative < before.energy.relative / 3
    assert (raw.table() == again.table()).all()
    assert not any("outside the calibrated range" in note for note in after.notes)


def test_a_calibration_is_replaced_by_a_later_one(both, tmp_path, rng, capsys):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(good)]) == 0
    text = good.read_text(encoding="utf-8")
    assert text.startswith("# powermeter calibration")
    first = found(good)
    bad.write_text(text.replace(repr(first.gain), "2.0"), encoding="utf-8")
    run = write(tmp_path / "run.power", rng, Truth.steps([0.0, 10.0], [1.0]))
    energies = []
    for file in (good, bad, good):
        assert cli.run(["calibrate", str(run), "--apply", str(file)]) == 0
        with Recording.open(run) as recording:
            energies.append(analyse(recording).energy.value)
    assert energies[0] == energies[2] == pytest.approx(50, rel=2e-3)
    assert energies[1] == pytest.approx(2 * 1.015 * 50, rel=0.01)
    assert "1 replaced" in capsys.readouterr().out


def test_outside_the_calibrated_range_the_interval_is_wider_and_says_so(tmp_path, rng):
    write(tmp_path / "both.power", rng, staircase(rng, 0.4, 0.8), dmm=True)
    out = tmp_path / "ina219.toml"
    assert cli.run(["calibrate", str(tmp_path / "both.power"), *REFERENCE, "-o", str(out)]) == 0
    results = {}
    for name, amps in (("inside", 0.6), ("above", 2.4), ("below", 0.05)):
        run = write(tmp_path / f"{name}.power", rng, Truth.steps([0.0, 10.0], [amps]))
        assert cli.run(["calibrate", str(run), "--apply", str(out)]) == 0
        with Recording.open(run) as recording:
            results[name] = analyse(recording)
        truth = VOLTS * amps * (results[name].end_ns - results[name].start_ns) / S
        assert results[name].energy.low <= truth <= results[name].energy.high
    width = {name: a.energy.high - a.energy.low for name, a in results.items()}
    assert width["above"] > 4 * 5 * width["inside"] and width["below"] > 3 * width["inside"]
    said = {name: any("outside the calibrated range" in n for n in a.notes) for name, a in results.items()}
    assert said == {"inside": False, "above": True, "below": True}


def test_known_loads_typed_for_a_recording(tmp_path, rng, capsys):
    levels = [0.1, 0.4, 0.9, 1.4]
    run = write(tmp_path / "loads.power", rng, Truth.steps(np.arange(5) * 5.0, levels))
    loads = [f"--load={5 * i}.5s-{5 * i + 4.5}s={amps}A±0.1mA" for i, amps in enumerate(levels)]
    out = tmp_path / "loads.toml"
    arguments = ["calibrate", str(run), "-c", "vdd_in.current", *loads, "-o", str(out), "--find-shunt"]
    assert cli.run(arguments) == 0
    correction = found(out)
    assert correction.gain == pytest.approx(1 / GAIN, abs=4 * math.sqrt(correction.covariance[1][1]) + 2e-4)
    assert correction.offset == pytest.approx(
        -OFFSET_A / GAIN, abs=4 * math.sqrt(correction.covariance[0][0])
    )
    said = capsys.readouterr().out
    ohm = float(said.split("shunt        ")[1].split()[0])
    assert ohm == pytest.approx(
        SHUNT * GAIN, rel=1e-3
    )  # the chip reads 1.3 % more than it believes its shunt to be


@pytest.mark.thorough
def test_loads_are_asked_for_one_by_one_and_recorded_as_events(tmp_path, monkeypatch, capsys):
    typed = iter(["nonsense\n", "0.2A\n", "0.4A\n", "0.6A\n", ""])
    monkeypatch.setattr("sys.stdin", type("Typed", (), {"readline": staticmethod(lambda: next(typed))}))
    path = tmp_path / "loads.power"
    url = "virtual://?shape=constant&high=1W&rate=500Hz"
    arguments = [
        "calibrate",
        str(path),
        "-s",
        url,
        "-c",
        "virtual.current",
        "--dwell",
        "0.05s",
        "--accuracy",
        "0.1%",
    ]
    assert cli.run(arguments) == 7  # the load never changed
    captured = capsys.readouterr()
    assert "is not a load" in captured.err and "600.0 mA: read for 0.05 s" in captured.err
    assert "too close together" in captured.err and f"wrote {path}" in captured.err
    with Recording.open(path) as recording:
        events = recording.events()
        assert recording.count(1) > 3 and not recording.warnings
    assert [e.attributes["true"] for e in events] == [0.2, 0.4, 0.6]
    assert all(e.name == "powermeter.load" and e.duration_s >= 0.05 for e in events)


def test_loads_that_are_in_the_recording_need_not_be_typed_again(tmp_path, rng):
    levels = [0.1, 0.4, 0.9, 1.4]
    path = tmp_path / "loads.power"
    with Writer.create(path) as writer:
        add_ina219(writer, rng, Truth.steps(np.arange(5) * 5.0, levels))
        for i, amps in enumerate(levels):
            attributes = {"true": amps, "uncertainty": 5e-5, "unit": "A"}
            begin, end = START + 5 * i * S, START + (5 * i + 4) * S
            writer.add_event(Event("powermeter.load", begin, end, uid=i + 1, attributes=attributes))
    assert cli.run(["calibrate", str(path)]) == 0
    correction = found(tmp_path / "loads-calibration.toml")
    recovered(correction)
    assert correction.instrument == "known loads" and correction.shunt_ohm == SHUNT


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "--channel"),
        (["-c", "nope"], 2, "there are: ina219/vdd_in.current"),
        (["-c", "ina219/vdd_in.voltage"], 2, "needs a reference of voltage"),
        (["-c", "ina219/vdd_in.current", "-r", "dmm/current", "--accuracy", "none"], 2, "none"),
        (
            ["-c", "ina219/vdd_in.current", "-r", "ina219/vdd_in.voltage", "--accuracy", "1%"],
            7,
            "cannot be calibrated",
        ),
        (
            ["-c", "ina219/vdd_in.current", "--temperature", "ina219/vdd_in.voltage"],
            2,
            "is not a temperature",
        ),
        (["-c", "ina219/vdd_in.current", "--load", "10s-5s=1A±1mA"], 2, "ends before"),
        (["-c", "ina219/vdd_in.current", "--load", "1s-3s=1A"], 2, "how sure"),
        (["-c", "ina219/vdd_in.current", "--load", "1s-3s=1A±1mA"], 7, "too few"),
        (["-c", "ina219/vdd_in.current", "--window", "10ms"], 7, "fewer than"),
        (["-c", "ina219/vdd_in.current", "--plot", "x.gif"], 2, ".png"),
        (["--apply", "absent.toml"], 7, "cannot be read"),
        (["--apply", "absent.toml", "-o", "x"], 2, "--apply"),
    ],
)
def test_what_cannot_be_calibrated_is_one_line(both, tmp_path, capsys, monkeypatch, arguments, status, said):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["calibrate", str(both), *arguments]) == status
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [both]


def test_a_calibration_for_another_shunt_is_not_stored_unasked(both, tmp_path, rng, capsys):
    out = tmp_path / "ina219.toml"
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(out)]) == 0
    other = tmp_path / "other.power"
    with Writer.create(other) as writer:
        add_ina219(writer, rng, Truth.steps([0.0, 5.0], [1.0]), shunt=0.01)
    assert cli.run(["calibrate", str(other), "--apply", str(out)]) == 2
    assert "0.01 ohm" in capsys.readouterr().err
    assert cli.run(["calibrate", str(other), "--apply", str(out), "--force"]) == 0


@pytest.mark.parametrize("own", [Quantity.ENERGY, Quantity.POWER])
def test_a_calibrated_current_goes_before_what_the_chip_computed_itself(both, tmp_path, own):
    """An INA228 counts energy from the current that it believes; once that is corrected, voltage × current counts."""
    out, path = tmp_path / "ina219.toml", tmp_path / "run.power"
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(out)]) == 0
    kind = Kind.COUNTER if own is Quantity.ENERGY else Kind.INSTANT
    channels = (
        *INA219[:2],
        Channel("vdd_in.own", own, 1e-6, RAIL, kind),
        Channel("vdd_in.charge", Quantity.CHARGE, 1e-6, RAIL, Kind.COUNTER),
    )
    times = np.arange(1001, dtype=np.int64) * 10_000_000
    seen = round((1.0 * GAIN + OFFSET_A) / 1e-4)
    watts = seen * 1e-4 * VOLTS
    counted = np.arange(1001) * watts * 0.01 if kind is Kind.COUNTER else np.full(1001, watts)
    with Writer.create(path) as writer:
        source = writer.add_source("ina228://1/0x40", "ina228", "ina228", channels, {"shunt_ohm": SHUNT})
        columns = [
            np.full(1001, seen),
            np.full(1001, 1250),
            counted / 1e-6,
            np.arange(1001) * seen * 1e-6 / 1e-6,
        ]
        writer.append(source, times, np.rint(np.column_stack(columns)).astype(np.int64))
    with Recording.open(path) as recording:
        assert analyse(recording).energy.value == pytest.approx(10 * watts, rel=1e-6)
    assert cli.run(["calibrate", str(path), "--apply", str(out)]) == 0
    with Recording.open(path) as recording:
        analysis = analyse(recording)
    assert analysis.energy.value == pytest.approx(50, rel=1e-3)
    assert analysis.charge.value == pytest.approx(10, rel=1e-3)


def test_a_running_total_is_not_calibrated(tmp_path, rng, capsys):
    path = tmp_path / "run.power"
    channels = (Channel("rail.energy", Quantity.ENERGY, 1e-3, RAIL, Kind.COUNTER),)
    with Writer.create(path) as writer:
        source = writer.add_source("rapl://", "rapl", "rapl", channels)
        writer.append(source, np.arange(100) * S, np.arange(100))
        add_dmm(writer, rng, Truth.steps([0.0, 100.0], [1.0]))
    assert cli.run(["calibrate", str(path), "-c", "rail.energy", "-r", "current"]) == 7
    assert "running total" in capsys.readouterr().err


def test_a_gain_that_follows_the_temperature(tmp_path, rng, capsys):
    """200 ppm/°C over 30 °C: more than the line leaves, so a slope is taken, and applied where the recording has the channel."""
    path, out = tmp_path / "both.power", tmp_path / "warm.toml"
    amps = staircase(rng, 0.3, 1.5, 24)
    times = np.arange(0.001, amps.times_s[-1], 0.01)
    celsius = 25 + 15 * np.sin(times / 7)
    seen = amps.power(times) / (1 + 200e-6 * (celsius - 25)) + 1e-3 * rng.standard_normal(times.size)
    with Writer.create(path) as writer:
        source = writer.add_source("ina219://1/0x40", "ina219", "ina219", INA219)
        codes = np.column_stack([seen / 1e-4, np.full(times.size, 1250), celsius / 0.1])
        writer.append(source, START + np.rint(times * S).astype(np.int64), np.rint(codes).astype(np.int64))
        add_dmm(writer, rng, amps, gain=1.0)
    arguments = [*REFERENCE, "--temperature", "ina219/vdd_in.die", "--order", "1", "-o", str(out)]
    assert cli.run(["calibrate", str(path), *arguments]) == 0
    assert "ppm/°C" in capsys.readouterr().out
    correction = found(out)
    assert correction.temperature_slope == pytest.approx(200e-6, rel=0.1)
    assert correction.temperature_channel == "vdd_in.die"


def test_nothing_is_overwritten_unasked(both, tmp_path):
    out = tmp_path / "mine.toml"
    out.write_text("mine", encoding="utf-8")
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(out)]) == 3
    assert out.read_text(encoding="utf-8") == "mine"
    assert cli.run(["calibrate", str(both), *REFERENCE, "-o", str(both), "--force"]) == 2


@pytest.mark.thorough
def test_a_plot_is_a_picture(both, tmp_path):
    plot = tmp_path / "residuals.png"
    assert (
        cli.run(["calibrate", str(both), *REFERENCE, "-o", str(tmp_path / "x.toml"), "--plot", str(plot)])
        == 0
    )
    assert plot.read_bytes().startswith(b"\x89PNG\r\n")


def test_what_could_not_be_written_is_refused_before_anything_is_read(both, tmp_path, capsys):
    """An output that is there, the recording itself, a plot of another kind: nothing is touched."""
    out, before = tmp_path / "out.toml", both.read_bytes()
    out.write_text("mine")
    plain = ["calibrate", str(both), *REFERENCE]
    assert cli.run([*plain, "-o", str(out)]) == 3 and out.read_text() == "mine"
    (tmp_path / "p.png").write_text("mine")
    assert cli.run([*plain, "-o", str(tmp_path / "new.toml"), "--plot", str(tmp_path / "p.png")]) == 3
    assert cli.run([*plain, "-o", str(tmp_path / "new.toml"), "--plot", str(tmp_path / "p.gif")]) == 2
    assert cli.run([*plain, "-o", str(tmp_path / "new.toml"), "--plot", str(both), "--force"]) == 2
    assert not (tmp_path / "new.toml").exists() and both.read_bytes() == before
    capsys.readouterr()
