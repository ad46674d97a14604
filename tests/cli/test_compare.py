"""`powermeter compare` from the command line: what is printed, the exit status as a gate, what is refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.comparison import runs as analysed
from powermeter.events import Event
from powermeter.recording import Writer

SECOND = 1_000_000_000


def write(path, level, seed, utc_s=0):
    """Write 30 events of 0.2 s about `level` W and as many of `load` at 4 W."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, 32 * 100) / 100
    power, events = np.ones(times.size), []
    run = 1 + 0.003 * rng.standard_normal()
    for i in range(60):
        start, name = 0.5 + i * 0.5, "load" if i % 2 else "infer"
        watts = (4.0 if i % 2 else level) * run * (1 + 0.02 * rng.standard_normal())
        power[(times >= start) & (times < start + 0.2)] = watts
        first, last = round((start - 0.005) * SECOND), round((start + 0.195) * SECOND)  # between two samples
        events.append(Event(name, first, last, uid=i + 1))
    channel = Channel(
        "vdd.power", Quantity.POWER, 1e-3, Rail("VDD_IN", covers="the board"), accuracy=Accuracy(gain=0.01)
    )
    with Writer.create(path, {"clock": "monotonic", "host": {"name": "pi"}}) as writer:
        source = writer.add_source("ina219://1/0x40", "ina219", "ina219", (channel,), {"serial": "7"})
        writer.append(
            source, (times * SECOND).astype(np.int64), np.rint(power * 1e3).astype(np.int64)[:, None]
        )
        writer.add_clock_pair(0, (1_700_000_000 + utc_s) * SECOND)
        writer.add_events(events)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Five recordings a side that took turns, and the first of each under a name of its own."""
    folder = tmp_path_factory.mktemp("turns")
    for turn, side in enumerate("ABBAABBAAB"):
        name, level = ("base", 6.3) if side == "A" else ("small", 5.6)
        write(folder / f"{name}-{turn}.power", level, turn, 60 * turn)
    write(folder / "base.power", 6.3, 11)
    write(folder / "small.power", 5.6, 12)
    return folder


@pytest.fixture(scope="module")
def once():
    """Analyse each of those recordings once for every way it is asked, whichever test asks."""
    known = {}

    def analyse(recording, _of=analysed.analyse, **asked):
        key = recording.path.name, repr(asked)
        if key not in known:
            known[key] = _of(recording, **asked)
        return known[key]

    return analyse


@pytest.fixture
def runs(written, once, tmp_path, monkeypatch):
    """A copy of those recordings in the working folder of a test."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(analysed, "analyse", once)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


BASE, SMALL = "base-*.power", "small-*.power"


