"""PowerAPI's table in which each time has a row for each target."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert


def test_the_targets_of_powerapi_are_asked_about(tmp_path):
    path = tmp_path / "p.csv"
    watts = {"global": 94, "rapl": 104, "/docker/web": 60, "/docker/db": 34}
    rows = [
        f"{1_710_252_310_000 + 1000 * i},{name},{power}" for i in range(30) for name, power in watts.items()
    ]
    path.write_text("\n".join(["timestamp,target,power", *rows]) + "\n")
    stated = {"columns": {"power": "W"}}
    with pytest.raises(ConfigurationError, match=r"targets of one machine.*--rail rapl .*--sum"):
        convert(path, tmp_path / "o.power", choices=Choices(**stated))
    convert(path, tmp_path / "o.power", choices=Choices(**stated, rail="rapl"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(104 * 29)
