"""Green Button: the energy of each interval in XML, in the unit and the power of ten that its type states."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Log, convert

ESPI = 'xmlns="http://naesb.org/espi"'
HOUR = 3600
START = 1709251200


def kind(uom: int = 72, tens: int = 0, flow: int = 1, what: int = 4, link: str = "") -> str:
    own = f'<link rel="self" href="{link}"/>' if link else ""
    return (
        f"<entry>{own}<content><ReadingType {ESPI}><accumulationBehaviour>{what}</accumulationBehaviour><flowDirection>{flow}</flowDirection>"
        f"<powerOfTenMultiplier>{tens}</powerOfTenMultiplier><uom>{uom}</uom></ReadingType></content></entry>"
    )


def block(values: Mapping[int, object], up: str = "", quality: int | None = None, length: int = HOUR) -> str:
    link = f'<link rel="up" href="{up}/IntervalBlock"/>' if up else ""
    stated = "" if quality is None else f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>"
    readings = "".join(
        f"<IntervalReading>{stated}<timePeriod><duration>{length}</duration><start>{START + i * length}</start></timePeriod>"
        f"<value>{value}</value></IntervalReading>"
        for i, value in values.items()
    )
    return f"<entry>{link}<content><IntervalBlock {ESPI}>{readings}</IntervalBlock></content></entry>"


def reading(link: str, of: str) -> str:
    links = f'<link rel="self" href="{link}"/><link rel="related" href="{of}"/>'
    return f"<entry>{links}<content><MeterReading {ESPI}/></content></entry>"


def read(folder: Path, *parts: str) -> Log:
    path = folder / "usage.xml"
    path.write_text(f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join(parts)}</feed>')
    return convert(path, folder / "o.power", force=True)


def joules(folder: Path) -> float:
    return analyse(folder / "o.power").energy.value


DAY = dict.fromkeys(range(24), 500)


@pytest.mark.parametrize(
    ("uom", "tens", "each"),
    [(72, 0, 500 * 3600.0), (72, 3, 5e5 * 3600), (72, -3, 0.5 * 3600), (31, 0, 500.0)],
)
def test_values_are_in_the_unit_and_the_power_of_ten_of_their_type(
    tmp_path: Path, uom: int, tens: int, each: float
) -> None:
    log = read(tmp_path, kind(uom, tens), block(DAY))
    assert log.format == "green-button"
    assert log.sources[0].ends_ns == (START * 10**9, (START + 24 * HOUR) * 10**9)
    assert joules(tmp_path) == pytest.approx(24 * each)


def test_blocks_in_any_order_are_one_register(tmp_path: Path) -> None:
    late, early = {i: 400 for i in range(12, 24)}, {i: 500 for i in range(12)}
    read(tmp_path, kind(), block(late), block(early))
    assert joules(tmp_path) == pytest.approx(12 * 900 * 3600)


def test_what_is_fed_in_is_left_out_and_named(tmp_path: Path) -> None:
    types = kind(link="/T/1") + kind(flow=19, link="/T/2")
    readings = reading("/U/1/MeterReading/1", "/T/1") + reading("/U/1/MeterReading/2", "/T/2")
    blocks = block(DAY, "/U/1/MeterReading/1") + block(DAY, "/U/1/MeterReading/2")
    log = read(tmp_path, types, readings, blocks)
    assert joules(tmp_path) == pytest.approx(24 * 500 * 3600)
    assert [note.text for note in log.warnings if note.code == "series-left-out"] == [
        "not energy taken from the grid, left out: 1_2 (Wh, flow 19, accumulation 4)"
    ]


@pytest.mark.parametrize(("length", "count"), [(4 * HOUR, 6), (24 * HOUR, 1)])
def test_the_same_energy_in_longer_intervals_is_not_added(tmp_path: Path, length: int, count: int) -> None:
    """A day of 12 kWh in hours, and once more in four hours (in one day): 24 kWh were printed (288)."""
    types = kind(link="/T/1") + kind(link="/T/2")
    readings = reading("/U/1/MeterReading/1", "/T/1") + reading("/U/1/MeterReading/2", "/T/2")
    again = dict.fromkeys(range(count), 500 * 24 // count)
    blocks = block(again, "/U/1/MeterReading/2", length=length) + block(DAY, "/U/1/MeterReading/1")
    log = read(tmp_path, types, readings, blocks)
    assert joules(tmp_path) == pytest.approx(24 * 500 * 3600)
    (note,) = (note for note in log.warnings if note.code == "series-left-out")
    assert note.text.endswith("in longer intervals: grid 1_2 energy (Wh)")


def test_registers_of_equal_intervals_are_all_read(tmp_path: Path) -> None:
    types = kind(link="/T/1") + kind(link="/T/2")
    readings = reading("/U/1/MeterReading/1", "/T/1") + reading("/U/1/MeterReading/2", "/T/2")
    blocks = block(DAY, "/U/1/MeterReading/1") + block(DAY, "/U/1/MeterReading/2")
    log = read(tmp_path, types, readings, blocks)
    assert "series-left-out" not in [note.code for note in log.warnings]
    assert joules(tmp_path) == pytest.approx(2 * 24 * 500 * 3600)


@pytest.mark.parametrize("tens", ["kilo", "3.0", "13", "-13"])
def test_a_power_of_ten_that_cannot_be_is_refused(tmp_path: Path, tens: str) -> None:
    damaged = kind(tens=3).replace(">3</powerOfTen", f">{tens}</powerOfTen")
    with pytest.raises(DataError, match="not a power of ten"):
        read(tmp_path, damaged, block(DAY))
    read(tmp_path, damaged.replace(tens, "+3"), block(DAY))
    assert joules(tmp_path) == pytest.approx(24 * 500e3 * 3600)


def test_without_links_several_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no link that states"):
        read(tmp_path, kind(), kind(flow=19), block(DAY))


GAS = kind().replace("<flowDirection>", "<commodity>7</commodity><flowDirection>")


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (kind(169), "therm"),
        (kind(what=3), "accumulation 3"),
        (kind(38), "W, flow 1"),
        (GAS, "Wh, flow 1, accumulation 4, commodity 7"),
    ],
)
def test_a_file_without_energy_of_intervals_is_refused_with_what_it_has(
    tmp_path: Path, part: str, named: str
) -> None:
    with pytest.raises(DataError, match=named):
        read(tmp_path, part, block(DAY))


def test_missing_intervals_are_a_gap_and_estimates_and_lost_readings_are_counted(tmp_path: Path) -> None:
    some = {i: 500 for i in range(24) if i not in (10, 11)} | {20: "n/a"}
    log = read(tmp_path, kind(), block(some, quality=8))
    texts = " | ".join(note.text for note in log.warnings)
    assert "22 intervals of estimated" not in texts and "21 intervals of estimated" in texts
    assert "1 IntervalReading without" in texts and "hole" in texts
    estimate = analyse(tmp_path / "o.power").energy
    assert estimate.low < 21 * 500 * 3600 * 1.05 and estimate.value == pytest.approx(
        24 * 500 * 3600, rel=0.02
    )


def test_an_interval_twice_with_another_energy_is_reported(tmp_path: Path) -> None:
    log = read(tmp_path, kind(), block(DAY), block({3: 600}), block({4: 500}))
    assert [n.text for n in log.warnings if n.code == "rows-left-out"] == [
        "1 interval stands in it twice with another energy: the later one in the file counts"
    ]
    assert joules(tmp_path) == pytest.approx((24 * 500 + 100) * 3600)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"<feed {ESPI}><IntervalBlock {ESPI}>", "not whole XML"),
        (f'<!DOCTYPE a [<!ENTITY b "c">]><feed {ESPI}>&b;</feed>', "definitions of its own"),
        (f"<feed {ESPI}/>", "it has: none"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "usage.xml"
    path.write_text(text)
    with pytest.raises(DataError, match=told):
        convert(path, tmp_path / "o.power")