def test_the_table_fits_eighty_columns(runs, capsys):
    assert cli.run(["compare", BASE, SMALL]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80 and "\x1b" not in text
    lines = {line.split()[0]: line for line in text.splitlines()[:8] if line.startswith(("infer", "load"))}
    assert lines["infer"].endswith("less") and "same within" in lines["load"]
    for wanted in (
        "small-1.power and 4 more against base-0.power and 4 more",
        "one instrument",
        "the board",
        "in turns",
    ):
        assert wanted in text, wanted


def test_a_difference_that_is_not_that_of_the_means_beside_it_is_named(runs, capsys):
    """Runs in order: a drift is taken out of B − A, and not of the means of the sides."""
    sides = "base-0.power,base-3.power", "small-5.power,small-6.power,small-9.power"
    assert cli.run(["compare", *sides, "--label", "infer", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (row,), codes = said["rows"], {note["code"]: note["text"] for note in said["notes"]}
    plain = row["b"]["value"] - row["a"]["value"]
    half = (row["difference"]["high"] - row["difference"]["low"]) / 2
    assert abs(row["difference"]["value"] - plain) > 0.01 * half, "the case is of this kind"
    assert f"differ by {1000 * plain:.4g} mJ" in codes["difference-adjusted"], codes
    assert cli.run(["compare", "base.power", "small.power", "--label", "infer", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (row,), codes = said["rows"], {note["code"] for note in said["notes"]}
    assert row["difference"]["value"] == pytest.approx(row["b"]["value"] - row["a"]["value"], rel=1e-9)
    assert "difference-adjusted" not in codes


def test_a_baseline_that_was_subtracted_is_named(runs, capsys):
    assert cli.run(["compare", "base.power", "small.power", "--baseline", "1W"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "A: a baseline of 1.000 W (given) is subtracted" in text and "B: a baseline of" in text
    assert cli.run(["compare", "base.power", "small.power", "--baseline", "1W", "--of", "time"]) == 0
    assert "subtracted" not in capsys.readouterr().out


def test_one_recording_a_side_is_said_to_be_these_runs(runs, capsys):
    assert cli.run(["compare", "base.power", "small.power", "--label", "infer"]) == 0
    text = capsys.readouterr().out
    assert "runs: less" in text and "not the programs" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80 and "load " not in text and "infer " in text


def test_a_wide_terminal_has_one_table(runs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "190")
    assert cli.run(["compare", BASE, SMALL]) == 0
    text = capsys.readouterr().out
    assert "Statistical power" not in text and "1.26" in text and text.count("±") > 5


def test_json_has_the_numbers(runs, capsys):
    assert cli.run(["compare", BASE, SMALL, "--json", "--label", "infer"]) == 0
    said = json.loads(capsys.readouterr().out)
    (row,) = said["rows"]
    assert said["one_instrument"] and row["verdict"] == "less" and row["repeats_needed"] == 0
    assert row["ratio"]["low"] < 5.6 / 6.3 < row["ratio"]["high"]
    assert row["difference"]["unit"] == "J" and row["a"]["value"] == pytest.approx(6.3 * 0.2, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([BASE, SMALL, "--fail-if", "more"], 0),
        ([SMALL, BASE, "--fail-if", "more"], 9),
        ([SMALL, BASE, "--fail-if", "more", "--margin", "30%"], 0),
        ([SMALL, BASE, "--fail-if", "same", "--margin", "30%"], 9),
        ([BASE, SMALL, "--fail-if", "cannot-tell"], 0),
        ([BASE, SMALL, "--fail-if", "less,more", "--label", "load"], 0),
        ([f"{BASE}:load", f"{BASE}:infer", "--fail-if", "more"], 9),
        (["base.power", "--label", "load", "--label", "infer", "--fail-if", "more"], 9),  # they took turns
        (["small.power", "base.power", "--fail-if", "cannot-tell"], 9),
        ([BASE, SMALL, "--other-instruments", "--of", "power", "--label", "infer", "--fail-if", "less"], 9),
    ],
)
def test_the_exit_status_is_a_gate(runs, capsys, arguments, status):
    assert cli.run(["compare", *arguments]) == status
    error = capsys.readouterr().err
    assert ("--fail-if" in error) == (status == 9)


def test_a_gate_rests_on_what_is_known_about_the_programs(runs, capsys):
    """One recording a side used more; that the program does is not known, and the gate says why it passes."""
    assert cli.run(["compare", "small.power", "base.power", "--label", "infer", "--fail-if", "more"]) == 0
    error = capsys.readouterr().err
    assert "--fail-if passes: infer: this run of base.power used more" in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["base.power"], 2, "name both"),
        (["base.power", "none.power"], 7, "none.power"),
        (["base.power", "x-*.power"], 2, "no recording"),
        (["base.power", "small.power", "--label", "train"], 2, "there are infer, load"),
        (["base.power", "small.power", "--fail-if", "worse"], 2, "cannot-tell"),
        (["base.power", "small.power", "--margin", "much"], 2, "much"),
        (["base.power", "small.power", "--margin=-5%"], 2, "margin"),
        (["base.power", "small.power", "--margin", "2"], 2, "write 2%"),
        (["base.power", "small.power", "--by", "a,,b"], 2, "commas"),
        (["base.power", "small.power", "--rail", "a,b,c"], 2, "two sides"),
        (["base.power", "small.power", "--rail", "nope"], 2, "there are"),
        (["base.power", "small.power", "--rail", "nope,VDD_IN"], 2, "there are"),
        (["base.power", "small.power", "--rail", "VDD_IN,nope"], 2, "there are"),
        (["base.power", "small.power", "--block", "input"], 7, "attribute 'input'"),
        (["base.power", "small.power", "--block", "input", "--paired"], 2, "not both"),
        (["base.power:infer[model]", "small.power"], 2, "infer[model=small"),
        (["base.power,base.power", "small.power"], 2, "twice"),
    ],
)
def test_unusable_options_are_one_line(runs, capsys, arguments, status, said):
    assert cli.run(["compare", *arguments]) == status
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_help_opens_with_an_example(capsys):
    assert cli.run(["compare", "--help"]) == 0
    text = capsys.readouterr().out
    assert "powermeter compare base.power small.power" in text and "Exit status 9" in text


def test_labels_cannot_steer_the_terminal(runs, capsys):
    for name, level in (("x", 5.0), ("y", 5.0)):
        channel = Channel("p", Quantity.POWER, 1e-3, Rail("R"))
        with Writer.create(f"{name}.power", {"clock": "monotonic"}) as writer:
            source = writer.add_source("test://", "m", "test", (channel,), {})
            writer.append(source, np.arange(400) * SECOND // 100, np.full((400, 1), round(level * 1e3)))
            writer.add_events(
                [
                    Event("[red]\x1b[2J", i * SECOND // 2, i * SECOND // 2 + SECOND // 5, uid=i + 1)
                    for i in range(1, 6)
                ]
            )
    assert cli.run(["compare", "x.power", "y.power"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "[red]" in out
