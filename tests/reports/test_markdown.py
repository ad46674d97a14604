"""The report as Markdown for a write-up or a pull request, its figure in a file beside it: what it promises."""

from __future__ import annotations

import re

import pytest

from powermeter.channel import Rail
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></svg><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "a|b\n| c | `d` [x](javascript:alert(1))",
    "[red]bold[/] \x1b[31mred\x07",
    "\u202egnp.exe",
    "nul \x00 lone \ud800 end",
    "x" * 500,
]


@pytest.fixture
def hostile(make):
    events = [
        Event(
            label,
            5_100_000_000 + i * 10**9,
            5_600_000_000 + i * 10**9,
            uid=i + 1,
            count=2,
            attributes={"model": label},
        )
        for i, label in enumerate(HOSTILE)
    ]
    evil = HOSTILE[0]
    return make(
        events=events,
        source=evil,
        rail=Rail(evil, covers=evil),
        metadata={
            "command": ["python", evil + ".py"],
            "attributes": {evil: evil},
            "host": {"board": evil, "cpu": evil, "os": evil},
            "revision": evil,
            "frameworks": {evil: evil},
        },
        gap_s=(4.0, 4.5),
    )


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
