"""The PDF report: the numbers of `show`, on as many pages as it takes, no Type 3 font."""

from __future__ import annotations

import shutil
import subprocess
import weakref
from itertools import pairwise

import pytest

from powermeter.recording import Recording
from powermeter.reports.headline_sentence import sentence
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.wording import show
from powermeter.result import Grade
from tests.reports.conftest import infer

pytest.importorskip("matplotlib")

from powermeter.reports.paper import canvas, pdf_report
from powermeter.reports.paper.pages import DRAWN_DPI, Pages, page_pixels
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


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_labels_have_their_own_grade_below_a_measured_run(make, twenty, tmp_path, monkeypatch):
    """43.94 kJ of an MLPerf window, estimated in `show`, stood under "measured" in the PDF."""
    monkeypatch.setattr(pdf_report.ReportData, "quoted_grade", Grade.ESTIMATED)
    monkeypatch.setattr(pdf_report.wording, "grade_of", lambda rows, run: Grade.ESTIMATED)
    monkeypatch.setattr(pdf_report, "FIGURES_SHOWN", ())
    text, data = pages(make, tmp_path, twenty)
    first, _, labels = text.partition("What each kind of event used")
    rail = data.analysis.line.rail.name
    assert data.grade is Grade.MEASURED
    assert f"estimated on {rail}: " in first and f"measured on {rail}: " not in first
    assert labels.startswith(f" estimated on {rail}, ± is a 95 % interval")


@pytest.mark.thorough
def test_a_simulation_wears_its_mark(make, twenty, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_report, "FIGURES_SHOWN", ())
    text, _ = pages(make, tmp_path, twenty, grade=Grade.SIMULATED)
    assert "simulated" in text


def test_a_figure_on_a_page_takes_three_bytes_a_dot():
    """Figures stay on their pages until all are written; as fractions a dot takes sixteen bytes, and a day's report 30 MB more."""
    with canvas.sheet() as maker:
        drawn = canvas.figure(maker, 2, 1.0)
        found = page_pixels(drawn)
    wide, high = canvas.WIDTH_IN[2] * DRAWN_DPI, DRAWN_DPI
    assert found.dtype == "uint8" and found.shape == (int(high), int(wide), 3)


@pytest.mark.thorough
def test_no_page_is_held_any_more_when_the_fonts_are_embedded(monkeypatch):
    """Fonts take 40 MB for a moment, beside an analysis of 180: a day's report took 265 MB."""
    from matplotlib.backends.backend_pdf import PdfPages

    made, left, close = [], [], PdfPages.close

    def closing(pdf):
        left.extend(one() for one in made)
        close(pdf)

    monkeypatch.setattr(PdfPages, "close", closing)
    with canvas.sheet() as maker:

        def noted(**options):
            figure = maker(**options)
            made.append(weakref.ref(figure))
            return figure

        pages = Pages(noted, "measured", "foot")
        pages.paragraph("word", 8)
        assert pages.saved("title").startswith(b"%PDF")
    assert made and left == [None] * len(made)


@pytest.mark.parametrize("words", ["WWW@ iiii " * 30 + "x" * 150, "", "il " * 200, "W" * 40 + " a"])
def test_a_line_holds_as_many_words_as_fit_and_none_is_lost(words):
    """Wide letters or narrow ones: how many fit is measured, whatever is guessed by their number."""
    pages = Pages(None, "measured", "")
    lines = pages.wrapped(words.strip(), 8.5, 2.0)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "") and len(lines) >= len(words) / 120
    for line, after in pairwise(lines):
        first = after.split(" ")[0]
        assert pages.width(line, 8.5) <= 2.0 or " " not in line
        assert pages.width(f"{line} {first}", 8.5) > 2.0


class Written:
    """Pages that keep what is written on them."""

    def __init__(self, maker, grade, footer):
        self.maker, self.grade, self.footer = maker, grade, footer
        self.headings, self.drawings, self.paragraphs, self.tables, self.title = [], [], [], {}, ""

    def heading(self, text):
        self.headings.append(text)

    def paragraph(self, text, *_, **__):
        self.paragraphs.append(text)

    def table(self, heads, rows, texts=()):
        self.tables[tuple(heads)] = [list(row) for row in rows]

    def drawing(self, title, drawn):
        self.drawings.append(title)

    def saved(self, title):
        self.title = title
        return b""


