"""From one recording to the rows of a dataset: what it is, its labels with their parts, events, hours, readings: what it promises."""

from __future__ import annotations

import outside
import pytest

from powermeter.fleet.rows import slug


@pytest.fixture(autouse=True)
def _arrow() -> None:
    outside.need("pyarrow")


def test_names_of_devices_become_folders_and_stay_apart() -> None:
    assert slug("pi-07") == "pi-07"
    assert slug("../../etc") != slug("..-..-etc") and "/" not in slug("../../etc")
    assert slug("Prüfstand 1") != slug("Prüfstand 2") and slug("") and not slug("..").startswith(".")
