"""A class beside each other: the numbers are those of `show`, unreadable files are rows, places are shared where nobody can tell."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from class_of_forty import RUBRIC, record

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.fleet.handins import check_folder
from powermeter.fleet.rubric import read_rubric
from powermeter.recording import Recording, Writer
from powermeter.reports.class_page import columns, to_html, to_markdown, to_text
from powermeter.reports.class_ranking import in_order, ranked
from powermeter.reports.class_table import ClassRow, class_rows
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.wording import footprint_amount
from powermeter.result import Result
from powermeter.result.notes import Note

NOT_ACCEPTED = {"x/run.power", "d/run.power"}
"""Of another battery than the rubric's, and broken."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four teams: two alike, one that uses a tenth more, one whose file is broken; a rubric beside them."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "rubric.toml").write_text(RUBRIC)
    inside = folder / "in"
    record(inside / "a" / "run.power", "a", 1)
    record(inside / "b" / "run.power", "b", 1, machine=1)
    record(inside / "c" / "run.power", "c", 1, scale=1.2, machine=2)
    record(inside / "x" / "run.power", "x", 1, battery="20Ah", scale=0.5, machine=3)
    (inside / "d").mkdir()
    (inside / "d" / "run.power").write_text("no recording")
    return inside


@pytest.fixture(scope="module")
def rows(small: Path) -> list[ClassRow]:
    rubric = read_rubric(small.parent / "rubric.toml")
    return ranked(class_rows(check_folder(small, rubric), rubric=rubric, label="infer"))


def test_numbers_are_those_of_show(small: Path, rows: list[ClassRow]) -> None:
    row = next(row for row in rows if row.file == "c/run.power")
    with Recording.open(small / "c" / "run.power") as recording:
        data = gather(recording)
    label = data.analysis.row("infer")
    assert row.per_item == label.per_item and row.latency_s == label.latency_mean
    assert row.meter == label.meter_half_width and row.charge == data.charge_each(label)
    assert row.repeats is not None and row.meter is not None and row.per_item is not None
    assert row.meter**2 + row.repeats**2 == pytest.approx(row.per_item.half_width**2)
    assert row.share is not None and row.share.value == pytest.approx(row.charge.value / 14_400)


