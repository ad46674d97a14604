"""`powermeter bench` on the virtual source, and the options it must refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from verb_schema import keeps_to_schema

from powermeter.analysis.energy import analyse
from powermeter.cli.bench import NOT_REACHED, bench
from powermeter.errors import ConfigurationError
from powermeter.recording import Recording
from powermeter.recording.facts import PROGRAM_FAILED
from powermeter.reports.benchmark import convergence

PROGRAM = [sys.executable, "-S", "-c", "sum(range({size}))"]


@pytest.mark.thorough
def test_a_sweep_ends_with_numbers_a_plot_and_the_recording(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    options = [
        "-s",
        "virtual://?rate=200Hz",
        "-o",
        str(tmp_path / "bench.power"),
        "--max-repeats",
        "4",
    ]
    options += [
        "--json",
        "--quiet",
        "--sweep",
        "size=1000,2000",
        "--plot",
        str(tmp_path / "bench.svg"),
        "--items",
        "4",
    ]
    result = CliRunner().invoke(bench, [*options, "--", *PROGRAM], standalone_mode=False)
    assert result.exception is None, result.output
    said = json.loads(result.stdout)
    keeps_to_schema("bench", said)
    assert [row["title"] for row in said["rows"]] == ["size=1000", "size=2000"]
    for row in said["rows"]:
        assert row["repeats"] == 4
        per_run = row["energy_per_run"]
        assert 0 <= per_run["low"] < per_run["value"] < per_run["high"] and per_run["grade"] == "simulated"
        assert row["per_item"]["value"] == pytest.approx(per_run["value"] / 4)
        assert row["ended_because"] == "repeats" and not row["reached"] and row["inner"] == []
    assert result.return_value == NOT_REACHED
    assert (tmp_path / "bench.power").exists()
    assert "half-width" in (tmp_path / "bench.svg").read_text(encoding="utf-8")


MARKING = """
import time, powermeter
time.sleep(0.1)
for _ in range(4):
    with powermeter.event("infer", n=5):
        time.sleep(0.005)
