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
