"""Grades: their order, and the worst of some."""

from __future__ import annotations

from powermeter.result.grade import Grade, worst


def test_grades_stand_from_best_to_worst():
    assert [grade.value for grade in Grade] == ["measured", "derived", "estimated", "assumed", "simulated"]
    assert [grade.rank for grade in Grade] == [0, 1, 2, 3, 4]


def test_the_worst_of_some_grades_is_found_in_any_order():
    assert worst([Grade.ASSUMED, Grade.MEASURED, Grade.ESTIMATED]) is Grade.ASSUMED
    assert worst(reversed(Grade)) is worst(Grade) is Grade.SIMULATED
    assert worst([]) is Grade.MEASURED
