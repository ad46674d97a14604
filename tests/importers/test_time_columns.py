"""Which column of a small table holds the times, how they are written, and what is asked where nothing tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError
from powermeter.importers import open_log
from powermeter.importers.files import Peek
from powermeter.importers.layout import layout
from powermeter.importers.log import Choices
from powermeter.importers.stamp_reader import Added, Reader, TimePlan, fast_walls
from powermeter.importers.time_columns import choose_time, counts_up, with_lag
from powermeter.importers.time_units import are_day_numbers, unit_by_size

NS = 10**9


@pytest.fixture
def table(tmp_path: Path):
    """Return a function that lays out a table of these lines."""

    def made(*lines: str):
        path = tmp_path / "t.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return layout(Peek.at(path))

    return made


def plan_of(found, **choices) -> tuple[TimePlan | None, list[str]]:
    asks: list[str] = []
    return choose_time(found, found.headings, Choices(**choices), asks), asks


def column(header: str, *texts: str) -> list[str]:
    return [f"{header},power (W)", *(f"{text},{k + 1}.5" for k, text in enumerate(texts))]


@pytest.mark.parametrize(
    ("header", "texts", "style", "tick"),
    [
        ("time (s)", ("0.0", "0.5", "1.0"), "relative", NS),
        ("time (ms)", ("0", "500", "1000"), "relative", 1_000_000),
        ("time", ("2024-01-02 03:04:05", "2024-01-02 03:04:06", "2024-01-02 03:04:07"), "wall", NS),
        ("time", ("03:04:05", "03:04:06", "03:04:07"), "day", NS),
        ("time", ("0.03:04:05", "0.03:04:06", "0.03:04:07"), "elapsed", NS),
        ("timestamp", ("1700000000", "1700000001", "1700000002"), "epoch", NS),
        ("timestamp", ("1700000000000", "1700000000500", "1700000001000"), "epoch", 1_000_000),
        ("timestamp", ("1700000000000000", "1700000000500000", "1700000001000000"), "epoch", 1000),
        ("timestamp", ("1700000000000000000", "1700000000500000000", "1700000001000000000"), "epoch", 1),
        ("timestamp", ("2099999999", "2099999999", "2099999999"), "epoch", NS),
    ],
)
def test_how_times_are_written(table, header, texts, style, tick) -> None:
    plan, asks = plan_of(table(*column(header, *texts)))
    assert plan is not None and not asks
    assert (plan.style, plan.tick_ns, plan.indexes) == (style, tick, (0,))
    assert plan.is_utc is (style in ("wall", "epoch"))


def test_a_rate_that_is_said_needs_no_column(table) -> None:
    plan, asks = plan_of(table(*column("time (s)", "0", "1", "2")), period_s=0.25)
    assert plan is not None and (plan.style, plan.period_s, plan.indexes) == ("period", 0.25, ()) and not asks


@pytest.mark.parametrize(
    ("header", "texts", "words"),
    [
        ("time", ("0", "1", "2"), "time=s"),
        ("time", ("0", "20", "40"), "time=ms"),  # steps of twenty and more
        ("time", ("0", "19", "38"), "time=s"),
        ("time", ("0", "10000", "20000"), "time=ms"),
        ("time", ("0", "10001", "20002"), "time=us"),
        ("time", ("0", "10000001", "20000002"), "time=ns"),
        ("timestamp", ("1200000000", "1200500000", "1201000000"), "timestamp=us"),
        ("elapsed", ("100000000", "1000000000", "1900000000"), "elapsed=ns"),
        ("time", ("45000.25", "45000.5", "45000.75"), "time=days"),
        ("time", ("soon", "later", "never"), "which is not a time"),
        ("time", ("01/02/2024 03:04", "01/02/2024 03:05", "01/02/2024 03:06"), "--dates dmy"),
        ("time (s)", ("1700000000000", "1700000000500", "1700000001000"), "in ms by its size"),
    ],
)
def test_what_is_asked_where_nothing_tells(table, header, texts, words) -> None:
    plan, asks = plan_of(table(*column(header, *texts)))
    assert plan is None and len(asks) == 1 and words in asks[0]


def test_a_table_without_times_asks_for_its_rate(table) -> None:
    plan, asks = plan_of(table("volts (V),power (W)", "1.5,2.5", "1.75,2.5", "1.25,2.5"))
    assert plan is None and "--rate 10Hz" in asks[0] and "or the column of times" in asks[0]
    unnamed = table("0,5.5", "1,5.25", "2,5.5", "3,5.75")
    assert counts_up(unnamed)
    assert "column 1, --column 1=s" in plan_of(unnamed)[1][0]
    assert not counts_up(table("0,5.5", "1,5.25", "1,5.5", "3,5.75"))
    assert not counts_up(table("0", "1", "2", "3")) and not counts_up(table("0,5.5", "1,5.25"))


@pytest.mark.parametrize(("order", "first"), [("dmy", 1), ("mdy", 2)])
def test_an_order_that_is_said_is_taken(table, order: str, first: int) -> None:
    plan, asks = plan_of(table(*column("time", *(f"01/02/2024 03:0{k}" for k in range(3)))), dates=order)
    assert plan is not None and plan.order == order and not asks


def test_a_date_beside_a_time_of_day_is_one_stamp(table) -> None:
    found = table("date,time,power (W)", *(f"2024-01-02,03:04:0{k},1.5" for k in range(5)))
    plan, _ = plan_of(found)
    assert plan is not None and plan.indexes == (0, 1) and plan.style == "wall"
    stamps, zoned = Reader(plan).read([f"2024-01-02 03:04:0{k}" for k in range(5)])
    assert np.diff(stamps).tolist() == [NS] * 4 and zoned is None


def test_a_column_that_moves_comes_before_one_that_stands_still(table) -> None:
    lines = [f"2024-01-02 03:04:05,{k}.5,1.5" for k in range(8)]
    plan, _ = plan_of(table("started time,time (s),power (W)", *lines))
    assert plan is not None and plan.indexes == (1,) and plan.style == "relative"
    moving = [f"2024-01-02 03:04:0{k},{k}.5,1.5" for k in range(8)]
    plan, _ = plan_of(table("date time,time (s),power (W)", *moving))
    assert plan is not None and plan.indexes == (0,) and plan.style == "wall"


def stamps(plan: TimePlan, *texts: str, comma: bool = False) -> list[int | None]:
    found, _ = Reader(plan, comma).read(list(texts))
    return [None if ns == MISSING else int(ns) for ns in found.tolist()]


@pytest.mark.parametrize("n", [1, 8])
def test_numbers_are_read_alike_at_once_and_one_by_one(n: int) -> None:
    """From eight on together: as many decimals, or one by one."""
    plan = TimePlan((0,), "relative", 1_000_000)
    assert stamps(plan, *["1.5"] * n) == [1_500_000] * n
    assert stamps(plan, *["7"] * n) == [7_000_000] * n
    assert stamps(plan, *["0.1234567"] * n) == [123_457] * n  # to the nearest nanosecond
    assert stamps(plan, *["1.234567890123"] * n) == [1_234_568] * n
    assert stamps(plan, *["-1.5"] * n) == [-1_500_000] * n
    assert stamps(plan, *["1.5", "2", "3.25"] * n)[:3] == [1_500_000, 2_000_000, 3_250_000]
    assert stamps(plan, *["x"] * n) == [None] * n
    assert stamps(plan, *["1 s"] * n) == [NS] * n and stamps(plan, *["2us"] * n) == [2000] * n
    assert stamps(plan, *["1 parsec"] * n) == [None] * n
    assert stamps(plan, *["1.234,5"] * n, comma=True) == [1_234_500_000] * n
    assert stamps(TimePlan((0,), "epoch", 1), *["4611686018427387904"] * n) == [None] * n  # 2⁶²
    assert stamps(TimePlan((0,), "epoch", 1), *["4611686018427387903"] * n) == [2**62 - 1] * n
    assert stamps(TimePlan((0,), "epoch", NS), *["4611686019"] * n) == [None] * n
    assert stamps(TimePlan((0,), "relative", 1), *["1.5"] * n) == [2] * n


def test_times_of_day_go_on_past_midnight_from_block_to_block() -> None:
    reader = Reader(TimePlan((0,), "day"))
    first, _ = reader.read(["23:59:58", "x", "23:59:59"])
    then, _ = reader.read(["00:00:00", "12:00:00", "11:00:00"])
    day = 86_400
    assert first.tolist() == [(day - 2) * NS, MISSING, (day - 1) * NS]
    assert then.tolist() == [day * NS, (day + 43_200) * NS, (day + 39_600) * NS]


@pytest.mark.parametrize("n", [1, 8])
def test_walls_count_those_that_name_a_zone(n: int) -> None:
    plan = TimePlan((0,), "wall")
    reader = Reader(plan)
    plain, zoned = reader.read(["1970-01-01 00:00:01.5"] * n)
    assert plain.tolist() == [NS + NS // 2] * n and zoned is None and (reader.naive, reader.zoned) == (n, 0)
    east, aware = reader.read(["1970-01-01T01:00:01+01:00"] * n)
    assert east.tolist() == [NS] * n and aware is not None and aware.all()
    assert (reader.naive, reader.zoned) == (n, n)
    mixed, some = Reader(plan).read(["1970-01-01 00:00:01", "1970-01-01 01:00:01+01:00"] * n)
    assert mixed.tolist() == [NS, NS] * n and some is not None and some.tolist() == [False, True] * n
    broken, none = Reader(plan).read(["1970-01-01 00:00:01", "soon"] * n)
    assert broken.tolist() == [NS, MISSING] * n and none is None


@pytest.mark.parametrize(
    ("text", "fast"),
    [
        ("2024-01-02 03:04:05", True),
        ("2024/01/02 03:04:05", True),
        ("2024-01-02T03:04:05.123456789Z", True),
        ("2115-12-31 23:59:59", True),
        ("2116-01-01 00:00:00", False),
        ("1969-12-31 23:59:59", False),
        ("2024-01-02 03:04", False),
        ("2024-13-02 03:04:05", False),
    ],
)
def test_stamps_of_one_form_are_read_together(text: str, fast: bool) -> None:
    assert (fast_walls([text] * 8) is not None) is fast
    assert fast_walls([text] * 7) is None


def test_a_row_with_the_time_of_the_one_before_has_its_step_added(table) -> None:
    """Steps of 1, 3, 2, 5 s: where each row's step leads to the next row's time, that time is the row's own."""
    steps = [1, 3, 2, 5, 4, 1]
    at, late, own = 0, [], []
    for step in steps:
        late.append(f"{at},{step},1.5")
        at += step
        own.append(f"{at},{step},1.5")
    plan = TimePlan((0,), "relative", NS, why="numbers in s")
    assert with_lag(plan, table("time (s),step (s),power (W)", *late), 1).added == Added(1, NS)
    assert with_lag(plan, table("time (s),step (s),power (W)", *own), 1) is plan
    assert with_lag(plan, table("time (s),step (s),power (W)", *late[:2]), 1) is plan


