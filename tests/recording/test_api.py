"""`open`, `analyse`, `discover` and `to_frame` as a program calls them."""

from __future__ import annotations

import builtins
import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, NotInstalledError
from powermeter.recording.writer import Writer
from powermeter.reports import data_frames, export_columns, table_formats


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with events of two labels, one of them with attributes."""
    path = tmp_path_factory.mktemp("entry") / "run.power"
    with powermeter.Meter("virtual://?rate=200Hz", path=path):
        import time

        for size in (1, 2):
            with powermeter.event("infer", n=4, size=size):
                time.sleep(0.12)
    return path


def test_a_path_is_analysed_as_the_open_recording_is(path: Path) -> None:
    with powermeter.open(path) as recording:
        assert powermeter.analyse(recording).energy == powermeter.analyse(str(path)).energy
    assert [row.group for row in powermeter.analyse(path, by="size").rows] == [{"size": 1}, {"size": 2}]
    with pytest.raises(DataError):
        powermeter.analyse(path.with_name("missing.power"))


def test_what_is_found_is_listed_best_first() -> None:
    found = powermeter.discover(schemes=["estimate", "rapl"])
    assert all(finding.scheme in ("estimate", "rapl") for finding in found)


@pytest.mark.parametrize("what", ["samples", "events", "labels"])
def test_a_frame_has_the_columns_and_numbers_of_the_export(path: Path, what: str, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = powermeter.to_frame(path, what, battery="4Ah")
    assert isinstance(frame, pandas.DataFrame)
    out = tmp_path / "table.csv"
    assert cli.run(["export", str(path), "-o", str(out), "--what", what]) == 0
    rows = list(csv.reader(io.StringIO(out.read_text())))
    assert rows[0] == list(frame.columns) and len(rows) - 1 == len(frame)
    assert all(name == name.lower() and " " not in name for name in frame.columns)
    column = {"samples": "time_s", "events": "energy_j", "labels": "energy_per_item_j"}[what]
    assert [float(row[rows[0].index(column)]) for row in rows[1:]] == pytest.approx(list(frame[column]))


def test_a_recording_and_an_analysis_make_the_same_frames(path: Path) -> None:
    pytest.importorskip("pandas")
    analysis = powermeter.analyse(path)
    with powermeter.open(path) as recording:
        for what in ("events", "labels"):
            of_recording = recording.to_frame(what, battery="2Ah")
            assert analysis.to_frame(what, battery="2Ah").equals(of_recording), what
        assert recording.to_frame("samples").equals(powermeter.to_frame(path, "samples"))
    with pytest.raises(ConfigurationError, match="use events or labels"):
        analysis.to_frame("samples")  # type: ignore[arg-type]


def test_without_pandas_it_is_an_arrow_table_and_without_both_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    missing = {"pandas"}
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.partition(".")[0] in missing:
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    table = powermeter.to_frame(path, "events")
    assert isinstance(table, pyarrow.Table) and table.column("label").to_pylist() == ["infer", "infer"]
    missing.add("pyarrow")
    with pytest.raises(NotInstalledError, match="pip install"):
        powermeter.to_frame(path, "events")


def test_an_unknown_table_is_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="use samples, events, labels or tokens"):
        powermeter.to_frame(path, "everything")  # type: ignore[arg-type]


def test_reprs_are_short(path: Path) -> None:
    analysis = powermeter.analyse(path)
    with powermeter.open(path) as recording:
        things = [analysis, analysis.rows[0], analysis.energy, recording, recording.sources[0]]
        things += [analysis.power_trace, analysis.line, *recording.events()]
        things += [powermeter.compare(path, path), powermeter.Meter("virtual://"), powermeter.Battery("4Ah")]
        for thing in things:
            assert len(repr(thing)) < 400, f"{type(thing).__name__}: {len(repr(thing))}"
        assert repr(recording).endswith(": 1 source>")


def test_importing_costs_little() -> None:
    code = "import sys; before = set(sys.modules); import powermeter; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "typing", "dataclasses", "pathlib", "sqlite3", "click", "re"}
    # 29 were counted in an editable installation, which has loaded some before.
    assert len(loaded) < 30, loaded


def test_flags_are_whole_numbers_and_missing_in_rows_of_another_source(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    channel = Channel("p", Quantity.POWER, 1e-3, Rail("R"))
    with Writer.create(tmp_path / "two.power") as writer:
        one, two = (writer.add_source(f"x://{i}", name, "x", (channel,)) for i, name in enumerate("ab"))
        writer.append(
            one, np.array([1, 3], np.int64) * 10**9, np.array([[5], [6]]), np.array([0, 2], np.uint8)
        )
        writer.append(two, np.array([2], np.int64) * 10**9, np.array([[7]]), np.array([1], np.uint8))
    frame = powermeter.to_frame(tmp_path / "two.power", "samples")
    assert str(frame["a/flags"].dtype) == "UInt8"
    assert frame["a/flags"].tolist() == [0, pandas.NA, 2] and frame["b/flags"].dropna().tolist() == [1]
    with powermeter.open(tmp_path / "two.power") as recording:
        table = export_columns.samples(recording)
    assert [row[-1] for row in table_formats.rows(table)] == [None, 1, None]
    arrow = data_frames.to_arrow(table)["a/flags"]
    assert str(arrow.type) == "uint8" and arrow.to_pylist() == [0, None, 2]


def test_a_column_of_whole_and_broken_numbers_is_one_of_numbers_in_arrow() -> None:
    pytest.importorskip("pyarrow")
    arrow = data_frames.to_arrow({"number": [1, 2.5, None], "mixed": ["a", 1, None], "whole": [1, 2, None]})
    assert [str(column.type) for column in arrow.columns] == ["double", "string", "int64"]
    assert arrow["number"].to_pylist() == [1.0, 2.5, None] and arrow["mixed"].to_pylist() == ["a", "1", None]
