"""What is remarked of labels whose rows nobody made is what their rows show."""

from __future__ import annotations

import pytest

from powermeter.analysis import label_rows
from powermeter.analysis.energy import analyse
from powermeter.analysis.label_rows import LabelRows
from powermeter.analysis.remarked_labels import remarked_of, without_charge
from powermeter.analysis.remarks import remarks_of_rows
from tests.support.many_labels import many_labels


def test_remarks_are_those_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_rows, "MANY_LABELS", 2)
    rows = analyse(many_labels(18)).rows
    assert isinstance(rows, LabelRows)
    found, notes = remarked_of(rows), remarks_of_rows(rows)
    made = tuple(rows)
    assert found == remarked_of(made) and notes == remarks_of_rows(made)
    assert {"not-resolved"} <= {code for one in found for code in one.codes}
    assert sum(bool(one.outcome) for one in found) == 6, "two events of 8 ms each, at 100 Hz"


def test_a_row_for_its_remark_has_no_charge_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_rows, "MANY_LABELS", 2)
    rows = analyse(many_labels(6)).rows
    alone = without_charge(rows, 1)
    assert alone.charge is None and alone.energy == rows[1].energy and rows[1].charge is not None