def test_of_a_run_whose_items_are_counted_every_cell_is_of_one(tmp_path: Path) -> None:
    """100 s at 5 V and 0.4 A hold 250 items: 0.8 J, 0.16 C and, of 4 Ah, 0.16 C / 14 400 C each; one is 1/250 of the run's carbon."""
    (tmp_path / "in").mkdir()
    rail = Rail("VIN")
    channels = (Channel("v", Quantity.VOLTAGE, 1e-3, rail), Channel("a", Quantity.CURRENT, 1e-3, rail))
    with Writer.create(tmp_path / "in" / "run.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("virtual://", "meter", "virtual", channels)
        times = np.arange(1001, dtype=np.int64) * 100_000_000
        writer.append(source, times, np.tile([5000, 400], (1001, 1)))
    (one,) = check_folder(tmp_path / "in")
    asked = ReportOptions(items=250, battery="4Ah", place="FR")
    (row,), (whole,) = class_rows([one], asked), class_rows([one], replace(asked, items=None))
    assert (row.label, row.events, row.items, row.latency_s) == ("(whole run)", 0, 250, None)
    for found, total, each in (
        (row.per_item, whole.per_item, 0.8),
        (row.charge, whole.charge, 0.16),
        (row.share, whole.share, 0.16 / 14_400),
        (row.carbon, whole.carbon, None),
    ):
        assert found is not None and total is not None
        assert found.value == pytest.approx(total.value / 250)
        assert each is None or found.value == pytest.approx(each)
    assert row.per_item is not None and row.meter == row.per_item.half_width


def test_most_points_come_first(rows: list[ClassRow]) -> None:
    earned = [
        replace(row, points=points) for row, points in zip(rows, (7.0, None, 9.5, 0.0, 9.0), strict=True)
    ]
    assert [row.points for row in in_order(earned, "points")] == [9.5, 9.0, 7.0, 0.0, None]


def test_what_was_not_repeated_has_no_spread(rows: list[ClassRow]) -> None:
    assert rows[0].repeats is not None and replace(rows[0], events=1).repeats is None


def test_who_cannot_be_told_apart_shares_a_place_and_who_is_not_accepted_has_none(
    rows: list[ClassRow],
) -> None:
    places = {row.team: row.rank for row in rows}
    assert places["a"] == places["b"] == 1 and places["c"] == 3
    assert places["x"] is None and places["d"] is None
    assert [row.team for row in rows][:3] == ["a", "b", "c"]


def test_an_unreadable_file_is_a_row_with_its_reason(rows: list[ClassRow]) -> None:
    row = next(row for row in rows if row.team == "d")
    assert row.per_item is None and "run.power" in row.problem and row.points == 0


def test_an_option_that_no_recording_can_use_is_refused_and_a_rail_that_one_lacks_is_its_row(
    small: Path,
) -> None:
    (one,) = [one for one in check_folder(small) if one.name == "a/run.power"]
    with pytest.raises(ConfigurationError, match="above zero"):
        class_rows([one], ReportOptions(rail_voltage_v="0V"))
    (row,) = class_rows([one], ReportOptions(rail="nowhere"))
    assert row.per_item is None and "'nowhere'" in row.problem


def test_an_attribute_that_one_recording_lacks_is_an_empty_cell_of_its_row_and_one_that_all_lack_is_refused(
    tmp_path: Path,
) -> None:
    for name, attributes in (("with", {"model": "base"}), ("without", {})):
        with Writer.create(tmp_path / f"{name}.power", {"attributes": attributes}) as writer:
            source = writer.add_source(
                "m://", "m", "m", (Channel("p", Quantity.POWER, 1e-3, Rail("system")),)
            )
            writer.append(source, np.arange(0, 2_000_000_000, 10_000_000), np.full((200, 1), 3000))
            for i, at in enumerate(range(100_000_000, 1_900_000_000, 300_000_000)):
                writer.add_event(Event("infer", at, at + 200_000_000, uid=i + 1))
    found = class_rows(check_folder(tmp_path), ReportOptions(by="model"))
    assert [(row.file, row.group, row.events) for row in found] == [
        ("with.power", {"model": "base"}, 6),
        ("without.power", {}, 6),
    ]
    with pytest.raises(ConfigurationError, match=r"no event of any recording .*'modle'; did you mean model"):
        class_rows(check_folder(tmp_path), ReportOptions(by="modle"))


def test_what_is_missing_is_sorted_last(rows: list[ClassRow]) -> None:
    for by in ("energy", "charge", "latency", "carbon"):
        assert in_order(rows, by)[-1].team == "d"
    assert [row.team for row in in_order(rows, "team")] == ["a", "b", "c", "d", "x"]
    with pytest.raises(ConfigurationError, match="energy, charge"):
        in_order(rows, "beauty")


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        self._inside = tag in ("td", "th", "span")
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self._inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_page_markdown_and_terminal_hold_the_same_cells(rows: list[ClassRow]) -> None:
    cells = _Cells()
    cells.feed(to_html(rows, "A class & more", "4Ah"))
    head, first = cells.rows[0], [cell.replace("\u00a0", " ") for cell in cells.rows[1]]
    energy = first[head.index("energy per item")]
    assert rows[0].per_item is not None and energy == rows[0].per_item.show().text
    assert energy in to_markdown(rows, "A class", "4Ah") and energy in to_text(rows, "4Ah", 200)
    carbon = first[head.index("carbon")]
    assert carbon == footprint_amount(rows[0].carbon, 1).text
    assert carbon.endswith(")") or "±" in carbon  # a place's electricity is nowhere known exactly
    narrow = to_text(rows, "4Ah", 80)
    assert energy in narrow and "left out at this width" in narrow
    assert max(len(line) for line in narrow.splitlines()[:6]) <= 80
    tight = to_text(rows, "4Ah", 40)
    assert energy in tight and f"label            {rows[0].label}" in tight and "left out" not in tight


def test_a_page_says_once_what_every_row_says_and_prints_whole(rows: list[ClassRow]) -> None:
    read = [row for row in rows if not row.problem]
    page, markdown = to_html(read, "A class", "4Ah"), to_markdown(rows, "A class", "4Ah").splitlines()
    cells = _Cells()
    cells.feed(page)
    assert "device raspberrypi · source ina219 · label infer" in page and "device" not in cells.rows[0]
    assert "size: A4 landscape" in page
    head, under = (line.strip("| ").split(" | ") for line in markdown[2:4])
    aligned = dict(zip(head, under, strict=True))
    assert aligned["grade"] == "---" and aligned["points"] == aligned["latency"] == "---:"


def test_texts_of_strangers_stay_texts(tmp_path: Path) -> None:
    path = record(tmp_path / "<b>x" / "run.power", "<script>", 1, host={"name": "|=1+1", "board": "<i>"})
    rows = class_rows(check_folder(tmp_path))
    assert "<script>" not in to_html(rows, "<title>", "4Ah") and "<i>" not in to_html(rows, "x", "4Ah")
    assert "\\|=1\\+1" in to_markdown(rows, "x", "4Ah") and path.exists()


@pytest.mark.thorough
def test_the_verb_writes_csv_html_and_markdown(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rubric = ["--rubric", str(small.parent / "rubric.toml")]
    for name in ("board.html", "board.md", "board.csv"):
        assert cli.run(["table", str(small), *rubric, "-o", str(tmp_path / name)]) == 0
    assert "5 rows" in capsys.readouterr().err
    listed = list(csv.DictReader(io.StringIO((tmp_path / "board.csv").read_text())))
    assert {row["file"] for row in listed if row["verdict"] == "not accepted"} == NOT_ACCEPTED
    assert listed[0]["rank"] == "1" and float(listed[0]["per_item_j"]) > 0
    assert "fetch" not in (tmp_path / "board.html").read_text()
    assert cli.run(["table", str(small), "-o", str(tmp_path / "board.csv")]) == 3
    assert cli.run(["table", str(small), "-o", str(tmp_path / "x.doc")]) == 2
    assert cli.run(["table", str(tmp_path / "nowhere")]) == 2
    assert cli.run(["table", str(small), "--sort", "beauty"]) == 2


@pytest.mark.thorough
def test_a_table_without_a_rubric_judges_nobody(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["table", str(small), "--by", "model", "--sort", "energy"]) == 0
    printed = capsys.readouterr().out
    assert "verdict" not in printed and "infer model=tiny" in printed


@pytest.mark.thorough
def test_each_ending_is_written_in_its_own_format(small: Path, tmp_path: Path) -> None:
    for ending, begins in ((".html", "<!doctype html"), (".md", "#"), (".csv", ""), (".json", "[")):
        out = tmp_path / f"t{ending}"
        cli.run(["table", str(small), "-o", str(out)])
        text = out.read_text("utf-8").lstrip().lower()
        assert text.startswith(begins) and ("<html" in text) == (ending == ".html"), ending
    assert "file" in (tmp_path / "t.csv").read_text("utf-8").splitlines()[0]


@pytest.mark.thorough
def test_how_many_files_are_without_an_energy_is_said(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five hand-ins, one of them no recording."""
    assert cli.run(["table", str(small), "-o", str(tmp_path / "t.csv")]) == 0
    assert capsys.readouterr().err.splitlines()[-1].endswith("t.csv: 5 rows, 1 of them without an energy")
    (tmp_path / "good").mkdir()
    record(tmp_path / "good" / "run.power", "a", 1)
    assert cli.run(["table", str(tmp_path / "good"), "-o", str(tmp_path / "g.csv")]) == 0
    assert capsys.readouterr().err.splitlines()[-1].endswith("g.csv: 1 row")
    assert cli.run(["table", str(small), "--json", "-o", str(tmp_path / "u.json")]) == 2
    assert cli.run(["table", str(small), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed) == 5 or len(next(iter(printed.values()))) == 5
    assert cli.run(["table", str(small), "-o", "-"]) == 0
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 5
    assert cli.run(["table", str(small), "-o", str(tmp_path / "t.html"), "--title", "Class of 40"]) == 0
    assert "<h1>Class of 40</h1>" in (tmp_path / "t.html").read_text()


def test_what_lies_above_a_baseline_has_a_column(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["table", str(small / "a"), "-o", "-"]) == 0
    assert "above_baseline" not in capsys.readouterr().out
    assert cli.run(["table", str(small), "--baseline", "1W", "-o", "-"]) == 0
    found = [row for row in csv.DictReader(io.StringIO(capsys.readouterr().out)) if row["label"] == "infer"]
    assert len(found) == 4
    for row in found:
        lower = float(row["per_item_j"]) - float(row["latency_s"]) * 1.0
        assert float(row["above_baseline_per_item_j"]) == pytest.approx(lower, rel=1e-2)
    assert cli.run(["table", str(small / "a"), "--baseline", "1W"]) == 0
    assert "above baseline" in capsys.readouterr().out


def test_a_whole_run_has_no_place_beside_items() -> None:
    """10 J of a run lay between inferences of 9 and 11 J as if it were one of them."""
    each = [
        ClassRow(
            f"{joules}.power",
            "",
            label="infer",
            events=4,
            items=4,
            per_item=Result(joules, "J", joules - 0.1, joules + 0.1),
        )
        for joules in (9.0, 11.0)
    ]
    run = replace(
        each[0],
        file="run.power",
        label="(whole run)",
        events=0,
        items=None,
        per_item=Result(10.0, "J", 9.9, 10.1),
    )
    assert [row.file for row in in_order([run, *each], "energy")] == ["9.0.power", "11.0.power", "run.power"]
    assert [row.rank for row in ranked([run, *each])] == [1, 2, None]
    counted = replace(run, items=1)  # its items were stated: it is one of them
    assert [row.rank for row in ranked([counted, *each])] == [1, 2, 3]
    assert [row.rank for row in ranked([run])] == [1]


def test_the_line_of_a_failed_program_names_its_file_once() -> None:
    row = ClassRow(
        "run.power",
        "",
        notes=(
            Note.warning("program-failed", "run.power: the program ended with status 3"),
            Note.warning("not-counted", "2 events are left out"),
        ),
    )
    lines = to_text([row], "4Ah", 200).splitlines()[-2:]
    assert lines == ["run.power: the program ended with status 3", "run.power: 2 events are left out"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_hundred_labels_of_a_recording_fold_in_a_terminal(width: int) -> None:
    """Those that used most stand; a file has all of them."""
    made = [
        ClassRow("a.power", "a", label=f"l{i:03d}", items=2, per_item=Result.of(float(i), "J"))
        for i in range(100)
    ]
    most = 10 if width == 40 else 24
    text = to_text(
        [*made, ClassRow("b.power", "b", label="infer", per_item=Result.of(0.5, "J"))], "4Ah", width
    )
    assert all((f"l{i:03d}" in text) == (i >= 100 - most) for i in range(100)) and "infer" in text
    assert f"a.power: {100 - most} more labels, which used less each: -o table.csv lists all" in text
    assert "l003" in to_markdown(made, "A class", "4Ah")
    failed = ClassRow("a.power", "a", label="none", problem="nobody marked it")
    assert "a.power: nobody marked it" in to_text([*made, failed], "4Ah", width)


def test_the_charge_of_an_item_stands_with_its_interval() -> None:
    """1 mC, known to 10 %: 278 nAh, and digits alone looked exact."""
    row = ClassRow("run.power", "a", label="infer", events=1, charge=Result.of(1e-3, "C", {"gain": 5e-5}))
    assert "278 ± 27 nAh" in to_text([row], "4 Ah", 400)


def test_the_share_of_the_battery_stands_with_its_interval() -> None:
    """1 mAh ± 10 % of 4 Ah is 0.025 ± 0.0025 %."""
    share = Result(0.00025, "1", 0.000225, 0.000275)
    row = ClassRow("run.power", "run", share=share)
    assert columns([row], "4Ah")["of 4Ah"](row) == "0.0250 ± 0.0025 %"
    assert columns([row], "4Ah")["of 4Ah"](replace(row, share=None)) == "–"