@pytest.mark.parametrize(
    ("first", "tick", "unit"),
    [
        (1.7e12, NS, "ms"),
        (1.7e9, 1_000_000, "s"),
        (1.7e9, NS, None),  # it is in that unit
        (1.1e12, NS, None),  # before 2008
        (2.2e12, NS, None),
        (1.7e15, NS, "us"),
        (1.7e18, NS, "ns"),
        (5.0, NS, None),
    ],
)
def test_a_time_since_1970_in_another_unit_than_its_header(first: float, tick: int, unit: str | None) -> None:
    assert unit_by_size(first, tick) == unit


@pytest.mark.parametrize(
    ("texts", "yes"),
    [
        (("45000.25", "45000.5", "45000.75"), True),
        (("738000.25", "738000.5", "738000.75"), True),  # since the year 0
        (("45000", "45000", "45000"), False),  # no part of a day
        (("45000.25", "45001.5", "45001.75"), False),  # more than a day between two
        (("45000.5", "45000.25", "45000.75"), False),
        (("25568.5", "25568.6", "25568.7"), False),
        (("25569.5", "25569.6", "25569.7"), True),
        (("79999.5", "79999.6", "79999.7"), True),
        (("80000.5", "80000.6", "80000.7"), False),
        (("45000.25", "45000.5"), False),
    ],
)
def test_days_as_spreadsheets_count_them(texts: tuple[str, ...], yes: bool) -> None:
    assert are_day_numbers(texts) is yes