def test_every_cell_of_every_table_is_worked_out_by_hand(make, monkeypatch):
    """10 s of 5 V and 0.4 A: 20 J and 4 C; 19 events of 0.25 s of 4 items each: 0.5 J and 0.1 C an event, 76 items.

    The gain of 1 % is 0.01/√3 × 125 mJ = 720 µJ of an item.  Cut, half a step of 1 mA at 5 V is missing for 62.5 ms: 156 µJ,
    over 1.96 that is 80 µJ.  4 Ah are 14 400 C: 4 C are 0.0278 %, 0.4 A last 10 h, an item's
    0.025 C is in it 576 000 times.  France with 7 % of losses: 20 J / 3.6 MJ × 56.0 g / 0.93 = 0.33 mg, 3.67 L/kWh: 22 µL, 2e-7 kg/kWh: 1.2 ng.
    """
    pages = []
    monkeypatch.setattr(pdf_report, "Pages", lambda *a: pages.append(Written(*a)) or pages[-1])
    with Recording.open(make(events=[infer(0.5 * i, 0.25, 4, i + 1) for i in range(19)])) as recording:
        data = gather(recording, ReportOptions(place="FRA", battery="4Ah"))
    PDFReport().render(data)
    (found,) = pages
    assert (found.grade, found.footer, found.title) == ("measured", "run.power, powermeter 9.9", "run")
    assert found.headings == [
        "The whole run",
        "What each kind of event used",
        "One charge of 4 Ah, and the footprint of the electricity",
        "How sure: parts of the interval of infer",
        "How it was measured",
        "Limits of these numbers",
        "Factors and their sources",
    ]
    assert found.drawings == ["Power over the run", "Energy per label", "How the mean settles"]
    run, first, second, meaning, parts, sources = found.tables.values()  # of the machine nothing is known
    assert run == [
        ["energy", "20.00 ± 0.21 J", "5.556 ± 0.057 mWh", "measured"],
        ["charge", "1.111 ± 0.011 mAh", "", "measured"],
        ["mean power", "2.000 ± 0.021 W", "peak 2.00 W", "measured"],
    ]
    assert first == [
        ["infer", "19", "76", "125.0 ± 1.3 mJ", "125.0 ± 1.3 mJ", "125.0 mJ", "–", "9.500 ± 0.098 J"]
    ]
    assert second == [
        [
            "infer",
            "527.8 ± 5.4 µAh",
            "6.944 ± 0.071 µAh",
            "2.000 ± 0.021 W",
            "576,000",
            "250 ms",
            "250 ms",
            "–",
            "–",
        ]
    ]
    assert meaning == [
        ["used by this run", "0.02778 ± 0.00029 %", "derived"],
        ["lasts at this power", "10.00 ± 0.10 h", "derived"],
        ["inferences per charge", "576,000 ± 5,900", "derived"],
        ["carbon, the run", "330 µg CO2e (260 to 430)", "assumed"],
        ["carbon, one inference", "2.1 µg CO2e (1.6 to 2.7)", "assumed"],
        ["water consumed, the run", "22 µL (9.6 to 50)", "assumed"],
        ["water consumed, one inference", "140 nL (60 to 310)", "assumed"],
        ["minerals (ADPe), the run", "1.2 ng Sb eq (0.30 to 4.7)", "assumed"],
        ["minerals (ADPe), one inference", "7.5 pg Sb eq (1.9 to 29)", "assumed"],
    ]
    assert [row[:3] for row in parts] == [
        ["the sensor's gain", "97.3 %", "720 µJ"],
        ["the sensor's step", "1.5 %", "90 µJ"],
        ["the sensor's last digit, which may be cut in place of rounded", "1.2 %", "80 µJ"],
    ]
    assert sources == [
        ["meter", "VDD_IN: the whole board at its input", "1,001 samples · 100 Hz · no gaps", "measured"]
    ]
    assert found.paragraphs[:2] == ["run: infer", "run.power · 10.00 s · 14 November 2023, 22:13 UTC"]
    assert "125.0 mJ = 2.000 W × 62.50 ms" in found.paragraphs
    assert sum(text.startswith("· grid.carbon FRA: 56.0") for text in found.paragraphs) == 1
