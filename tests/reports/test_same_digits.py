"""Every number of one recording is the same number with the same digits, in whichever format it is read."""

from __future__ import annotations

import html as markup
import re
import shutil
import subprocess

import numpy as np
import pytest

from powermeter import registry
from powermeter.recording import Recording
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.wording import footprint_amount, show
from tests.reports.conftest import infer
from tests.reports.test_zoom_data import clipped

PDF = pytest.param("pdf", marks=pytest.mark.thorough)


@pytest.fixture
def data(make):
    random = np.random.default_rng(5)
    lasts = random.uniform(0.12, 0.2, 40)
    events = [infer(0.24 * i, float(lasts[i]), 2, i + 1, "infer" if i % 2 else "load") for i in range(40)]
    with Recording.open(make(events=events, second=True)) as recording:
        return gather(recording, ReportOptions(place="FRA"))


def text_of(data, kind, tmp_path):
    """Return a report as text; a PDF without its figures, which are pictures."""
    maker = registry.load(registry.REPORTS[kind])()
    with pytest.MonkeyPatch.context() as patch:
        if kind == "pdf":
            patch.setattr("powermeter.reports.paper.pdf_report.FIGURES_SHOWN", ())
        content = maker.render(data)
    if kind == "pdf":
        if shutil.which("pdftotext") is None:
            pytest.skip("needs poppler's pdftotext")
        (tmp_path / "x.pdf").write_bytes(content)
        command = ["pdftotext", "-layout", tmp_path / "x.pdf", "-"]
        content = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if kind.startswith("html"):
        content = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", "", content, flags=re.DOTALL)
    text = markup.unescape(content).replace("\u00a0", " ").replace("\\", "")
    if kind == "latex":
        for macro, unit in (
            ("milli", "m"),
            ("micro", "µ"),
            ("joule", "J"),
            ("watt", "W"),
            ("ampere", "A"),
            ("hour", "h"),
        ):
            text = text.replace(macro, unit)
        text = re.sub(r"qty\{([^}]*)\}\{([^}]*)\}", r"\1 \2", text)
        text = re.sub(r"num\{([^}]*)\},?", r"\1", text).replace("+-", "±").replace("percent", "%")
        text = text.replace("textsubscript{2}", "2").replace("±", " ± ")
    return " ".join(text.split())


def wanted(data):
    """Number in print → the kinds that print it."""
    rows, whole = data.analysis.rows, data.footprint
    everywhere = ("html", "html-plain", "latex", "markdown", "pdf", "text")
    cards = ("model-card", "annex-xi")
    found = [(show(row.per_item).text, (*everywhere, *cards)) for row in rows]
    found += [
        (show(data.analysis.energy).text, (*everywhere, "annex-xi")),
        (show(data.analysis.power).text, everywhere),
    ]
    found += [(show(data.charge, "Ah", 1 / 3600).text, everywhere)]
    found += [
        (show(row.energy).text, ("html", "html-plain", "markdown", "pdf", "text", "annex-xi")) for row in rows
    ]
    found += [(show(row.energy_median).bare, everywhere) for row in rows]
    found += [(show(data.charge_each(row), "Ah", 1 / 3600).text, everywhere) for row in rows]
    found += [(show(number).text, everywhere) for use in data.rails for number in (use.energy, use.power)]
    for name in ("carbon", "water"):
        found.append(
            (
                footprint_amount(whole.accounts[name].result, whole.digits(name)).text,
                ("html", "markdown", "pdf", "text"),
            )
        )
    found.append((show(data.budget.hours).text, ("html", "markdown", "pdf", "text")))
    found.append((show(data.budget.count).text, ("html", "markdown", "pdf", "text")))
    return found


@pytest.mark.parametrize(
    "kind", ["annex-xi", "html", "html-plain", "latex", "markdown", "model-card", PDF, "text"]
)
def test_the_digits_are_those_of_the_formatter(data, kind, tmp_path):
    text = (
        text_of(data, kind, tmp_path).replace(",", "") if kind == "latex" else text_of(data, kind, tmp_path)
    )
    missing = [number for number, kinds in wanted(data) if kind in kinds and number not in text]
    assert missing == []


GRADES = {
    "text": ("per item ● measured on VDD_IN", "◌ assumed label total charge"),
    "markdown": ("All energies are **measured**", "Charges are **assumed**"),
    "html-plain": ("measured on VDD_IN, per item", "Charge and power charge ◌ assumed"),
    "latex": ("(measured); intervals", "Charge (assumed), power"),
    "pdf": ("measured on VDD_IN, ± is a 95 % interval", "interval; charge: assumed"),
}


@pytest.mark.parametrize("kind", [PDF if kind == "pdf" else kind for kind in GRADES])
def test_charges_by_an_assumed_voltage_do_not_pass_for_measured(make, kind, tmp_path):
    """The energies are measured; what volts turn them into charge is not known."""
    with Recording.open(
        make(events=[infer(0.5 * i, 0.25, 2, i + 1) for i in range(20)], volts=False)
    ) as recording:
        text = text_of(gather(recording), kind, tmp_path)
    for graded in GRADES[kind]:
        assert " ".join(graded.split()) in text, graded


@pytest.mark.parametrize("kind", ["html", "html-plain", "latex", "markdown", PDF, "text"])
def test_a_bound_is_the_same_bound_and_has_no_parts_in_any_format(kind, tmp_path):
    """The terminal and the PDF listed the parts of an interval that the page refused to take apart."""
    with Recording.open(clipped(tmp_path / "clipped.power")) as recording:
        data = gather(recording)
    text = text_of(data, kind, tmp_path)
    row = data.analysis.rows[0]
    charges = [] if kind == "latex" else [(data.charge, "Ah", 1 / 3600)]
    for number in ((row.per_item,), (data.analysis.energy,), (data.analysis.power,), *charges):
        printed = show(*number).text
        assert printed.startswith("at least ") and printed in text, printed
    if kind != "latex":
        assert "Only a bound is known: an interval with an open end has no parts to list." in text
