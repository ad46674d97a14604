"""What a notebook shows of an analysis: the whole run and each label, with text that cannot become markup."""

from __future__ import annotations

from powermeter.analysis.energy import analyse
from powermeter.reports.notebook import analysis_html


def test_the_whole_run_and_its_labels_stand_with_their_intervals(make, twenty) -> None:  # type: ignore[no-untyped-def]
    page = analysis_html(analyse(make(events=twenty)))
    assert "whole run" in page and "<td>20</td>" in page
    assert "20.0" in page and "±" in page
    assert page.count("<tr>") == page.count("</tr>") == 3


def test_a_label_is_text(make, twenty) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    named = [replace(event, name="<script>x</script>") for event in twenty]
    page = analysis_html(analyse(make(events=named)))
    assert "<script>" not in page and "&lt;script&gt;" in page
