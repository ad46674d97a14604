"""Twenty events of 0.5 J are 10 J: 69 % of 4 mWh, 139 % of 2 mWh, on the page and in Markdown."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.recording import Recording
from powermeter.reports.html import HTMLReport
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.stages_section import TITLE


def gathered(make, twenty, *stages: str):  # type: ignore[no-untyped-def]
    with Recording.open(make(events=twenty)) as recording:
        return gather(recording, ReportOptions(stages=stages))


def test_each_stage_passes_or_fails(make, twenty) -> None:  # type: ignore[no-untyped-def]
    data = gathered(make, twenty, "infer=4mWh", "infer=2mWh", "infer:40=1mWh")
    assert [one.verdict.value for one in data.stages] == ["pass", "fail", "fail"]
    assert [one.share.value for one in data.stages] == pytest.approx([10 / 14.4, 10 / 7.2, 5 / 3.6], rel=0.01)
    page, text = HTMLReport().render(data), MarkdownReport().render(data)
    for written in (page, text):
        said = written if isinstance(written, str) else written.decode()
        section = said.split(TITLE)[1]
        assert section.index("pass") < section.index("fail")
        assert "40 items" in section.replace("\u00a0", " ")


def test_no_stage_no_section(make, twenty) -> None:  # type: ignore[no-untyped-def]
    written = HTMLReport().render(gathered(make, twenty))
    assert TITLE not in (written if isinstance(written, str) else written.decode())


def test_a_label_that_is_not_there_is_refused(make, twenty) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError, match="no event"):
        gathered(make, twenty, "nothing=1mWh")
