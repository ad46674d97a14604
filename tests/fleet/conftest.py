"""A small lab: devices, versions, days; collected once."""

from __future__ import annotations

from pathlib import Path

import class_of_forty
import outside
import pytest

DAY_NS = 86_400 * class_of_forty.NS


def write_lab(folder: Path) -> Path:
    """Write eight devices: two versions each, one device that draws a third more, one that drifts."""
    for number in range(8):
        for day in range(4):
            scale = 1.0 + 0.01 * (number % 3)
            scale *= 1.35 if number == 7 else 1.0
            scale *= 1 + 0.05 * day if number == 2 else 1.0
            version = "v1" if day < 2 else "v2"
            class_of_forty.record(
                folder / f"pi-{number:02}" / f"{day}.power",
                "",
                1,
                machine=100 * number + day,
                host={"name": f"pi-{number:02}", "board": "Raspberry Pi 4 Model B", "cpu": "ARM"},
                attributes={"version": version},
                scale=scale * (1.12 if version == "v2" else 1.0),
                utc_ns=class_of_forty.START_UTC_NS + day * DAY_NS,
                noise_seed=10 * number + day,
                events=12,
            )
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings."""
    return write_lab(tmp_path_factory.mktemp("lab") / "recordings")


@pytest.fixture(scope="session")
def dataset(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their dataset, with all readings."""
    outside.need("pyarrow")
    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.origins import origin_of

    folder = tmp_path_factory.mktemp("dataset") / "lab"
    found = collect(origin_of(str(lab)), Dataset(folder), "all")
    assert len(found.added) == 32 and not found.left, found.lines()
    return folder
