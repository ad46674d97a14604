"""The published layout of a collected dataset: its tables, their columns, types and meaning; versioned.

A dataset is a folder of Parquet files, `TABLE/device=DEVICE/day=YYYY-MM-DD/RECORDING.parquet`, one file for each table and
recording, and merged ones, `merged/SEGMENT/TABLE.parquet`, that stand for many.  A row belongs to the recording named in its `recording` and, since a recording may have grown, to the `content` that was
collected: rows count where both are those of the `recordings` table, whose file is written last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

VERSION = 3
"""Of the layout; raised when a column changes its meaning, or files lie elsewhere (2: merged ones; 3: `shared` names an
instrument by the hash in `sensor`).  Columns may be added without."""
OLDEST_TO_ADD_TO = 3
"""In older datasets the errors of one instrument have another name: beside new ones they would pass as independent."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table: its name, its Parquet type and what it holds."""

    name: str
    type: str
    meaning: str


def _columns(text: str) -> tuple[TableColumn, ...]:
    lines = (line for line in text.splitlines() if line)
    return tuple(TableColumn(*(part.strip() for part in line.split("|", 2))) for line in lines)


_KEY = """
recording | string | names the recording: 16 hexadecimal digits of its recorder's run, or of its samples
content | string | names what it held when it was collected: 16 hexadecimal digits of the ends of its hash chains
"""

TABLES: Mapping[str, Sequence[TableColumn]] = {
    "recordings": _columns(
        _KEY
        + """
layout | int64 | version of this layout
origin | string | where it was collected from
file | string | its name there
device_name | string | attribute `device` of the run, else the host's name
machine | string | 8 hexadecimal digits of board, processor, cores, memory and architecture: two machines of one name differ here
board | string | as its firmware names it, else the processor
sensor | string | names the instrument of the counted rail: a one-way hash of its serial number, else of its URL on this machine
source | string | the instrument in words
rail | string | the counted rail
covers | string | what it covers
boundary | string | wall, battery, board, module, device, part or model
version | string | attribute `version` of the run, else the first 12 digits of the git revision
place | string | attribute or option `place`
battery | string | what the recording is set against
started_utc | timestamp | of the first reading, by the recording's own clock
clock_doubtful | bool | whether that clock is off: before 2020, in the future, or after the file's own date; or missing
seconds | double | between the first and the last reading
grade | string | the worst of what went into the energy: measured, derived, estimated, assumed, simulated
simulated | bool | whether nothing real was measured
closed | bool | whether the recorder noted the end
readings | int64 | samples of all sources
gap_s | double | without readings, bridged
energy_j | double | of the whole run
energy_low_j | double | lower end of its 95 % interval; null where open
energy_high_j | double | upper end; null where open
charge_c | double | of the whole run; null where not known
power_w | double | mean of the whole run
rail_voltage_v | double | of the counted rail; null where not known
notes | string | JSON list of what a reader must know
about | string | JSON of metadata, sources with their channels, gaps, facts and clock pairs: with `events` and `readings` the whole recording
"""
    ),
    "labels": _columns(
        _KEY
        + """
row | int64 | which label of the recording, from 0: the same in `labels` and `parts`
label | string | of the events
model | string | their attribute `model`, else the run's
version | string | their attribute `version`, else the run's, else the revision
grade | string | of the energy
method | string | integral, samples or regression
events | int64 | inside the readings
unknown | int64 | events whose energy is not known
items | double | inferences; null where not known
seconds | double | sum of their durations
energy_j | double | of all these events; null where not known
energy_low_j | double | lower end of its 95 % interval; null where open
energy_high_j | double | upper end; null where open
next_j | double | items × the mean of further items, warm-up left out: what is pooled
next_low_j | double | lower end, of meter and repeats; null where open
next_high_j | double | upper end; null where open
below_j | double | by how much, in quadrature, the interval of next_j reaches below what its parts explain
above_j | double | the same above; infinite where open
charge_c | double | of all these events; null where not known
latency_s | double | mean of one event
"""
    ),
    "parts": _columns(
        _KEY
        + """
row | int64 | which label of the recording, from 0: the same in `labels` and `parts`
part | string | `kind:origin`
kind | string | gain, offset, rounding, quantisation, noise, repeats, edges, clock, gaps, model, …
shared | string | what has equal values here is the same error, in whatever recording: it adds up linearly; others are independent
u_j | double | signed standard uncertainty that it leaves in next_j
limit | bool | whether it comes from a stated limit (rectangular)
freedom | double | degrees of freedom; null where it was not estimated from few data
"""
    ),
    "events": _columns(
        _KEY
        + """
number | int64 | position in the recording, from 0
label | string | its name
model | string | as in `labels`
version | string | as in `labels`
start_ns | int64 | on the recording's clock
end_ns | int64 | null while it had not ended
started_utc | timestamp | by the recording's wall clock; null without one
process | int64 | on the machine it ran on
thread | int64 | on the machine it ran on
task | string | of asyncio
uid | int64 | number within its process
parent | int64 | uid of the event around it
count | double | items; null where not known
attributes | string | JSON
measures | string | JSON
peak_memory | int64 | byte
energy_j | double | what it used; null where not known
half_width_j | double | of its 95 % interval
noise_j | double | standard uncertainty: what the readings leave open
clock_j | double | from a common shift of all stamps
gaps_j | double | from holes
common_j | double | from what all readings share: gain, offset, step
"""
    ),
    "hours": _columns(
        _KEY
        + """
hour_utc | timestamp | start of the hour
energy_j | double | of the run within it
seconds | double | of the run within it
"""
    ),
    "chunks": _columns(
        _KEY
        + """
source | int64 | id within the recording
channel | string | its name
start_ns | int64 | of its first reading that counts
end_ns | int64 | of its last
count | int64 | readings that count
low | double | SI
high | double | SI
mean | double | SI
"""
    ),
    "readings": _columns(
        _KEY
        + """
source | int64 | id within the recording
position | int64 | of the reading within its source, from 0
time_ns | int64 | on the recording's clock
flags | int64 | 1 repeat, 2 saturated (8 to 128: only these rails), 4 interpolated time
codes | list<int64> | raw code of each channel in order, -2^63 where missing
"""
    ),
}
"""Table → columns.  `chunks` or `readings` may be absent: they are collected as asked."""

PARTITIONS = ("device", "day")
"""Columns that are in the path only: the device's name in letters that a path can hold, and the UTC day of the first reading."""

_TYPES = {"string": "string", "int64": "int64", "double": "float64", "bool": "bool_"}


def arrow_schema(table: str) -> pyarrow.Schema:
    """Return the Arrow schema of a table's files."""
    import pyarrow as pa

    def kind(column: TableColumn) -> Any:
        if column.type == "timestamp":
            return pa.timestamp("us", "UTC")
        if column.type == "list<int64>":
            return pa.list_(pa.int64())
        return getattr(pa, _TYPES[column.type])()

    return pa.schema([pa.field(column.name, kind(column)) for column in TABLES[table]])


def merged_schema(table: str) -> pyarrow.Schema:
    """Return the Arrow schema of a table's merged files: the columns of the path are in the file."""
    import pyarrow as pa

    schema = arrow_schema(table)
    for column in PARTITIONS:
        schema = schema.append(pa.field(column, pa.string()))
    return schema
