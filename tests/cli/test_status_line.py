"""The line at the foot of the terminal: problems first, and no phrase that does not fit is shown in part."""

from __future__ import annotations

import io

import pytest

from powermeter.cli.status_line import SEPARATOR, StatusLine

MESSAGE = {
    "sources": [
        {"rail": "VDD_IN", "name": "m", "power_w": 2.195, "energy_j": 23.16, "charge_c": 4.63},
        {
            "rail": None,
            "name": "tele\x1bmeter",
            "power_w": None,
            "energy_j": None,
            "charge_c": None,
            "error": "no answer",
        },
    ]
}


@pytest.mark.parametrize("width", [10, 20, 40, 80, 160, 1000])
def test_whole_phrases_only(width):
    line = StatusLine(14_400.0, shared=True, stream=io.StringIO())
    text = line.text(MESSAGE, width)
    whole = line.text(MESSAGE).split(SEPARATOR)
    assert len(text) <= width and "\x1b" not in text
    shown = text.split(SEPARATOR) if text else []
    assert [p for p in shown if "s" not in p[-1:]] == [p for p in whole[: len(shown)] if "s" not in p[-1:]]
    assert whole[0] == "! no answer" and "4,000 mAh" in line.text(MESSAGE)


def test_its_numbers_are_those_of_the_message():
    """4.63 C are 4.63/3.6 = 1.286 mAh and, of 14 400 C (4000 mAh), 0.032 %."""
    phrases = StatusLine(14_400.0, shared=True, stream=io.StringIO()).text(MESSAGE).split(SEPARATOR)
    assert phrases[2:6] == ["VDD_IN 2.195 W", "23.16 J", "1.286 mAh", "0.0322 % of 4,000 mAh"]
    assert phrases[6:] == ["tele�meter –", "–"], "what is not known is a dash, and no charge"
    without = StatusLine(None, shared=True, stream=io.StringIO()).text(MESSAGE).split(SEPARATOR)
    assert "1.286 mAh" in without and not any("%" in phrase for phrase in without)


class Terminal(io.StringIO):
    """A terminal of 100 × 30 that keeps what is written to it."""

    def isatty(self):
        return True

    def fileno(self):
        return 7


@pytest.fixture
def terminal(monkeypatch):
    import os

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((100, 30)))
    return Terminal()


def test_the_last_row_is_taken_out_of_the_scrolling_region_and_given_back(terminal):
    """DECSTBM, `ESC [ top ; bottom r`: rows 1 to 29 scroll while it is drawn, 1 to 30 afterwards; `ESC 7`, `ESC 8` keep the cursor."""
    line = StatusLine(14_400.0, shared=True, stream=terminal)
    line.show(MESSAGE)
    drawn = terminal.getvalue()
    assert "\x1b[1;29r" in drawn and "\x1b[30;1H" in drawn and "1.286 mAh" in drawn
    line.show(MESSAGE)
    assert terminal.getvalue().count("\x1b[1;29r") == 1, "the region is set once for each size"
    line.close()
    given_back = terminal.getvalue()[terminal.getvalue().rindex("\x1b[1;30r") :]
    assert given_back.startswith("\x1b[1;30r\x1b[30;1H\x1b[2K"), "the row is cleared"
    assert terminal.getvalue().count("\x1b7") == terminal.getvalue().count("\x1b8")
    length = len(terminal.getvalue())
    line.close()
    line.show(MESSAGE)
    assert len(terminal.getvalue()) == length, "after closing nothing is drawn"


def test_alone_it_redraws_its_own_line_and_clears_it(terminal):
    line = StatusLine(None, shared=False, stream=terminal)
    line.show(MESSAGE)
    assert terminal.getvalue().startswith("\r\x1b[K! no answer")
    line.close()
    assert terminal.getvalue().endswith("\r\x1b[K") and "r\x1b[" not in terminal.getvalue().replace(
        "\r\x1b[", ""
    )


def test_off_a_terminal_nothing_is_drawn():
    stream = io.StringIO()
    line = StatusLine(None, shared=False, stream=stream)
    line.show(MESSAGE)
    line.close()
    assert stream.getvalue() == "" and not line.active
