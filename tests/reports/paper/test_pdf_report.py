"""The PDF report: the numbers of `show`, on as many pages as it takes, no Type 3 font."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from powermeter.recording import Recording
from powermeter.reports.headline import sentence
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.wording import show
from powermeter.result import Grade
from tests.reports.conftest import infer

pytest.importorskip("matplotlib")

from powermeter.reports.paper import canvas
from powermeter.reports.paper.pages import DRAWN_DPI, page_pixels
from powermeter.reports.paper.pdf_report import PDFReport


def pages(make, tmp_path, events, **kwargs):
    with Recording.open(make(events=events, **kwargs)) as recording:
        data = gather(recording, ReportOptions(place="FRA"))
    pdf = PDFReport().render(data)
    assert b"/Type3" not in pdf and b"/FontFile2" in pdf
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    if shutil.which("pdftotext") is None:
        pytest.skip("needs poppler's pdftotext")
    text = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    return " ".join(text.split()), data


def test_it_prints_the_sentence_and_every_label(make, tmp_path):
    events = [infer(0.2 * i, 0.1, 1, i + 1, f"layer {i % 24:02d}") for i in range(48)]
    text, data = pages(make, tmp_path, events)
    assert sentence(data).split(":")[0] in text
    for row in data.analysis.rows:
        assert row.label in text and show(row.energy).text in text
    assert show(data.analysis.energy).text in text and "2 of " in text  # more than one page
    assert "Factors and their sources" in text
    for factor in data.footprint.factors_used:
        assert factor.source.title in text


def test_a_simulation_wears_its_mark(make, twenty, tmp_path):
    text, _ = pages(make, tmp_path, twenty, grade=Grade.SIMULATED)
    assert "simulated" in text


def test_a_figure_on_a_page_takes_three_bytes_a_dot():
    """Figures stay on their pages until all are written; as fractions a dot takes sixteen bytes, and a day's report 30 MB more."""
    with canvas.sheet() as maker:
        drawn = canvas.figure(maker, 2, 1.0)
        found = page_pixels(drawn)
    wide, high = canvas.WIDTH_IN[2] * DRAWN_DPI, DRAWN_DPI
    assert found.dtype == "uint8" and found.shape == (int(high), int(wide), 3)
