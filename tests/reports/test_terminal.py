"""The terminal's tables: no number is ever cut, at any width."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from powermeter.channel import Quantity
from powermeter.comparison.compare import Comparison, compare
from powermeter.recording import Recording
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.terminal import print_report
from powermeter.reports.terminal_labels import MOST_OF_A_NAME
from powermeter.reports.terminal_text import TextReport, summary_text, to_text
from powermeter.reports.wording import highest_w, peak
from powermeter.result import Result
from powermeter.testing.boards import Run, simulate_run
from tests.reports.conftest import infer, maker, twenty_events


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_run(
        tmp_path_factory.mktemp("terminal") / "run.power",
        "pi-4",
        run=Run(inferences=12, batch=8, idle_event=True),
    )


@pytest.fixture(scope="module")
def data(path: Path) -> ReportData:
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(baseline="idle", by="model", place="FRA"))


@pytest.fixture(scope="module")
def widest(data: ReportData) -> str:
    return to_text(data, 200)


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 100, 140, 200])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_cut(
    data: ReportData, widest: str, width: int
) -> None:
    lines = to_text(data, width).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line]
    words = " ".join(lines).split()
    assert {word for word in widest.split() if any(c.isdigit() for c in word)} <= set(words)


def test_a_wide_terminal_has_one_table_of_labels(data: ReportData) -> None:
    assert sum(line.startswith("label ") for line in to_text(data, 260).splitlines()) == 1
    assert sum(line.startswith("label ") for line in to_text(data, 60).splitlines()) >= 3


def test_labels_are_in_one_table_from_the_width_on_that_it_takes(data: ReportData) -> None:
    """What is as wide as it is on 260 characters is so from there on, and parted one character below."""

    def table(width: int) -> list[str]:
        lines = to_text(data, width).splitlines()
        (head, *others) = (i for i, line in enumerate(lines) if line.startswith("label "))
        return [] if others else lines[head : lines.index("", head)]

    takes = max(map(len, table(260)))
    assert table(takes) == table(260) and not table(takes - 1)


def test_colours_are_for_terminals_only(data: ReportData) -> None:
    file = io.StringIO()
    print_report(data, Console(file=file, force_terminal=True, width=100))
    assert "\x1b[" in file.getvalue() and "\x1b" not in to_text(data)
    assert TextReport().render(data) == to_text(data, 110)


def test_the_summary_takes_a_path_and_keywords(path: Path) -> None:
    text = summary_text(path, battery="8Ah", place="FRA", by="model", width=90)
    assert "8 Ah" in text and "France" in text and "baseline" in text


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    make, events = maker(tmp_path_factory.mktemp("compared")), twenty_events()
    return compare(make("a.power", events), make("b.power", events, watts=1.5))


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_number_of_a_comparison_is_cut(compared, width):
    from powermeter.reports.comparison import change, to_text, verdict_text
    from powermeter.reports.comparison_numbers import in_print

    found = compared
    text, row = to_text(found, width), found.rows[0].contrast
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    numbers = in_print(row)
    means = (numbers.left.text, numbers.right.text)
    for number in (*means, numbers.difference.text, change(row.ratio), verdict_text(row)):
        assert number in text, number
    assert all("±" in mean for mean in means)


def opened(path):
    with Recording.open(path) as recording:
        return gather(recording)


@pytest.mark.thorough
def test_a_hundred_labels_fold(make):
    """Each takes a little longer than the one before it, at one power: the last ones used most, 24 of them, 10 where space is narrow."""
    events = [
        infer(0.04 * i, 0.01 + 2e-4 * (i % 100), 1, i + 1, f"layer_{i % 100:03d}_of_a_network")
        for i in range(200)
    ]
    found = opened(make(events=events))
    for width in (40, 80, 160):
        text = to_text(found, width)
        flat = "".join(text.split())
        listed = 10 if width == 40 else 24
        assert f"{100 - listed}morelabels,whichusedlesseach" in flat
        assert [k for k in range(100) if f"layer_{k:03d}" in flat][-listed + 1 :] == [
            *range(101 - listed, 100)
        ]
        assert "more labels, which used less each" in " ".join(text.split()) and "…" not in text, width
        assert text.count("\n") < 400, width


@pytest.mark.parametrize("width", [80, 160])
def test_one_label_of_thousands_of_characters_leaves_the_tables_of_the_others(make, width):
    long = "".join(f"{i:05d}" for i in range(800))
    path = make(events=[infer(i, 0.4, 1, i + 1) for i in range(1, 8)] + [infer(8.5, 0.4, 1, 9, long)])
    text = to_text(opened(path), width)
    heads = [line for line in text.splitlines() if line.split()[:2] == ["label", "events"]]
    assert len(heads) == 1
    assert any(line.split()[:2] == ["infer", "7"] for line in text.splitlines())
    flat = "".join(text.split())
    assert (
        "(4,000 characters)" in text
        and f"{long[:16]}…{long[-8:]}(4,000characters)" in flat
        and long[:MOST_OF_A_NAME] in flat
        and long[: MOST_OF_A_NAME + 9] not in flat
    )
    assert max(map(len, text.splitlines())) <= width


def test_where_a_table_holds_a_column_or_two_every_label_stands_once(make):
    """At 40 columns each number of each of four labels repeated the label: twenty lines for five numbers."""
    events = [infer(i, 0.4, 1, i + 1, "request of a long name") for i in range(1, 8)]
    text = to_text(opened(make(events=events)), 40)
    use = text[text.index("Energy, charge and power") : text.index("Latency and memory")]
    assert use.count("request of a") == 1 and use.count("uAh") + use.count("µAh") >= 2


def test_no_column_stands_alone_where_columns_are_parted(make):
    """At 80 columns `per charge` had a table of its own below one of four columns."""
    text = to_text(opened(make(events=[infer(i, 0.4, 1, i + 1, "a label") for i in range(1, 8)])), 62)
    heads = [line.split("  ") for line in text.splitlines() if line.startswith("label ")]
    assert len(heads) > 3 and min(len([cell for cell in head if cell.strip()]) for head in heads) > 2


def test_a_peak_has_the_digits_of_the_mean_beside_it():
    trace = SimpleNamespace(saturated_ns=None, quantity=Quantity.POWER)
    found = SimpleNamespace(power_trace=trace, peak_w=8.16, rows=[])
    found.power = Result(8.17, "W", 2.0, 14.3)
    assert peak(found) == "peak 8.2 W"
    found.power = Result(5.0, "W", 4.97, 5.03)
    assert peak(found) == "peak 8.16 W"


def test_a_peak_of_a_counter_is_a_bound_no_lower_than_a_mean():
    """The slopes of two cards' counters, read late, had a peak of 995 W below a mean of 1,127 W during events."""
    trace = SimpleNamespace(saturated_ns=None, quantity=Quantity.ENERGY)
    row = SimpleNamespace(power=Result(1127.0, "W", 1078.0, 1176.0))
    found = SimpleNamespace(power_trace=trace, peak_w=995.0, rows=[row, SimpleNamespace(power=None)])
    assert highest_w(found) == 1078.0 and peak(found) == "peak at least 1.0 kW"
    found.rows = []
    assert highest_w(found) == 995.0 and peak(found) == "peak at least 990 W"


