"""Progress: nothing off a terminal or for what is quick, the time left where the share is known, no line left behind."""

from __future__ import annotations

import io

import pytest

from powermeter.cli import progress as module
from powermeter.cli.progress import counted, message, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "share", "text"),
    [
        (10.0, 0.25, "writing x: 25 %, 30.00 s left"),
        (10.0, None, "writing x: 10.00 s so far"),
        (10.0, 0.001, "writing x: 10.00 s so far"),
        (4.0, 1.0, "writing x: 100 %, 1.000 s left"),
    ],
)
def test_the_time_left_follows_from_the_share_done(seconds, share, text):
    assert message("writing x", seconds, share, 80) == text


@pytest.mark.parametrize("width", [10, 20, 40])
def test_a_narrow_line_keeps_its_number(width):
    text = message("writing \x1b a_very_long_name_of_a_file.csv", 10.0, 0.25, width)
    assert "30.00 s left" in text and "\x1b" not in text
    assert len(text) <= max(width, len("25 %, 30.00 s left"))


def test_what_is_quick_or_not_on_a_terminal_draws_nothing(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for stream in (Terminal(), io.StringIO()):
        with progress("x", stream) as note:
            note(0.5)
        assert stream.getvalue() == ""


def test_what_takes_long_is_drawn_and_wiped(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 0.0)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    stream, seen = Terminal(), []
    with progress("x", stream) as note:
        for _ in counted(range(5000), lambda _: 1, 5000, lambda share: (note(share), seen.append(share))):
            if "x:" in stream.getvalue():
                break
            import time

            time.sleep(0.01)
    assert "x: " in stream.getvalue() and stream.getvalue().endswith("\r\x1b[K")
    assert seen == sorted(seen)


def test_an_error_inside_ends_the_line_and_goes_on(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "AFTER_S", 0.0)
    with pytest.raises(ValueError, match="inside"), progress("x", Terminal()):
        raise ValueError("inside")
