"""`--zone` in each importer: stamps without a zone move by it, stamps that state one do not, energies never."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter import importers
from powermeter.analysis.energy import analyse
from powermeter.importers.time_zones import LogZone
from powermeter.recording import Recording

NS = 1_000_000_000

WITHOUT_A_ZONE = (
    "am_pm.csv",
    "counter_back_to_zero.csv",
    "day_month_year_dots.csv",
    "first_row_1970.csv",
    "node_parts_and_total.csv",
    "nvidia_smi_dmon_date.txt",
    "nvidia_smi_two_cards.csv",
    "power_watts.csv",
    "powerjoular.csv",
    "split_date_and_time.csv",
    "summer_time_begins.csv",
    "summer_time_ends.csv",
    "unpadded_times.csv",
)
"""Dates and times of day as a clock on the wall shows them."""

WITH_ONE = (
    "alumet.csv",
    "camel_case_microseconds.csv",
    "energibridge_lagging_time.csv",
    "gpu_column_with_zone.csv",
    "hash_header.csv",
    "nvidia_smi_zone.csv",
    "offset_changes.csv",
    "turbostat_time_of_day.tsv",
    "zeus_power.csv",
    "zulu.csv",
)
"""Seconds since 1970, or stamps with Z or an offset."""


def imported(path: Path, out: Path, zone: str) -> tuple[int, int, float | None]:
    """Return the first stamp, UTC at it, and the energy."""
    importers.convert(path, out, choices=importers.Choices(zone=LogZone.parse(zone)), force=True)
    with Recording.open(out) as recording:
        first = min(int(recording.samples(source.id).times_ns[0]) for source in recording.sources)
        monotonic, utc = recording.clock_pairs()[0]
        return first, utc - monotonic, analyse(recording).energy.value


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "moved_s"), [*((n, -7200) for n in WITHOUT_A_ZONE), *((n, 0) for n in WITH_ONE)]
)
def test_two_hours_east_is_two_hours_earlier(shared: Path, tmp_path: Path, name: str, moved_s: int) -> None:
    """10:00 in a zone of +02:00 is 08:00 UTC."""
    path = shared / "data/logs_people_have" / name
    if not path.exists():
        pytest.skip("no shared/data/logs_people_have beside the checkout")
    out = tmp_path / "out.power"
    here, east = imported(path, out, "UTC"), imported(path, out, "+02:00")
    assert (east[0] + east[1]) - (here[0] + here[1]) == moved_s * NS
    assert east[2] == pytest.approx(here[2])


@pytest.mark.parametrize(
    ("text", "seconds"), [("UTC", 0), ("z", 0), ("+01:00", 3600), ("-03:30", -12_600), ("+05:45", 20_700)]
)
def test_offsets_are_east_of_greenwich(text: str, seconds: int) -> None:
    assert LogZone.parse(text).seconds == seconds
