"""Everything that is read of a small log of each tool: rails and what covers what, grades, limits, values, stamps, notes."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_as_read import as_read

from powermeter import importers, toml
from powermeter.importers import Choices
from powermeter.importers.time_zones import LogZone

LOGS = toml.read(Path(__file__).with_name("tools_as_read.toml"))


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_read_as_it_says(name: str, tmp_path: Path) -> None:
    wanted = LOGS[name]
    path = tmp_path / wanted["file"]
    path.write_text(wanted["log"])
    said = dict(wanted.get("said", {}))
    if "zone" in said:
        said["zone"] = LogZone.parse(said["zone"])
    log = importers.open_log(path, choices=Choices(**said))
    assert as_read(log) == wanted["read"].splitlines()
