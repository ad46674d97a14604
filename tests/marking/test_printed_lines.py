"""Events from the lines that a program prints."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest
from waiting import CEILING_S, is_alive

from powermeter.errors import ConfigurationError
from powermeter.marking.printed_lines import ByPattern, PrintedEvent, PrintedMarks
from powermeter.recording import Recording

RECORD = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", "virtual://?rate=100Hz"]


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        (
            r"(?P<name>\w+) took (?P<ms>[\d.]+) ms",
            "infer took 2.5 ms",
            PrintedEvent("infer", 7_500_000, 10_000_000),
        ),
        (
            r"t=(?P<us>\d+)us n=(?P<n>\d+)",
            "t=1000us n=8",
            PrintedEvent("t=1000us n=8", 9_000_000, 10_000_000, 8),
        ),
        (
            r"epoch (?P<number>\d+)",
            "epoch 3",
            PrintedEvent("epoch 3", 10_000_000, 10_000_000, 1, {"number": 3}),
        ),
        (r"(?P<name>x) (?P<items>\S+)", "x many", PrintedEvent("x", 10_000_000, 10_000_000, None)),
        (r"(?P<name>x)(?P<loss>[\d.]+)?", "x", PrintedEvent("x", 10_000_000, 10_000_000)),
    ],
)
def test_a_line_becomes_an_event_by_the_groups_of_a_pattern(pattern, line, found):
    assert ByPattern(pattern)(line, 10_000_000, 0) == [found]
    assert ByPattern(pattern)("something else", 10_000_000, 0) == []


def test_a_broken_pattern_is_refused():
    with pytest.raises(ConfigurationError, match="not a regular expression"):
        ByPattern("(unclosed")


@pytest.mark.parametrize("text", ["a\0b", "größe", "-x"])
def test_a_pattern_may_hold_what_no_argument_of_a_program_may(text):
    read = ByPattern(text)
    assert [event.name for event in read(text, 10_000_000, 0)] == [text] and read.problems == []
    read.close()


def test_an_empty_pattern_is_refused():
    with pytest.raises(ConfigurationError, match="empty"):
        ByPattern("")


def test_a_duration_that_cannot_be_one_makes_a_mark_and_is_counted():
    read = ByPattern(r"(?P<name>x) took (?P<ms>\S+) ms( (?P<s>\S+) s)?")
    for line in ("x took -5 ms", "x took nan ms", "x took 5 ms 1 s"):
        (event,) = read(line, 10_000_000, 0)
        assert event.start_ns == event.end_ns == 10_000_000
    assert read("x took 5 ms", 10_000_000, 0)[0].start_ns == 5_000_000
    (problem,) = read.problems
    assert problem.startswith("--events-from found 3 lines with no duration")
    read.close()


@pytest.mark.thorough
def test_a_pattern_that_backtracks_for_ever_ends_and_its_lines_are_reported():
    read = ByPattern(r"(?P<name>(a+)+)b took (?P<ms>\d+)")
    hopeless = "a" * 41 + "c"
    found = read.read_all(["aaab took 5", hopeless, "aab took 2", *[hopeless] * 20, "ab took 1"], 10_000_000)
    read.close()
    assert [(e.name, e.end_ns - e.start_ns) for e in found] == [("aaa", 5_000_000), ("aa", 2_000_000)]
    (problem,) = read.problems
    assert problem.startswith(
        "--events-from takes too long in 4 lines: not searched, and 18 lines after them"
    )


@pytest.mark.thorough
def test_a_recording_with_such_a_pattern_ends(tmp_path):
    path = tmp_path / "run.power"
    done = record(path, r"(?P<name>(a+)+)b took (?P<ms>\d+)", "print('aab took 5\\n' + 'a' * 41 + 'c')")
    assert done.returncode == 0 and b"takes too long in 1 line" in done.stderr
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["aa"]


def test_lines_arrive_in_any_pieces(running):
    marks = PrintedMarks(running.log, ByPattern("infer"))
    for piece in (b"in", b"fer\nnot this\nan", b" infer", b"\xff\r\n", b"infer"):
        marks.take(1, piece)
    marks.take(2, b"other infer\n")
    assert marks.found == 3
    marks.end(1)
    assert marks.found == 4
    assert len(running.end()) == 4


def command(path, pattern, code):
    program = [sys.executable, "-c", textwrap.dedent(code)]
    return [*RECORD, "-o", str(path), "--events-from", pattern, "--", *program]


def record(path, pattern, code):
    return subprocess.run(command(path, pattern, code), capture_output=True, timeout=CEILING_S, check=False)


def test_a_command_is_not_changed_and_its_lines_are_events(tmp_path):
    """It prints a line when it is asked to, and is asked when the line before has arrived: each has its own time."""
    code = """
        import sys
        for number, _ in zip(range(3), sys.stdin):
            print(f"step {number}: 40.0 ms for 8 images")
        print("and to stderr", file=sys.stderr)
        sys.exit(37)
    """
    path, asked, arrived = tmp_path / "run.power", [], []
    pattern = r"(?P<name>step) (?P<number>\d): (?P<ms>[\d.]+) ms for (?P<n>\d+)"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command(path, pattern, code), **pipes) as program:
        for number in range(3):
            asked.append(time.monotonic_ns())
            program.stdin.write(b"go\n")
            program.stdin.flush()
            assert program.stdout.readline() == b"step %d: 40.0 ms for 8 images\n" % number
            arrived.append(time.monotonic_ns())
        out, errors = program.communicate(timeout=CEILING_S)
    assert (program.returncode, out) == (37, b"")
    assert b"and to stderr\n" in errors
    with Recording.open(path) as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"]
        found = recording.events()
    assert [(event.name, event.count, event.attributes) for event in found] == [
        ("step", 8, {"number": number}) for number in range(3)
    ]
    for before, event, after in zip(asked, found, arrived, strict=True):
        assert before < event.end_ns <= after, "it ended when its line came"
        assert event.duration_s == pytest.approx(0.04)


@pytest.mark.thorough
def test_a_pattern_that_never_fits_is_reported(tmp_path):
    done = record(tmp_path / "run.power", "never", "print('something else')")
    assert done.returncode == 0 and b"no line that it printed" in done.stderr


@pytest.mark.thorough
def test_a_background_process_that_keeps_the_output_does_not_hold_us_up(tmp_path):
    """It holds it until the test ends it, which is after `record` has returned."""
    number, end = tmp_path / "number", tmp_path / "end"
    # Its folder may be gone before it looks again.
    wait = f"import os, time\nwhile os.path.exists({str(tmp_path)!r}) and not os.path.exists({str(end)!r}): time.sleep(0.05)"
    code = f"""
        import pathlib, subprocess, sys
        child = subprocess.Popen([sys.executable, "-S", "-c", {wait!r}])
        pathlib.Path({str(number)!r}).write_text(str(child.pid))
        print("step")
    """
    with subprocess.Popen(
        command(tmp_path / "run.power", "step", code), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        try:
            assert program.wait(CEILING_S) == 0
            assert is_alive(int(number.read_text()))
        finally:
            end.touch()
    with Recording.open(tmp_path / "run.power") as recording:
        assert [event.name for event in recording.events()] == ["step"]
