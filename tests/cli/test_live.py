"""`live`: what it shows agrees with the report, fits every width without cutting a number, and follows another recording."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from live_recording import LONG, ten_seconds

from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.channel import Channel, Quantity, Rail
from powermeter.cli import live
from powermeter.cli.live import lines
from powermeter.cli.live_tail import LiveTail
from powermeter.recording import Writer
from powermeter.result.notes import Note


@pytest.fixture
def path(tmp_path):
    return ten_seconds(tmp_path / "x.power")


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_no_number_and_no_label_is_cut(path, width):
    tail = LiveTail(path, "x")
    tail.look()
    tail.warnings = [Note.warning("gaps", "m: 2 gaps of 1.5 s")]
    found = lines(tail, parse_battery("4Ah"), width)
    assert max(map(len, found)) <= width
    assert found[0].startswith("! m")
    whole = " ".join(" ".join(line.split()) for line in found)
    for phrase in (
        "5.000 V",
        "min 1.00 W",
        "mean 1.50 W",
        "max 2.00 W",
        "9 events",
    ):
        assert phrase in whole
    assert LONG in re.sub(r"\s+", "", whole)
    assert re.search(r"\d mAh", whole) and "left at the mean so far" in whole


def test_a_recording_that_has_ended_is_not_watched(here, path):
    done = here("live", path)
    assert done.returncode != 0 and "no longer being recorded" in done.stderr


@pytest.mark.parametrize(("typed", "seconds"), [((), None), (("-d", "1.5s", "-b", "2Ah"), 1.5)])
def test_one_that_grows_is_followed_for_as_long_as_typed(here, path, monkeypatch, typed, seconds):
    followed = []

    class Growing:
        is_growing = True

        def __init__(self, file, title):
            self.file, self.title = file, title

        def look(self):
            return 0.1

    monkeypatch.setattr(live, "LiveTail", Growing)
    monkeypatch.setattr(live, "follow", lambda *parts: followed.append(parts))
    done = here("live", path, *typed)
    assert done.returncode == 0, done.stderr
    ((tail, battery, length, stop, screen),) = followed
    assert tail.file == path and tail.title == "x.power, recorded elsewhere" and length == seconds
    assert (battery is None) == (not typed) and not stop.is_set()
    assert type(screen).__name__ == "Screen"
    assert here("live", path, "--json").returncode == 0 and type(followed[1][4]).__name__ == "JsonLines"


@pytest.mark.thorough
def test_off_a_terminal_it_is_drawn_once_in_any_encoding():
    command = [sys.executable, "-m", "powermeter", "live", "-s", "virtual://", "-d", "1.2s"]
    for encoding in ("ascii", "cp1252"):
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "COLUMNS": "40", "PYTHONIOENCODING": encoding},
        )
        text = done.stdout.decode(encoding)
        assert done.returncode == 0 and "VIRTUAL" in text and "\x1b" not in text, done.stderr
        assert max(map(len, text.splitlines())) <= 40


class Ends:
    """A recording that grows for two looks."""

    battery = ""

    def __init__(self) -> None:
        self.looks = 0

    @property
    def is_growing(self) -> bool:
        return self.looks < 2

    def look(self) -> float:
        self.looks += 1
        return 0.001


def test_each_look_is_drawn_with_the_battery_and_the_end_once_more():
    drawn = []

    class Screen:
        def draw(self, tail, battery, *, last=False):
            drawn.append((tail, battery.text if hasattr(battery, "text") else battery, last))

    tail, battery = Ends(), parse_battery("2Ah")
    live.follow(tail, battery, None, threading.Event(), Screen())
    assert [(one[0], one[2]) for one in drawn] == [(tail, False), (tail, False), (tail, True)]
    drawn.clear()

    class Exact:
        def draw(self, tail, battery, *, last=False):
            drawn.append(battery)

    live.follow(Ends(), battery, None, threading.Event(), Exact())
    assert drawn == [battery] * 3


def test_what_a_terminal_has_no_room_for_is_counted_and_it_is_redrawn_in_place(monkeypatch):
    """Thirty lines on ten: eight of them, one for the other 22, and one free for the cursor."""
    out = io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(live.shutil, "get_terminal_size", lambda *_: os.terminal_size((80, 10)))
    monkeypatch.setattr(live, "lines", lambda *_: [f"line {i}" for i in range(30)])
    screen = live.Screen()
    screen.draw(None, None)  # type: ignore[arg-type]
    first = out.getvalue()
    assert first == "\r\x1b[J" + "".join(f"line {i}\n" for i in range(8)) + "and 22 more lines\n"
    screen.draw(None, None)  # type: ignore[arg-type]
    assert out.getvalue() == first + "\x1b[9A" + first
    monkeypatch.setattr(live, "lines", lambda *_: [f"line {i}" for i in range(9)])
    screen.draw(None, None)  # type: ignore[arg-type]
    assert "more lines" not in out.getvalue()[2 * len(first) :]


def test_no_line_of_json_repeats_the_one_before(path, capsys):
    tail, printed = LiveTail(path, "x"), live.JsonLines()
    tail.look()
    tail.is_growing = True
    for last in (False, False, True, True):
        printed.draw(tail, parse_battery("4Ah"), last=last)
    lines_of = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["recording"] for line in lines_of] == [True, False]


def test_a_line_of_json_holds_every_number_in_si(path, capsys):
    """The fixture: 5 V, 0.2 and 0.4 A by turns, ±1 mA: 1 to 2.005 W; nine events of each label, one a second."""
    tail = LiveTail(path, "x")
    tail.look()
    tail.is_growing = True
    tail.warnings = [Note.warning("gaps", "m: a gap")]
    live.JsonLines().draw(tail, parse_battery("4Ah"))
    live.JsonLines().draw(tail, parse_battery("4Ah"), last=True)
    first, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert set(first) == {"elapsed_s", "recording", "rails", "labels", "warnings", "remarks"}
    assert (first["recording"], last["recording"]) == (True, False)
    assert first["elapsed_s"] == 10.0 and first["warnings"] == ["m: a gap"]
    assert first["remarks"] == [{"code": "gaps", "severity": "warning", "text": "m: a gap"}]
    (rail,) = first["rails"]
    assert (rail["source"], rail["rail"]) == ("m", "VDD_IN")
    assert rail["energy_j"] == pytest.approx(15.0, rel=5e-3)
    assert rail["charge_c"] == pytest.approx(3.0, rel=5e-3)
    assert (rail["low_w"], rail["high_w"]) == pytest.approx((1.0, 2.005))
    assert rail["mean_w"] == pytest.approx(1.5, rel=5e-3)
    assert rail["power_w"] == pytest.approx(rail["voltage_v"] * rail["current_a"])
    assert rail["voltage_v"] == pytest.approx(5.0)
    (infer,) = (one for one in first["labels"] if one["label"] == "infer")
    assert (infer["events"], infer["rate_hz"]) == (9, pytest.approx(1.0))
    assert infer["mean_j"] == pytest.approx(0.5, rel=0.03)
    del tail.main._at[Quantity.CURRENT]
    live.JsonLines().draw(tail, parse_battery("4Ah"))
    assert json.loads(capsys.readouterr().out)["rails"][0]["charge_c"] is None


def test_the_first_of_many_lines_that_just_fit_are_all_shown(monkeypatch):
    """A terminal of ten lines has nine beside the cursor; the last state is shown whole whatever its length."""
    out = io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(live.shutil, "get_terminal_size", lambda *_: os.terminal_size((80, 10)))
    asked: list[int] = []
    monkeypatch.setattr(live, "lines", lambda _tail, _battery, width: asked.append(width) or ["x"] * 30)
    screen = live.Screen()
    screen.draw(None, None, last=True)  # type: ignore[arg-type]
    assert out.getvalue().count("x\n") == 30 and asked == [79], (
        "a column is left free, for terminals that wrap"
    )
    monkeypatch.setattr(live, "lines", lambda *_: ["y"])
    screen.draw(None, None)  # type: ignore[arg-type]
    assert out.getvalue().endswith("\x1b[30A\r\x1b[Jy\n")


def test_off_a_terminal_only_the_end_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(live, "lines", lambda *_: ["state"])
    screen = live.Screen()
    screen.draw(None, None)  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
    screen.draw(None, None, last=True)  # type: ignore[arg-type]
    assert capsys.readouterr().out == "state\n"


class Never(Ends):
    """A recording that grows for ever, and would be looked at again after an hour."""

    battery = None

    @property
    def is_growing(self) -> bool:
        return True

    def look(self) -> float:
        self.looks += 1
        return 3600.0


@pytest.mark.parametrize(("seconds", "interrupted"), [(0.0, False), (None, True), (3600.0, True)])
def test_it_ends_when_the_time_is_over_or_somebody_interrupts(seconds, interrupted):
    stop = threading.Event()
    if interrupted:
        stop.set()
    drawn = []

    class Screen:
        def draw(self, tail, battery, *, last=False):
            drawn.append((battery.charge_c, last))

    never = Never()
    live.follow(never, None, seconds, stop, Screen())
    assert drawn == [(14_400.0, False), (14_400.0, True)], (
        "without a battery named or noted it is one of 4 Ah"
    )
    assert never.looks == 2


def test_signals_are_those_of_before_afterwards():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with live.until_interrupted() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(60)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_the_last_state_holds_what_was_still_on_its_way_into_the_file(monkeypatch, capsys):
    """A recorder that writes its 2 s of readings as it ends: the last line is of 2 s, not of what was there before."""
    channel = Channel("p", Quantity.POWER, 1e-3, Rail("VDD"))

    class Recorder:
        problem = ""

        def __init__(self, path, _urls, *, listener):
            self.path, self.writer = path, None

        def start(self):
            self.writer = Writer.create(self.path, {})

        def stop(self):
            writer, self.writer = self.writer, None
            if writer is not None:
                times = np.arange(201, dtype=np.int64) * 10_000_000
                writer.append(writer.add_source("x://", "m", "x", (channel,)), times, np.full((201, 1), 3000))
                writer.close()

    monkeypatch.setattr(live, "Recorder", Recorder)
    live.live.main(["-s", "virtual://", "-d", "0s", "--json"], standalone_mode=False)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["elapsed_s"] == 2.0 and not last["recording"]
    assert last["rails"][0]["energy_j"] == pytest.approx(6.0, rel=0.02)


def test_each_line_of_json_is_there_at_once_for_who_reads_it(path, monkeypatch):
    """A pipe is written to when it is full, minutes later, unless each line is flushed."""
    flushed = []

    class Pipe(io.StringIO):
        def flush(self):
            flushed.append(self.getvalue().count("\n"))

    tail = LiveTail(path, "x")
    tail.look()
    monkeypatch.setattr(sys, "stdout", Pipe())
    live.JsonLines().draw(tail, None)
    assert flushed and flushed[-1] == 1
