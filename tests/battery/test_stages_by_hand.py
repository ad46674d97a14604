"""When a stage keeps its budget, when it does not, and when nobody can tell."""

from __future__ import annotations

import pytest

from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.stages import Stage, StageOutcome, StageVerdict, parse_stage
from powermeter.errors import ConfigurationError
from powermeter.result import Result

ONE_AH = parse_battery("1Ah")


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict", "passed"),
    [
        (0.5, 0.4, 0.6, StageVerdict.PASS, True),
        (0.9, 0.8, 1.0, StageVerdict.PASS, True),  # the limit itself is kept
        (0.9, 0.8, 1.01, StageVerdict.UNCLEAR, True),
        (1.0, 1.0, 1.1, StageVerdict.UNCLEAR, True),
        (1.05, 0.9, 1.2, StageVerdict.UNCLEAR, False),
        (1.2, 1.01, 1.4, StageVerdict.FAIL, False),
    ],
)
def test_the_verdict_of_a_share(value, low, high, verdict, passed) -> None:
    found = StageOutcome(Stage("infer", ONE_AH), Result(value, "1", low, high))
    assert found.verdict is verdict and found.passed is passed
    assert found.line().startswith("infer: ") and found.line().endswith(f": {verdict.value}")


def test_a_stage_in_print() -> None:
    share = Result.of(0.5, "1")
    assert StageOutcome(Stage("*", ONE_AH), share).line().startswith("whole recording: ")
    assert StageOutcome(Stage("infer", ONE_AH, 1000.0), share).line().startswith("infer for 1")
    assert StageOutcome(Stage("infer", ONE_AH, 1.0), share).line().startswith("infer for 1 item: ")


@pytest.mark.parametrize(
    ("text", "label", "repeats", "capacity_c"),
    [
        ("infer", "infer", None, 3600.0),
        ("infer=2Ah", "infer", None, 7200.0),
        ("infer:1000=2Ah", "infer", 1000.0, 7200.0),
        ("*=2Ah", "*", None, 7200.0),
        ("infer:2.5", "infer", 2.5, 3600.0),
    ],
)
def test_a_stage_as_it_is_written(text, label, repeats, capacity_c) -> None:
    found = parse_stage(text, ONE_AH)
    assert (found.label, found.repeats, found.battery.charge_c) == (label, repeats, capacity_c)


@pytest.mark.parametrize(
    "text", ["", "=2Ah", "infer:x=2Ah", "infer:0=2Ah", "infer:-1", "infer:nan", "infer:1e15"]
)
def test_what_is_no_stage(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_stage(text, ONE_AH)
