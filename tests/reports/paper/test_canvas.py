"""Figures for paper and those of the page have the same colours."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from powermeter import reports
from powermeter.reports.paper import canvas

CSS = (Path(reports.__file__).parent / "templates" / "figure.css").read_text(encoding="utf-8")


def test_labels_have_the_colours_of_the_page():
    light = dict(reversed(re.findall(r"--(\w+): (#[0-9a-f]{6})", CSS)))  # the first of each: the light page
    assert tuple(light[f"c{i}"] for i in range(len(canvas.COLOURS))) == canvas.COLOURS
    assert tuple(light[name] for name in ("ink", "trace", "band", "gap")) == (
        canvas.INK,
        canvas.TRACE,
        canvas.BAND,
        canvas.GAP,
    )


def test_a_long_text_keeps_its_beginning_and_its_end():
    """Of 30 characters one is the ellipsis, ten are the end's and 19 the beginning's."""
    long = "a" * 40 + "0123456789"
    assert canvas.text(long, 30) == "a" * 19 + "…" + "0123456789"
    assert canvas.text("b" * 30, 30) == "b" * 30


@pytest.mark.parametrize(
    ("grade", "words"), [("simulated", ["simulated"]), ("measured", []), ("assumed", [])]
)
def test_a_figure_of_simulated_numbers_states_it(grade, words):
    drawn = MagicMock()
    canvas.watermark(drawn, grade)
    assert [call.args[2] for call in drawn.text.call_args_list] == words
