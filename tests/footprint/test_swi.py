"""Software Water Intensity: the arithmetic of the Green Software Foundation's draft."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.bill import bill, water_of_bill
from powermeter.footprint.swi import WaterIntensity, allocated, check_stress, water_of_block
from powermeter.result import Result


def litres(value: float) -> Result:
    return Result(value, "L", value, value)


DRAFT = WaterIntensity({"on site": litres(150), "off site": litres(270)}, litres(80), 100_000, "request")


def test_draft_operational_embodied_and_score() -> None:
    """150 + 270 = 420 L operational, 80 L embodied: 500 L, 0.005 L a request."""
    assert DRAFT.used.value == pytest.approx(420)
    assert DRAFT.total.value == pytest.approx(500)
    assert DRAFT.score.value == pytest.approx(0.005)


def test_draft_share_of_making() -> None:
    """4000 L × 1/48 × 4/32 = 10.42 L."""
    assert allocated(litres(4000), 1 / 48, 4 / 32).value == pytest.approx(10.4167, rel=1e-4)


def test_draft_weighted_is_not_called_litres() -> None:
    """150 × 1.2 + 270 × 3.5 = 1125, weighted."""
    found = DRAFT.weighted({"on site": 1.2, "off site": 3.5})
    assert found.value == pytest.approx(1125)
    assert found.unit == "L world eq"


def test_consumption_and_withdrawal_stay_apart() -> None:
    taken = WaterIntensity({"off site": litres(9000)}, None, 100_000, "request", "withdrawal")
    assert "SWI (withdrawal)" in taken.lines()[0]
    assert "not a full score" in taken.lines()[-1]
    assert "SWI (consumption): 5.00 mL per request" in DRAFT.lines()[0]


@pytest.mark.parametrize(
    "changes",
    [{"units": 0}, {"kind": "loss"}, {"operational": {}}, {"operational": {"x": litres(-1)}}],
)
def test_impossible_scores(changes: dict[str, object]) -> None:
    fields = {"operational": DRAFT.operational, "embodied": None, "units": 1.0, "unit": "request"}
    with pytest.raises(ConfigurationError):
        WaterIntensity(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("factors", [{"on site": 1.2}, {"on site": 1.2, "off site": 0.01}])
def test_a_scarcity_factor_for_each_volume_and_within_its_range(factors: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        DRAFT.weighted(factors)


def test_shares_are_within_the_whole() -> None:
    with pytest.raises(ConfigurationError, match="time share"):
        allocated(litres(1), 1.5, 1)


def test_water_of_a_part_and_of_a_board() -> None:
    """A die of 46 mm² at 12 L/cm², twice; a board of the study; a figure of the user's."""
    parts = [
        {"name": "soc", "kind": "chip", "area_mm2": 46, "node_nm": 28, "count": 2},
        {"name": "board", "kind": "tinyml", "component": "board"},
        {"name": "case", "kind": "part", "kg": 0.1, "water_l": 7.5},
        {"name": "cell", "kind": "battery", "capacity_wh": 3.7},
    ]
    assert [line.value for line in water_of_bill(parts)] == pytest.approx([2 * 0.46 * 12, 1.5, 7.5])
    assert len(bill(parts)) == 4
    assert water_of_block("board").result().high > 6
    with pytest.raises(ConfigurationError):
        water_of_bill([{"name": "case", "kind": "part", "water_l": "much"}])
    with pytest.raises(ConfigurationError):
        water_of_block("sail")


def test_scarcity_lies_between_a_tenth_and_a_hundred_both_included() -> None:
    """AWARE clips its factors to these ends, so that they occur."""
    assert [check_stress(factor) for factor in (0.1, 1.0, 100.0)] == [0.1, 1.0, 100.0]
    for factor in (0.099, 100.1):
        with pytest.raises(ConfigurationError, match="between"):
            check_stress(factor)
