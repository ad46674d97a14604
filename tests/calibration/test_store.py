"""A calibration is written, read and refused."""

from __future__ import annotations

import pytest

from powermeter.calibration.store import from_toml, to_toml
from powermeter.errors import DataError


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "[[calibration]]\nchannel = 'a'", "not toml [", to_toml([])],
)
def test_a_file_that_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        from_toml(text)
