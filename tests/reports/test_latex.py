"""LaTeX and BibTeX: no label is a command, braces balance, and every number has the digits that `show` prints."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording
from powermeter.reports.latex import LatexReport
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


def test_the_table_holds_what_show_prints(make, twenty):
    data = gathered(make(events=twenty))
    text = LatexReport().render(data)
    shown = show(data.headline.per_item)
    assert f"\\qty{{{shown.value} +- {shown.half}}}{{\\milli\\joule}}" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3
    assert balance(text) == 0


def test_limits_are_sentences_and_captions_stand_clear_of_their_tables(make, twenty):
    text = LatexReport().render(gathered(make(events=twenty, volts=False)))
    limits = text[text.index(r"\paragraph{Limits.}") :]
    assert limits.count("voltage is known") == 1 and "charge is counted as if drawn at 5~V." in limits
    assert "rail-voltage" not in limits, "an option of a command line stood in a paper"
    assert text.count(r"\begin{table}") == text.count(
        r"\setlength{\belowcaptionskip}{1ex}\n\caption".replace(r"\n", "\n")
    )


@pytest.mark.parametrize("boundary", [Boundary.WALL, Boundary.DEVICE])
def test_no_option_of_a_command_line_stands_in_a_paper(make, twenty, boundary):
    rail = Rail("gpu0", covers="a card", boundary=boundary)
    text = LatexReport().render(gathered(make(events=twenty, rail=rail, volts=False)))
    assert r"\paragraph{Limits.}" in text and not re.search(r"(?<![{}-])-(?:\{\})?-[a-z]", text)


def test_the_bibtex_lies_beside(make, twenty, tmp_path):
    files = LatexReport().files(gathered(make(events=twenty)), tmp_path / "run.tex")
    assert set(files) == {tmp_path / "run.tex", tmp_path / "run.bib"}
    assert files[tmp_path / "run.bib"].startswith("@misc{powermeter:run-")


def test_two_recordings_of_one_name_share_no_label_and_no_key(make, twenty, tmp_path):
    texts: list[str] = []
    one = gathered(make(events=twenty))
    for later in (0, 1):
        data = replace(one, started=one.started + timedelta(seconds=later))
        texts.append("".join(LatexReport().files(data, tmp_path / "run.tex").values()))
    named = [re.findall(r"(?:\\label|@misc)\{([^},]+)[},]", text) for text in texts]
    assert len(named[0]) == len(set(named[0])) > 4 and not set(named[0]) & set(named[1])
    for text in texts:
        assert set(re.findall(r"\\cite\{([^}]+)\}", text)) <= set(re.findall(r"@misc\{([^,]+),", text))


@pytest.mark.thorough
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
