"""The heavy step: event energies from raw readings, on the engine.

DuckDB hands over one device's readings as Arrow batches at a time; Spark hands each recording to one of its workers. Both run the
same `analyse` as `powermeter show` does on the file, so that the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powermeter.errors import DataError, PowermeterError
from powermeter.fleet.engines import DuckDB, Engine, Spark
from powermeter.fleet.stored_recording import RESULT, computed
from powermeter.recording.our_files import TABLE_METADATA
from powermeter.recording.output_file import in_place

if TYPE_CHECKING:
    import pyarrow

_READINGS = ("recording", "content", "source", "position", "time_ns", "flags", "codes")
_EVENTS = (
    "number",
    "label",
    "start_ns",
    "end_ns",
    "process",
    "thread",
    "task",
    "uid",
    "parent",
    "count",
    "attributes",
    "measures",
    "peak_memory",
)


def event_energies(
    engine: Engine, progress: Callable[[float], None] | None = None
) -> Iterator[pyarrow.Table]:
    """Yield the energy of every event of the dataset, computed anew from its readings, in pieces (columns `stored.RESULT`).

    Args:
        engine: The dataset, opened.
        progress: Called after each recording with the share that is computed, where that happens in this process.

    Raises:
        DataError: The readings were not collected.
    """
    if not engine.has("readings"):
        raise DataError(f"{engine.folder} holds no readings; collect with --readings all")
    if isinstance(engine, Spark):
        yield _on_spark(engine)
    elif isinstance(engine, DuckDB):
        yield from _in_process(engine, progress)


def write_energies(engine: Engine, path: Path, progress: Callable[[float], None] | None = None) -> int:
    """Write the energy of every event, computed anew, as Parquet; returns how many there are.

    Args:
        engine: The dataset, opened.
        path: The file to write.
        progress: As for `event_energies`.

    Raises:
        DataError: The readings were not collected.
    """
    from pyarrow import parquet

    count = 0
    with in_place(path) as part, parquet.ParquetWriter(part, result_schema()) as writer:
        for piece in event_energies(engine, progress):
            writer.write_table(piece)
            count += piece.num_rows
    return count


def result_schema() -> pyarrow.Schema:
    """Return the Arrow schema of `stored.RESULT`."""
    import pyarrow as pa

    fields = [(name, {"double": "float64"}.get(kind, kind)) for name, kind in RESULT]
    return pa.schema(fields, metadata=TABLE_METADATA)


def _in_process(engine: DuckDB, progress: Callable[[float], None] | None) -> Iterator[pyarrow.Table]:
    import pyarrow as pa
    import pyarrow.compute as pc

    recordings = engine.table("recordings").select("device", "recording", "content", "about")
    devices: dict[str, list[dict[str, Any]]] = {}
    done = 0
    for row in engine.rows(recordings.order_by("device", "recording")):
        devices.setdefault(row["device"], []).append(row)
    for device, rows in devices.items():
        held = {name: engine.of_device(name, device) for name in ("readings", "events")}
        for row in rows:
            mine = {
                name: table.filter(
                    (pc.field("recording") == row["recording"]) & (pc.field("content") == row["content"])
                )
                for name, table in held.items()
            }
            events = mine["events"].sort_by("number").to_pylist()
            found = _rows(row["about"], events, mine["readings"], row["recording"])
            keyed = [{"recording": row["recording"], "content": row["content"], **one} for one in found]
            yield pa.Table.from_pylist(keyed, schema=result_schema())
            done += 1
            if progress is not None:
                progress(done / sum(map(len, devices.values())))


def _rows(
    about: str, events: Sequence[Mapping[str, Any]], readings: pyarrow.Table, name: str
) -> list[dict[str, Any]]:
    try:
        return computed(about, events, readings)
    except PowermeterError as error:
        raise DataError(f"recording {name}: {error}") from None


def _on_spark(engine: Spark) -> pyarrow.Table:
    """Group readings by recording, hand each group to a worker with its events and what is known of the recording."""
    from pyspark.sql import functions as f

    readings = engine.frame("readings").select(*_READINGS)
    recordings = engine.frame("recordings").select("recording", "content", "about")
    events = engine.frame("events").select("recording", "content", *_EVENTS)
    # What is small travels as one table: -1 is the recording itself, then its events as JSON.
    beside = recordings.select(
        "recording", "content", f.lit(-1).cast("long").alias("number"), "about"
    ).unionAll(
        events.select(
            "recording",
            "content",
            "number",
            f.to_json(f.struct(*_EVENTS), {"ignoreNullFields": "false"}).alias("about"),
        )
    )
    schema = ", ".join(f"{name} {'long' if kind == 'int64' else kind}" for name, kind in RESULT)
    grouped = readings.groupBy("recording", "content").cogroup(beside.groupBy("recording", "content"))
    found: pyarrow.Table = grouped.applyInArrow(_on_worker, schema).toArrow()
    return found.cast(result_schema())


def _on_worker(readings: pyarrow.Table, beside: pyarrow.Table) -> pyarrow.Table:
    import json

    import pyarrow as pa

    rows = sorted(beside.to_pylist(), key=lambda row: int(row["number"]))
    if not rows or rows[0]["number"] != -1 or not len(readings):
        return result_schema().empty_table()  # of a content that does not count any more
    first, *rest = rows
    found = _rows(first["about"], [json.loads(row["about"]) for row in rest], readings, first["recording"])
    keyed = [{"recording": first["recording"], "content": first["content"], **one} for one in found]
    return pa.Table.from_pylist(keyed, schema=result_schema())
