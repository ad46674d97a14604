"""Figures for a paper: TrueType fonts, the width of a column, the numbers of the table, and nothing that it refuses."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade
from tests.reports.conftest import SECOND, START, infer, maker

pytest.importorskip("matplotlib")

from powermeter.reports.comparison import change
from powermeter.reports.paper.kinds import FIGURES, draw


def data_of(path, **options):
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Twenty events of two models, each with an accuracy and a note that is no number."""
    make = maker(tmp_path_factory.mktemp("measured"))
    events = []
    for i in range(20):
        start = START + round(i * 0.5 * SECOND)
        measures = {"accuracy": 0.9 if i % 2 else 0.8, "note": "x"}
        attributes = {"model": "a" if i % 2 else "b"}
        events.append(
            Event("infer", start, start + SECOND // 4, 1, 1, i + 1, None, 4, attributes, measures=measures)
        )
    path = make(events=events)
    return data_of(path, by="model", against=make("earlier.power", events=events, watts=1.5))


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(FIGURES))
def test_fonts_are_truetype_and_the_figure_is_a_column_wide(measured, name):
    for columns, points in ((2, 6.9 * 72), (1, 3.35 * 72)):
        pdf = draw(measured, name, "pdf", columns)
        assert b"/Type3" not in pdf and b"/FontFile2" in pdf
        wide = float(re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf)[1])
        assert wide == pytest.approx(points, abs=0.5)
    assert draw(measured, name, "pdf", 1) == pdf  # the same bytes each time


@pytest.mark.thorough
def test_svg_keeps_its_letters_and_prints_the_numbers_of_the_table(measured):
    text = draw(measured, "labels", "svg").decode()
    assert "infer (model=a)" in text and measured.analysis.rows[0].per_item.show().text in text
    budget = draw(measured, "budget", "svg").decode()
    assert measured.budget.hours.show().text in budget


@pytest.mark.thorough
def test_a_simulation_is_marked_in_every_figure(make, twenty):
    data = data_of(make(events=twenty, grade=Grade.SIMULATED))
    for name in ("trace", "labels", "budget", "convergence"):
        assert "simulated</text>" in draw(data, name, "svg").decode()


def test_a_figure_of_what_is_not_there_is_refused(make):
    data = data_of(make(events=[infer(1, 0.25)]))
    for name in ("accuracy", "convergence"):
        with pytest.raises(DataError, match=r"run\.power"):
            draw(data, name, "png")
    for name, form, columns in (("nope", "png", 2), ("trace", "gif", 2), ("trace", "png", 3)):
        with pytest.raises(ConfigurationError):
            draw(data, name, form, columns)


@pytest.mark.thorough
def test_a_png_has_the_width_in_pixels(measured):
    png = draw(measured, "trace", "png", 1)
    assert struct.unpack(">I", png[16:20])[0] == round(3.35 * 300)
    assert zlib.crc32(png[12:29]) == struct.unpack(">I", png[29:33])[0]


def test_a_comparison_without_an_earlier_run_names_the_option(make, twenty):
    with pytest.raises(DataError, match="--against"):
        draw(data_of(make(events=twenty)), "comparison", "pdf")


@pytest.mark.thorough
def test_a_comparison_prints_the_change_of_the_page(measured):
    text = draw(measured, "comparison", "svg").decode()
    assert change(measured.against.comparison.rows[0].contrast.ratio) in text