@pytest.mark.parametrize("names", ["Date,Time", "Fecha,Hora"])
def test_the_order_of_dates_in_a_column_of_their_own_is_decided_or_asked_as_that_of_stamps(tmp_path, names):
    """Ten hours over a midnight: read month first they would be 29 days; without the midnight they may be either."""
    path = tmp_path / "log.csv"
    rows = [("11/03/2024", 20 + i // 6, i % 6 * 10) for i in range(24)] + [
        ("12/03/2024", i // 6, i % 6 * 10) for i in range(36)
    ]
    path.write_text(f"{names},Power_W\n" + "".join(f"{d},{h:02d}:{m:02d}:00,50\n" for d, h, m in rows))
    for dates in ("dmy", None):
        (source,) = open_log(path, choices=Choices(dates=dates)).sources
        assert source.ends_ns[1] - source.ends_ns[0] == 590 * 60 * 10**9
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    with pytest.raises(ConfigurationError, match="--dates dmy or --dates mdy"):
        open_log(path)


def test_turbostat_without_a_column_of_times_is_offered_its_own_interval(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(
        "Core\tCPU\tBusy%\tPkgWatt\n" + "".join(f"-\t-\t{10 + i}.5\t{20 + i}.25\n" for i in range(12))
    )
    with pytest.raises(ConfigurationError, match="--rate 5s where turbostat ran without -i"):
        open_log(path)
