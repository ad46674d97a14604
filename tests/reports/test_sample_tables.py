"""Tables of samples, one after the other, are the one table of all samples."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer, chunk_writing
from powermeter.reports import export_columns, table_formats
from powermeter.reports.sample_tables import sample_tables


@pytest.fixture
def mixed(tmp_path, monkeypatch):
    """Three sources of different rates and spans, one on another clock, one with a missing value, one empty."""
    monkeypatch.setattr(chunk_writing, "CHUNK", 100)
    monkeypatch.setattr("powermeter.recording.chunk_reading.PIECE", 100)
    random = np.random.default_rng(4)
    path = tmp_path / "x.power"
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        for name, n, step, start in (
            ("fast", 1000, 1000, 0),
            ("slow", 40, 30_000, 5000),
            ("late", 300, 777, 900_000),
        ):
            channel = Channel("p", Quantity.POWER, 1e-3, Rail(name))
            source = writer.add_source(f"x://{name}", name, "x", (channel,))
            codes = random.integers(0, 5000, n)
            codes[n // 2] = MISSING
            writer.append(source, start + np.arange(n) * step, codes)
        writer.add_source("x://none", "none", "x", (Channel("t", Quantity.TEMPERATURE, 1.0),))
        writer.add_fact("alignment", {"source": 3, "offset_ns": -450_000.0, "drift": 0.01, "origin_ns": 0})
        writer.add_clock_pair(0, 1_700_000_000 * 10**9)
    with Recording.open(path) as recording:
        yield recording


def together(parts):
    return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def test_parts_put_together_are_the_whole(mixed):
    parts, whole = list(sample_tables(mixed)), export_columns.samples(mixed)
    assert len(parts) > 8 and max(len(part["time_s"]) for part in parts) <= 4 * 100
    found = together(parts)
    assert list(found) == list(whole)
    assert (np.diff(found["time_s"]) >= 0).all()
    order = np.lexsort((np.isnan(found["slow/p_w"]), np.isnan(found["fast/p_w"]), found["time_s"]))
    expected = np.lexsort((np.isnan(whole["slow/p_w"]), np.isnan(whole["fast/p_w"]), whole["time_s"]))
    for name, column in whole.items():
        np.testing.assert_array_equal(found[name][order], np.asarray(column)[expected], err_msg=name)


def test_every_format_writes_parts_as_one(mixed):
    whole = export_columns.samples(mixed)
    written = {}
    for ending, write in table_formats.FORMATS.items():
        if ending == ".parquet":
            pytest.importorskip("pyarrow")
        file = io.BytesIO()
        write(sample_tables(mixed), file)
        written[ending] = file.getvalue()
    lines = written[".csv"].decode().splitlines()
    listed = json.loads(written[".json"])
    assert len(lines) - 1 == len(listed) == len(whole["time_s"]) == 1340
    assert lines[0].split(",") == list(listed[0]) == list(whole)
    total = np.nansum(whole["fast/p_w"])
    assert sum(row["fast/p_w"] or 0 for row in listed) == pytest.approx(total)
    place = list(whole).index("fast/p_w")
    assert sum(float(line.split(",")[place] or 0) for line in lines[1:]) == pytest.approx(total)
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(written[".parquet"]))
    assert table.num_rows == 1340 and table["fast/p_w"].null_count == 1340 - 999


def test_a_recording_without_samples_is_a_head_alone(tmp_path):
    with Writer.create(tmp_path / "x.power") as writer:
        writer.add_source("x://", "x", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("R")),))
    with Recording.open(tmp_path / "x.power") as recording:
        file = io.BytesIO()
        table_formats.write_csv(sample_tables(recording), file)
    assert file.getvalue() == b"time_s,x/p_w,x/flags\n"


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_other_readers_find_every_sample(mixed, tmp_path, ending):
    path = tmp_path / f"x{ending}"
    with open(path, "wb") as file:
        table_formats.FORMATS[ending](sample_tables(mixed), file)
    whole = export_columns.samples(mixed)
    if ending == ".arrow":
        ipc = pytest.importorskip("pyarrow.ipc")
        found = ipc.open_file(path).read_all()
        assert found.column("fast/p_w").to_numpy().tolist() == pytest.approx(
            np.asarray(whole["fast/p_w"]).tolist(), nan_ok=True
        )
        return
    duckdb = pytest.importorskip("duckdb")
    count, total = duckdb.sql(f"select count(*), sum(\"fast/p_w\") from '{path}'").fetchall()[0]
    assert count == len(whole["time_s"])
    assert total == pytest.approx(float(np.nansum(np.asarray(whole["fast/p_w"]))))
