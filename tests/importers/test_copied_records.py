"""Periods that stand in a log twice are named: intel_gpu_top's have no times by which a copy would show."""

import json

import pytest

from powermeter.importers import open_log


def periods(times):
    return [
        json.dumps(
            {"period": {"duration": ms, "unit": "ms"}, "power": {"GPU": 1.5, "unit": "W"}, "engines": {}}
        )
        for ms in times
    ]


MEASURED = [1000.011234, 1000.093117, 999.982345, 1000.051092]


@pytest.mark.parametrize(
    ("times", "copies"),
    [
        (MEASURED, None),
        ([*MEASURED, MEASURED[0]], None),  # two of many that happen to be equally long
        ([*MEASURED, *MEASURED], "4 periods repeat"),
        ([*MEASURED, *[MEASURED[3]] * 10], "10 periods repeat"),
        ([1000.0] * 8, None),  # rounded before they were written
    ],
)
def test_copies_are_counted(tmp_path, times, copies):
    path = tmp_path / "igt.json"
    path.write_text("[" + ",".join(periods(times)) + "]")
    notes = [note.text for note in open_log(path).warnings if note.code == "rows-repeated"]
    assert [copies] * len(notes) == [note[: len(copies)] for note in notes] if copies else notes == []
    assert len(notes) == bool(copies)
