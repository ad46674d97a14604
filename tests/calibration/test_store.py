"""A calibration is written, read and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.calibration.store import read, to_toml
from powermeter.errors import DataError


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "[[calibration]]\nchannel = 'a'", "not toml [", to_toml([])],
)
def test_a_file_that_is_no_calibration_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        read(path)
