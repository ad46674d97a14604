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
