"""LaTeX and BibTeX: no label is a command, braces balance, and every number has the digits that `show` prints."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from powermeter.formatting import Shown
from powermeter.recording import Recording
from powermeter.reports.citation import bibtex, citation, file_digest
from powermeter.reports.latex import LatexReport
from powermeter.reports.latex_text import escaped, plain_quantity, quantity
from powermeter.reports.report_data import gather
from powermeter.reports.wording import show

from .conftest import infer

HOSTILE = [
    "\\input{x}",
    "50 % & $5_000#~^",
    "}{",
    "[2cm] x",
    "<script>",
    "=cmd()",
    "\u202e\x1b[31m\x00\ud800",
    "模型 µ±",
    "x" * 10_000,
]


def tex_has(*files):
    if not all(map(shutil.which, ("pdflatex", "bibtex", "kpsewhich"))):
        return False
    return subprocess.run(["kpsewhich", *files], capture_output=True, timeout=30, check=False).returncode == 0


def gathered(path):
    with Recording.open(path) as recording:
        return gather(recording)


def balance(text):
    depth = 0
    for character in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    return depth


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_text(label):
    text = escaped(label)
    assert balance(text) == 0 and text.isascii() and text.isprintable()
    commands = set(re.findall(r"\\[A-Za-z]+", text))
    assert commands <= {
        "\\textbackslash",
        "\\textbraceleft",
        "\\textbraceright",
        "\\textasciitilde",
        "\\textasciicircum",
        "\\textless",
        "\\textgreater",
        "\\textmu",
        "\\ldots",
        "\\pm",
    }, commands
    assert not re.search(r"(?<!\\)[$&#_%]", text)


def test_numbers_keep_their_digits():
    assert quantity(Shown("87.20", "0.51", "", "mJ")) == r"\qty{87.20 +- 0.51}{\milli\joule}"
    assert quantity(Shown("205,600", "1,200")) == r"\num{205600 +- 1200}"
    assert quantity(Shown("at most 650", "", "", "µWh")) == r"at most \qty{650}{\micro\watt\hour}"
    assert quantity(Shown("3", "", "0.9 to 10", "mg CO2e")) == (
        r"\num{3}\,mg CO\textsubscript{2}e (\numrange{0.9}{10})"
    )
    assert quantity(Shown("–")) == "--"
    assert plain_quantity("60.1 ms") == r"\qty{60.1}{\milli\second}"
    assert plain_quantity("1 min 20 s") == "1 min 20 s"


def test_the_table_holds_what_show_prints(make, twenty):
    data = gathered(make(events=twenty))
    text = LatexReport().render(data)
    shown = show(data.headline.per_item)
    assert f"\\qty{{{shown.value} +- {shown.half}}}{{\\milli\\joule}}" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3
    assert balance(text) == 0


def test_the_bibtex_lies_beside(make, twenty, tmp_path):
    files = LatexReport().files(gathered(make(events=twenty)), tmp_path / "run.tex")
    assert set(files) == {tmp_path / "run.tex", tmp_path / "run.bib"}
    assert files[tmp_path / "run.bib"].startswith("@misc{powermeter,")


def test_a_citation_has_its_parts(make, twenty):
    data = gathered(make(events=twenty, source="odd {name} \\input{x}"))
    text = citation(data)
    assert file_digest(data.path) in text and "% Methods" in text and "20 events" in text
    keys = re.findall(r"^@\w+\{([^,]+),$", bibtex(data), re.MULTILINE)
    assert len(keys) == len(set(keys)) >= 3 and all(re.fullmatch(r"[a-z0-9:-]+", key) for key in keys)
    assert balance(bibtex(data)) == 0


@pytest.mark.skipif(not tex_has("siunitx.sty", "lmodern.sty"), reason="needs TeX with siunitx and lmodern")
def test_it_compiles_whatever_the_labels_are(make, tmp_path):
    events = [infer(0.5 * i, 0.25, 1, i + 1, name=HOSTILE[i % len(HOSTILE)]) for i in range(16)]
    path = tmp_path / "run.tex"
    for name, text in LatexReport().files(gathered(make(events=events, source="a_b %")), path).items():
        name.write_text(text, "utf-8")
    packages = "lmodern,textcomp,booktabs,siunitx,graphicx"
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{" + packages + "}"
        r"\sisetup{separate-uncertainty = true}\begin{document}\input{run}"
        r"\bibliographystyle{plain}\bibliography{run}\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert found.returncode == 0, found.stdout.decode(errors="replace")[-3000:]
    bib = subprocess.run(["bibtex", "paper"], cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert b"error" not in bib.stdout.lower() and bib.returncode == 0, bib.stdout