def test_a_label_is_folded_beside_its_numbers(make):
    label = "a label of many words that says at length what it is"
    path = make(events=[infer(i, 0.4, 1, i + 1, label) for i in range(1, 8)])
    text = to_text(opened(path), 80)
    first = next(line for line in text.splitlines() if line.startswith("a label of many"))
    assert first.split()[-1] != "of" and " 7 " in first and " mJ" in first
    assert "lengthwhatitis" in "".join(text.split())


def test_a_label_is_whole_where_the_width_has_room_for_it(make):
    """25 characters were folded at 24, with 15 columns free."""
    label = "<script>alert(1)</script>"
    lacking = [infer(i, 0.4, 1, i + 1, "load") for i in range(1, 8)]
    path = make(events=[*lacking, *(infer(i + 0.5, 0.4, 1, i + 11, label, model="a") for i in range(1, 8))])
    with Recording.open(path) as recording:
        data = gather(recording, ReportOptions(by="model"))
    tables = [line for line in to_text(data, 80).splitlines() if line.startswith("<script>")]
    assert len(tables) > 3 and all(line.startswith(f"{label}  a ") for line in tables)
    assert {row.title for row in data.analysis.rows} == {"load (model=–)", f"{label} (model=a)"}


@pytest.mark.parametrize("width", [40, 47, 60, 72, 80, 100])
def test_no_line_ends_between_a_number_and_what_belongs_to_it(data: ReportData, width: int) -> None:
    lines = [line.rstrip() for line in to_text(data, width).splitlines()]
    assert not [line for line in lines if line.endswith(("±", "(± "))]
    assert not [line for line in lines if line.startswith(("%", "mJ", "MB", "Hz"))]
