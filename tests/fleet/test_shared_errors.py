"""The parts of one uncertainty as a fleet pools them: which error is the same elsewhere, and how each is distributed: what it promises."""

from __future__ import annotations

from pathlib import Path

from powermeter.result import Grade


def test_a_shared_model_stays_shared_and_grades_are_the_worst(tmp_path: Path) -> None:
    from powermeter.fleet.shared_errors import Owner

    owner = Owner("r", "sensor", "board|cpu", frozenset({"Keithley 2450"}))
    assert owner.shared("gain:Keithley 2450", Grade.MEASURED) == "gain:Keithley 2450 @ reference"
    assert owner.shared("gain:ina219/current", Grade.MEASURED) == "gain:ina219/current @ sensor"
    assert owner.shared("model:estimate", Grade.ESTIMATED) == "model:estimate @ board|cpu"
    assert owner.shared("clock:1", Grade.MEASURED) == "clock:1 @ sensor"
    assert owner.shared("clock:1 @ 5f", Grade.MEASURED) == "clock:1 @ sensor"
    assert owner.shared("edges:division power infer", Grade.MEASURED) == "edges:division power infer @ sensor"
    assert owner.shared("clock:meter/energy", Grade.MEASURED) == "clock:meter/energy @ sensor"
    assert owner.shared("noise:infer", Grade.MEASURED) == "noise:infer @ r"
    assert owner.shared("refresh:1 @ 5f", Grade.MEASURED) == "refresh:1 @ board|cpu"
