"""Figures for paper and those of the page have the same colours."""

from __future__ import annotations

import re
from pathlib import Path

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
