"""The report as Markdown for a write-up or a pull request, its figure in a file beside it: what it promises."""

from __future__ import annotations

import re

from powermeter.recording import Recording
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions


def test_no_label_breaks_out_of_markdown(hostile):
    with Recording.open(hostile) as recording:
        text = MarkdownReport().render(gather(recording, ReportOptions(by=("model",))))
    assert "<script" not in text.replace("\\<script", "")
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    label_rows = [line for line in rows if "alert" in line and "mJ" in line]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in label_rows}) == 1


def test_markdown_puts_its_figure_beside(make, twenty, tmp_path):
    with Recording.open(make(events=twenty)) as recording:
        files = MarkdownReport().files(gather(recording), tmp_path / "my report.md")
    text, figure = files[tmp_path / "my report.md"], files[tmp_path / "my report.svg"]
    assert "(my%20report.svg)" in text
    assert figure.startswith("<svg") and 'xmlns="http://www.w3.org/2000/svg"' in figure
    import xml.etree.ElementTree as tree

    assert tree.fromstring(figure).tag.endswith("svg")
