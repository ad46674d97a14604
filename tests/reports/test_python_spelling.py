"""What a note advises is spelt as the reader's language spells it."""

from __future__ import annotations

import pytest

from powermeter.analysis.rail_voltage import BUDGET_V_TEXT
from powermeter.reports.python_spelling import in_python
from powermeter.reports.recording_notes import REMEDIES
from powermeter.reports.terminal_text import summary_text
from powermeter.result.notes import Note


@pytest.mark.parametrize(
    ("option", "keyword"),
    [
        (REMEDIES["others-charged"], '; rail="program" counts the program alone'),
        (REMEDIES["not-counted"], '; rail="NAME" counts another one'),
        (BUDGET_V_TEXT.partition(" (")[2], 'rail_voltage_v="VOLT" changes it)'),
        ("--rail-voltage 12V), or (--battery 20Wh)", 'rail_voltage_v="12V"), or (battery="20Wh")'),
        ("or use --baseline", "or use baseline="),
        ("--by batch-size keeps them apart", 'by="batch-size" keeps them apart'),
        ("count one with --rail VDD_IN.", 'count one with rail="VDD_IN".'),
        ("state the number with --items", "state the number with powermeter show --items"),
        ("--place FRA is an option of no keyword here", "--place FRA is an option of no keyword here"),
    ],
)
def test_an_option_is_the_keyword_of_its_meaning(option, keyword):
    (note,) = in_python([Note.warning("code", option)])
    assert (note.text, note.code, note.severity) == (keyword, "code", "warning")


def test_a_summary_advises_in_python(make):
    text = " ".join(summary_text(make(volts=False)).split())
    assert 'rail_voltage_v="VOLT" changes it' in text and "--rail-voltage" not in text