"""


@pytest.mark.thorough
def test_events_that_the_command_marks_are_counted_without_its_start_up(tmp_path: Path) -> None:
    """At 5 W an item costs a fifth of what its event of five items lasts: not the share of the whole run, whose start-up takes most of it.

    On a busy machine the first events may last longer and be left out as warm-up.
    """
    options = [
        "-s",
        "virtual://?rate=500Hz&shape=constant&high=5W&noise=0",
        "-o",
        str(tmp_path / "bench.power"),
        "--max-repeats",
        "3",
    ]
    command = [sys.executable, "-c", MARKING]
    result = CliRunner().invoke(
        bench, [*options, "--json", "--quiet", "--items", "20", "--", *command], standalone_mode=False
    )
    assert result.exception is None, result.output
    (row,) = json.loads(result.stdout)["rows"]
    (inner,) = row["inner"]
    assert (inner["label"], inner["items"], inner["events"]) == ("infer", 3 * 20, 3 * 4)
    assert row["per_item"] is None
    with Recording.open(tmp_path / "bench.power") as recording:
        lasted = [event.duration_s for event in recording.events() if event.name == "infer"]
    assert len(lasted) == 3 * 4
    assert 0.98 * min(lasted) <= inner["per_item"]["value"] <= 1.02 * max(lasted)
    assert inner["per_item"]["value"] < row["energy_per_run"]["value"] / 20


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("precision", "most", "status", "said"),
    [("100%", "12", 0, "± 100 % reached"), ("0.01%", "8", NOT_REACHED, "± 0.01 % NOT reached")],
)
def test_the_last_line_says_whether_the_precision_was_reached(
    tmp_path: Path, precision: str, most: str, status: int, said: str
) -> None:
    options = ["-s", "virtual://?rate=500Hz&shape=constant&high=3W", "-o", str(tmp_path / "bench.power")]
    options += ["--min-repeats", "8", "--max-repeats", most]
    command = [sys.executable, "-S", "-c", "import time; time.sleep(0.1)"]
    result = CliRunner().invoke(bench, [*options, "-p", precision, "--", *command], standalone_mode=False)
    last = result.stdout.splitlines()[-1]
    if (
        status == 0 and result.return_value == NOT_REACHED
    ):  # a busy machine: twelve runs that resemble each other
        assert "± 100 % NOT reached: 12 repeats were done" in last
        return
    assert result.return_value == status, result.output
    assert said in last


@pytest.mark.thorough
def test_a_failing_command_ends_it_with_its_status(tmp_path: Path) -> None:
    options = ["-s", "virtual://", "-o", str(tmp_path / "bench.power"), "--quiet"]
    command = [sys.executable, "-S", "-c", "raise SystemExit(9)"]
    result = CliRunner().invoke(bench, [*options, "--", *command], standalone_mode=False)
    assert result.return_value == 9
    assert "status 9; no more runs" in result.output
    with Recording.open(tmp_path / "bench.power") as recording:
        assert [note.code for note in recording.warnings] == [PROGRAM_FAILED]  # every report states it


@pytest.mark.thorough
def test_the_run_that_failed_is_counted_apart_and_listed(tmp_path: Path) -> None:
    """The fifth run fails after a second of work: the four before it, 0.1 s at 3 W each, are what is reported."""
    done = tmp_path / "done"
    script = f"import sys, time; f = open({str(done)!r}, 'a'); f.write('x'); n = f.tell(); f.close(); time.sleep(1 if n > 4 else 0.1); sys.exit(3 * (n > 4))"
    options = ["-s", "virtual://?rate=500Hz&shape=constant&high=3W&noise=0", "-o", str(tmp_path / "b.power")]
    command = [sys.executable, "-S", "-c", script]
    result = CliRunner().invoke(bench, [*options, "--json", "--", *command], standalone_mode=False)
    assert result.return_value == 3
    said = json.loads(result.stdout)
    keeps_to_schema("bench", said)
    (row,) = said["rows"]
    assert (row["repeats"], row["failed_runs"], row["ended_because"]) == (4, 1, "a run failed")
    with Recording.open(tmp_path / "b.power") as recording:
        found = analyse(recording)
    (label,) = found.rows
    assert (label.events, label.items) == (4, 4)
    assert label.energy.value == pytest.approx(sum(row["energies_j"]), rel=0.01)
    (raised,) = found.raised
    assert (raised.events, raised.errors, raised.is_left_out) == (5, {"RunFailed": 1}, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--precision", "5"], "precision"),
        (["--precision", "soon"], "soon"),
        (["--max-time", "later"], "later"),
        (["--sweep", "batch"], "for example batch=1,2,4"),
        (["--sweep", "batch=1,2"], "does not hold {batch}"),
        (["--sweep", "batch=1,,2"], "for example"),
        (["--sweep", "batch=1,1"], "write each value once"),
    ],
)
def test_options_out_of_range_are_one_line(options: list[str], message: str, tmp_path: Path) -> None:
    out = ["-s", "virtual://", "-o", str(tmp_path / "x.power")]
    result = CliRunner().invoke(
        bench, [*out, *options, "--", sys.executable, "-S", "-c", "0"], standalone_mode=False
    )
    assert isinstance(result.exception, ConfigurationError)
    assert message in str(result.exception) and "\n" not in str(result.exception)


def test_a_program_that_is_not_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "x.power"
    result = CliRunner().invoke(bench, ["-o", str(out), "--", "no-such-program-here"], standalone_mode=False)
    assert result.return_value == 127
    assert not out.exists()


def test_the_convergence_plot_shows_the_mark() -> None:
    lines = convergence([(30, 0.20), (35, float("inf")), (41, 0.05)], 0.05)
    assert len(lines) == 2
    assert lines[0].count("#") > 30 and "± 20 %" in lines[0]
    assert lines[0].index("|") == lines[1].index("|")


@pytest.mark.thorough
@pytest.mark.parametrize("parameter", ["n", "name", "self"])
def test_a_swept_parameter_may_have_any_name(parameter: str, tmp_path: Path) -> None:
    out = tmp_path / "bench.power"
    options = [
        "-s",
        "virtual://?rate=200Hz",
        "-o",
        str(out),
        "--min-repeats",
        "8",
        "--max-repeats",
        "1",
        "-q",
    ]
    program = [sys.executable, "-S", "-c", f"sum(range({{{parameter}}}))"]
    result = CliRunner().invoke(
        bench, [*options, "--sweep", f"{parameter}=1000,2000", "--", *program], standalone_mode=False
    )
    assert result.exception is None, result.output
    with Recording.open(out) as recording:
        events = [event for event in recording.events() if event.name == "bench"]
    assert [event.attributes[parameter] for event in events] == ["1000", "2000"]
    assert [event.count for event in events] == [1, 1]
