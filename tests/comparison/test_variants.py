"""Variants beside each other: facts, measures and verdicts from one recording of all, or from one each; text, files and a plot."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.cli import cli
from powermeter.comparison.variants import Variants, first_known, variants
from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.reports import variants as report

CHANNEL = Channel(
    "p", Quantity.POWER, 1e-3, Rail("VIN"), Kind.MEAN, accuracy=Accuracy(gain=0.01, source="a test")
)
KINDS = {"fp32": (4.0, 0.92, 4_000_000), "pruned": (3.0, 0.90, 1_500_000), "int8": (2.0, 0.88, 1_000_000)}
"""Variant → W, accuracy, parameters."""
Stated = Callable[[str], dict[str, object]]


Noted = Callable[[str, int], dict[str, object]]


def record(
    path: Path,
    names: list[str],
    label: str = "infer",
    stated: Stated = lambda name: {},
    noted: Noted = lambda name, turn: {"accuracy": KINDS[name][1]},
) -> Path:
    """Variants take turns, 20 times, 50 ms each with 50 ms of 1 W between; read each ms."""
    import numpy as np

    writer = Writer.create(path, {"attributes": {"flops": 5e8}})
    source = writer.add_source("virtual://", "meter", "virtual", (CHANNEL,), {})
    random, at, uid, power, events = np.random.default_rng(4), 10**9, 0, [1.0] * 1000, []
    for name in names:
        uid += 1
        facts = {"model": name, "parameters": KINDS[name][2], "file_bytes": 4 * KINDS[name][2]}
        events.append(Event("model", at, at, 1, 1, uid, None, 1, facts))
    for turn in range(20):
        for name in names if turn % 2 else names[::-1]:
            start = 10**9 + len(power) * 10**6
            watts = KINDS[name][0] * (1 + 0.01 * random.standard_normal())
            power += [watts] * 50
            uid += 1
            end = 10**9 + len(power) * 10**6
            measures = noted(name, turn)
            facts = {"variant": name, **stated(name)}
            events.append(Event(label, start, end, 1, 1, uid, None, 8, facts, measures=measures))
            power += [1.0] * 50
    times = 10**9 + (1 + np.arange(len(power))) * 10**6
    seen = np.array(power) + 0.01 * random.standard_normal(len(power))
    codes = np.rint(seen * 1e3).astype(np.int64)[:, None]
    writer.append(source, times, codes, np.zeros(len(power), np.uint8), 1)
    writer.add_events(events)
    writer.close()
    return path


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("v") / "all.power", list(KINDS))


@pytest.fixture(scope="module")
def in_turns(one) -> Variants:
    """The variants of one recording, compared with the first."""
    return variants([one], by="variant", baseline="fp32")


@pytest.fixture(scope="module")
def each(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("each")
    return [record(folder / f"{name}.power", [name]) for name in KINDS]


@pytest.mark.thorough
def test_in_one_recording_an_attribute_tells_them_apart(one):
    found = variants([one], by="variant")
    assert found.measure == "accuracy" and found.rows[0].name in KINDS
    by_name = {v.name: v for v in found.rows}
    for name, (watts, accuracy, parameters) in KINDS.items():
        v = by_name[name]
        assert v.per_item.low <= watts * 0.05 / 8 <= v.per_item.high
        assert (v.accuracy, v.parameters, v.size_b) == (pytest.approx(accuracy), parameters, 4 * parameters)
        assert v.flops == 5e8 and v.items == 160 and v.latency_s == pytest.approx(0.05)


def test_each_is_compared_with_the_baseline_in_turns(in_turns):
    found = in_turns
    base, *others = found.rows
    assert base.name == "fp32" and base.against is None
    assert all(str(v.against.verdict) == "less" and v.against.design.about_programs for v in others)
    lines = report.to_text(found).splitlines()
    blocks = report.to_text(found, 40).splitlines()
    assert blocks[0] == lines[2].split()[0] and not any("─" in line for line in blocks)
    assert sum(line.startswith("  energy per item") for line in blocks) == len(found.rows)
    assert lines[2].startswith("fp32") and lines[2].endswith("baseline")
    assert any(line.startswith("int8") and "less (-" in line for line in lines)


def test_a_recording_each_is_about_these_runs_only(each):
    found = variants(each)
    assert [v.name for v in found.rows] == list(KINDS)
    assert all(not v.against.design.about_programs for v in found.rows[1:])
    text = report.to_text(found)
    assert "less" in text and ", these runs" in text and "one recording a side" in text
    assert [row["verdict"] for row in report.record(found)] == [None, "less", "less"]
    lines = report.to_markdown(found).splitlines()
    assert lines[2].startswith("| fp32 |") and "baseline" in lines[2]


@pytest.mark.parametrize("names", [["fp32", "int8"], ["int8", "fp32"]])
def test_what_differs_within_one_row_is_not_printed_as_the_last_event_has_it(tmp_path, names):
    path = record(tmp_path / "all.power", names, stated=lambda name: {"params": KINDS[name][2], "size": 7})
    together = variants([path])
    (row,) = together.rows
    assert (row.parameters, row.size_b, row.flops) == (None, 7, 5e8)
    assert [note.code for note in row.notes] == ["variants-in-one-row"]
    text = report.to_text(together)
    assert "infer: params has 2 values within it" in text and "separate them with --by variant" in text
    assert report.record(together)[0]["notes"] == row.notes[0]
    found = variants([path], by="variant")
    assert {v.name: v.parameters for v in found.rows} == {name: KINDS[name][2] for name in names}
    assert not any(v.notes for v in found.rows)


def test_a_size_in_words_is_not_used_and_it_is_stated(tmp_path):
    path = record(tmp_path / "a.power", ["fp32", "int8"], stated=lambda name: {"size": "4MB"})
    found = variants([path])
    (row,) = found.rows
    assert row.size_b is None and [note.code for note in row.notes] == ["fact-not-a-number"]
    assert "infer: size='4MB' is not used, because it is not a number" in report.to_text(found)


def test_all_variants_are_judged_by_one_measure_and_who_lacks_it_is_named(tmp_path):
    """An accuracy of one beside an f1 of the other would stand in one column as if they were alike."""
    path = record(
        tmp_path / "a.power",
        ["fp32", "int8"],
        noted=lambda name, turn: {"accuracy": 0.9} if name == "fp32" else {"f1": 0.99},
    )
    found = variants([path], by="variant", baseline="fp32")
    assert found.measure == "accuracy" and [v.accuracy for v in found.rows] == [pytest.approx(0.9), None]
    assert [[note.code for note in v.notes] for v in found.rows] == [[], ["measure-missing"]]
    assert "int8: none of its 20 events has a number as accuracy; they have f1" in report.to_text(found)
    with pytest.raises(ConfigurationError, match="'top5'; there are accuracy, f1"):
        variants([path], by="variant", measure="top5")


def test_an_accuracy_of_some_events_is_stated_as_that(tmp_path):
    """Five of twenty have it as a number: one in four by turn, NaN in the others."""
    path = record(
        tmp_path / "a.power",
        ["fp32"],
        noted=lambda name, turn: {"accuracy": 0.9 if turn % 4 == 0 else float("nan")},
    )
    (row,) = variants([path], label="infer").rows
    assert row.accuracy == pytest.approx(0.9)
    assert [note.code for note in row.notes] == ["measure-incomplete"] and "5 of 20 events" in row.notes[0]


def test_an_event_whose_end_is_missing_makes_no_part_of_what_follows(tmp_path):
    """All of label b name an event around them that has no end: b is a variant as a is."""
    path = two_labels(tmp_path / "a.power", {"a": 50, "b": 50}, around={"b": 999})
    assert {v.name for v in variants([path]).rows} == {"a", "b"}


@pytest.mark.thorough
@pytest.mark.parametrize("ending", [".md", ".csv", ".json"])
def test_files_hold_the_lines_that_the_screen_has_below_the_table(each, tmp_path, ending):
    written = tmp_path / f"v{ending}"
    done = CliRunner().invoke(cli, ["variants", *map(str, each), "-o", str(written)])
    assert done.exit_code == 0, done.output
    text = written.read_text().replace("\\", "")
    assert "one recording a side shows what these runs used" in done.stdout + report.to_text(variants(each))
    assert "one recording a side shows what these runs used" in text


def test_a_table_in_markdown_has_the_notes_escaped(tmp_path):
    path = record(tmp_path / "a.power", ["fp32", "int8"], stated=lambda name: {"size": "<4MB>"})
    text = report.to_markdown(variants([path]))
    assert "- infer: size='\\<4MB\\>' is not used" in text.replace("\\=", "=")


def test_what_is_not_there_is_named(one, tmp_path):
    with pytest.raises(ConfigurationError, match="no variant 'x'; there are"):
        variants([one], by="variant", baseline="x")
    with pytest.raises(DataError):
        variants([tmp_path / "absent.power"])


@pytest.mark.thorough
def test_files_and_the_plot(one, tmp_path):
    pytest.importorskip("matplotlib")
    command = ["variants", str(one), "--by", "variant", "-o", str(tmp_path / "v.csv")]
    done = CliRunner().invoke(cli, [*command, "--plot", str(tmp_path / "v.png")])
    assert done.exit_code == 0, done.output
    rows = {row["variant"]: row for row in csv.DictReader(io.StringIO((tmp_path / "v.csv").read_text()))}
    assert set(rows) == set(KINDS) and float(rows["fp32"]["accuracy"]) == pytest.approx(0.92)
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
    done = CliRunner().invoke(cli, [*command[:-1], str(tmp_path / "v.xyz")])
    assert done.exit_code != 0 and "unknown file extension" in str(done.exception)


@pytest.mark.parametrize(
    ("x", "y", "of_fp32"),
    [
        ("latency", "energy", (50.0, 25.0)),  # 50 ms at 4 W over 8 items: 25 mJ
        ("accuracy", "latency", (0.92, 50.0)),
        ("parameters", "flops", (4e6, 5e8)),
    ],
)
def test_a_point_of_the_plot_lies_where_its_axes_state(in_turns, x, y, of_fp32):
    matplotlib, found = pytest.importorskip("matplotlib.figure"), in_turns
    axes = matplotlib.Figure().add_subplot()
    report.draw_variants(axes, found, report.QUANTITIES[x], report.QUANTITIES[y])
    points = {text.get_text(): text.xy for text in axes.texts}
    assert set(points) == set(KINDS) and points["fp32"] == pytest.approx(of_fp32, rel=0.02)
    (base, *_) = axes.containers
    assert (
        base.lines[0].get_xydata()[0] == pytest.approx(points["fp32"]) and base.lines[0].get_marker() == "s"
    )
    if y == "energy":
        (low, high) = base.lines[2][0].get_segments()[0][:, 1]
        per_item = found.rows[0].per_item
        assert (low, high) == pytest.approx((per_item.low * 1e3, per_item.high * 1e3))
    assert "mJ" in axes.get_ylabel() or y != "energy"


def two_labels(path: Path, lengths: dict[str, int], around: Mapping[str, int] = {}) -> Path:
    """Labels in turns, ten of each, so many ms long, each holding a part of its own; 2 W, read each ms."""
    import numpy as np

    writer = Writer.create(path)
    source = writer.add_source("virtual://", "meter", "virtual", (CHANNEL,), {})
    at, uid, events = 10**9, 0, []
    for _ in range(10):
        for name, ms in lengths.items():
            start, end = at + 10**7, at + 10**7 + ms * 10**6
            events.append(Event(name, start, end, 1, 1, uid + 1, around.get(name), 1))
            events.append(Event("part", start, end - 10**7, 1, 1, uid + 2, uid + 1, 1))
            at, uid = end, uid + 2
    count = (at - 10**9) // 10**6 + 10
    times = 10**9 + np.arange(count) * 10**6
    writer.append(source, times, np.full((count, 1), 2000), np.zeros(count, np.uint8), 1)
    writer.add_events(events)
    writer.close()
    return path


def test_without_an_attribute_the_outermost_labels_of_one_recording_are_the_variants(tmp_path):
    found = variants([two_labels(tmp_path / "one.power", {"fast": 20, "slow": 40})])
    assert [row.name for row in found.rows] == ["fast", "slow"]


@pytest.mark.thorough
def test_of_several_recordings_each_gives_its_longest_outermost_label(tmp_path):
    """Twice as long at the same power is twice the energy: the shorter label of either file is no variant."""
    paths = [
        two_labels(tmp_path / "a.power", {"fast": 20, "slow": 40}),
        two_labels(tmp_path / "b.power", {"slow": 20, "fast": 60}),
    ]
    found = variants(paths)
    assert [row.name for row in found.rows] == ["a (slow)", "b (fast)"]
    assert [row.latency_s for row in found.rows] == [pytest.approx(0.04), pytest.approx(0.06)]


@pytest.mark.thorough
def test_variants_of_different_labels_carry_them_and_no_verdict(tmp_path):
    """Work of one name is not less than work of another: which is which is printed, and nothing is compared."""
    paths = [
        two_labels(tmp_path / "a.power", {"infer": 20}),
        two_labels(tmp_path / "b.power", {"decode": 40}),
        two_labels(tmp_path / "c.power", {"infer": 30}),
    ]
    found = variants(paths)
    assert [row.name for row in found.rows] == ["a (infer)", "b (decode)", "c (infer)"]
    assert [row.against is not None for row in found.rows] == [False, False, True]
    assert [row["verdict"] is None for row in report.record(found)] == [True, True, False]
    assert [bool(row["why_not_compared"]) for row in report.record(found)] == [False, True, False]
    assert all(row["label"] for row in report.record(found))
    text = report.to_text(found)
    assert "its label is 'decode', the baseline's 'infer'" in text and "--label" in text
    assert variants(paths, baseline="b").rows[0].name == "b (decode)"


@pytest.mark.parametrize(
    ("known", "value"),
    [
        ({"parameters": 1}, 1.0),
        ({"parameters": 0, "n_parameters": 7}, 7.0),
        ({"parameters": True}, None),
        ({"parameters": "7"}, None),
        ({}, None),
    ],
)
def test_a_fact_of_a_model_is_the_first_number_above_zero(known, value):
    assert first_known(known, ("parameters", "n_parameters")) == value


@pytest.mark.thorough
def test_a_file_that_is_there_is_left_alone_and_a_table_of_json_needs_a_name(one, tmp_path):
    there = tmp_path / "v.csv"
    there.write_text("variant,label,file,mine\n")
    command = ["variants", str(one), "--by", "variant", "-o", str(there)]
    done = CliRunner().invoke(cli, command)
    assert isinstance(done.exception, ExistsError) and "mine" in there.read_text()
    assert CliRunner().invoke(cli, [*command, "--force"]).exit_code == 0 and "fp32" in there.read_text()
    plot = tmp_path / "p.png"
    plot.write_text("mine")
    done = CliRunner().invoke(cli, ["variants", str(one), "--by", "variant", "--plot", str(plot)])
    assert isinstance(done.exception, ExistsError) and plot.read_text() == "mine"
    done = CliRunner().invoke(cli, ["variants", str(one), "--by", "variant", "-o", "-", "--json"])
    assert isinstance(done.exception, ConfigurationError)
    done = CliRunner().invoke(cli, ["variants", str(one), "--by", "variant", "--json"])
    assert {row["variant"] for row in json.loads(done.stdout)} == set(KINDS)


@pytest.mark.thorough
def test_a_plot_leaves_out_what_is_not_known(one, tmp_path):
    """A variant without an accuracy has no point against it, and the others have theirs."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    found = variants([one], by="variant")
    first, *others = found.rows
    figure = Figure()
    axes = figure.add_subplot()
    x, y = report.QUANTITIES["accuracy"], report.QUANTITIES["energy"]
    report.draw_variants(axes, replace(found, rows=(replace(first, accuracy=None), *others)), x, y)
    assert [text.get_text() for text in axes.texts] == [v.name for v in others]
    report.draw_variants(axes, replace(found, rows=(replace(first, per_item=None),)), x, y)
    assert len(axes.texts) == len(others)
