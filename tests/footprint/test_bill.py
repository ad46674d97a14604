"""A bill of materials in TOML: its parts as lines of carbon, and of the fresh water that making them took: what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.footprint.bill import bill, read_parts


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "x", "kind": "chop"}, "did you mean chip"),
        ({"name": "x", "kind": "chip", "area_mm2": 10}, "node_nm"),
        ({"name": "x", "kind": "chip", "area_mm2": 10, "node_nm": 28, "volts": 3}, "no field 'volts'"),
        ({"name": "x", "kind": "part", "kg": -1}, "-1 kg"),
        ({"name": "x", "kind": "part", "kg": 1, "count": 0}, "count"),
        ({"name": "x", "kind": "chip", "area_mm2": "big", "node_nm": 28}, "big"),
    ],
)
def test_unusable_parts_are_named(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        bill([entry])


def test_unusable_bills(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_parts(tmp_path / "none.toml")
    for text, said in (("part = 1", r"\[\[part\]\]"), ("[[part", "TOML")):
        path = tmp_path / "bad.toml"
        path.write_text(text)
        with pytest.raises(DataError, match=said):
            bill(read_parts(path))


def test_a_part_of_which_one_end_is_known_reaches_to_half_or_twice_at_the_other() -> None:
    (high,) = bill([{"name": "x", "kind": "part", "kg": 6, "high_kg": 7}])
    (low,) = bill([{"name": "x", "kind": "part", "kg": 6, "low_kg": 5}])
    (upper,), (lower,) = (
        [each for each in one.inputs.values() if getattr(each, "central", None) == 6] for one in (high, low)
    )
    assert (upper.low, upper.high) == (3, 7) and (lower.low, lower.high) == (5, 12)
