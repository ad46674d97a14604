"""CloudWatch's answers: newest first, or in any order, with names and without units."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

STAMPS = [f"2024-03-01T10:{minute:02}:00+00:00" for minute in range(11)]
RISING = [60.0 + i for i in range(11)]
MEANS = 11 * 60 * 65.0  # of a minute each, from its stamp on


def energy(folder: Path, data: object, **said: object) -> float:
    path = folder / "metric.json"
    path.write_text(json.dumps(data))
    convert(path, folder / "o.power", choices=Choices(**said), force=True)  # type: ignore[arg-type]
    return analyse(folder / "o.power").energy.value


def result(label: str, values: list[float]) -> dict[str, object]:
    return {"Id": "m1", "Label": label, "Timestamps": STAMPS[::-1], "Values": values[::-1]}


def test_metric_data_is_read_from_oldest_to_newest(tmp_path: Path) -> None:
    data = {"MetricDataResults": [result("Power", RISING)], "Messages": []}
    with pytest.raises(ConfigurationError, match="unit of 'Power'"):
        energy(tmp_path, data)
    assert energy(tmp_path, data, columns={"Power": "W"}) == pytest.approx(MEANS)


def test_two_metrics_are_two_rails(tmp_path: Path) -> None:
    data = {"MetricDataResults": [result("A power (W)", RISING), result("B power (W)", RISING)]}
    assert energy(tmp_path, data, add_up=True) == pytest.approx(2 * MEANS)
    with pytest.raises(ConfigurationError, match="both called"):
        energy(tmp_path, {"MetricDataResults": [result("a", RISING), result("a", RISING)]})


def test_points_of_statistics_stand_in_any_order(tmp_path: Path) -> None:
    order = [3, 10, 0, 7, 5, 1, 9, 2, 8, 4, 6]
    points = [{"Timestamp": STAMPS[i], "Average": RISING[i], "Unit": "None"} for i in order]
    found = energy(tmp_path, {"Label": "Power", "Datapoints": points}, columns={"Power Average": "W"})
    assert found == pytest.approx(11 * 60 * 65.0)  # averages of a minute each


@pytest.mark.parametrize("label", ["Power (W)", "Power"])
def test_a_sum_of_powers_is_no_power(tmp_path: Path, label: str) -> None:
    """Five readings a minute: their sum was taken for the power, five times too much."""
    points = [{"Timestamp": s, "Sum": 5 * w, "SampleCount": 5.0} for s, w in zip(STAMPS, RISING, strict=True)]
    stated = {} if label.endswith(")") else {"Power Average": "W"}
    found = energy(tmp_path, {"Label": label, "Datapoints": points}, columns=stated)
    assert found == pytest.approx(11 * 60 * 65.0)
    alone = [{"Timestamp": s, "Sum": w} for s, w in zip(STAMPS, RISING, strict=True)]
    with pytest.raises(ConfigurationError, match="query its Average"):
        energy(tmp_path, {"Label": label, "Datapoints": alone})


def test_a_sum_of_amounts_is_their_energy(tmp_path: Path) -> None:
    points = [{"Timestamp": s, "Sum": w, "SampleCount": 5.0} for s, w in zip(STAMPS, RISING, strict=True)]
    data = {"Label": "Energy (Wh)", "Datapoints": points}
    assert energy(tmp_path, data, as_={"": "per-row"}) == pytest.approx(sum(RISING) * 3600)
