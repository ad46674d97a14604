"""Analyses made before are compared as their recordings would be."""

from __future__ import annotations

import pytest
from compared_recordings import codes, turns, write

import powermeter
from powermeter.comparison.compare import compare
from powermeter.comparison.runs import read


def test_analyses_are_compared_as_their_recordings_are(tmp_path):
    """Meter, file, time of day and program are kept: eight recordings in turns by one meter stay that."""
    sides = turns(tmp_path, 4, (6.0, 5.0))
    of_files, of_analyses = (
        compare(*some) for some in (sides, [[powermeter.analyse(path) for path in side] for side in sides])
    )
    assert of_analyses.row().ratio == of_files.row().ratio and of_analyses.shared
    assert codes(of_analyses) == codes(of_files)


def test_an_analysis_is_a_side_under_its_recording_s_name(tmp_path):
    """Analysed before by other means, it is compared as it is: its own rail, baseline and groups."""
    a, b = (
        powermeter.analyse(write(tmp_path / f"{name}.power", [w] * 10))
        for name, w in (("a", 2.0), ("b", 3.0))
    )
    run = read(a)
    assert run.analysis is a and (run.name, read(a, name="before").name) == ("a.power", "before")
    assert read(a).recording != read(b).recording
    assert compare(a, b).rows[0].contrast.difference.value == pytest.approx(0.2, rel=0.01)
