"""What a class asks of a hand-in, read from a TOML file that an instructor writes: what it promises."""

from __future__ import annotations

from pathlib import Path

import class_of_forty
import pytest

from powermeter.errors import ConfigurationError
from powermeter.fleet.rubric import read_rubric


def test_the_rubric_of_the_class_kit_is_read(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text(class_of_forty.RUBRIC)
    rubric = read_rubric(tmp_path / "rubric.toml")
    assert rubric.label == "infer" and rubric.power == (0.2, 40.0) and rubric.most_points == 6
    for line in (
        'colour = "red"',
        "events = -1",
        'battery = "big"',
        "measured = 1",
        'power = ["1W"]',
        "[points]\nlooks = 1",
    ):
        (tmp_path / "bad.toml").write_text(line)
        with pytest.raises(ConfigurationError):
            read_rubric(tmp_path / "bad.toml")
