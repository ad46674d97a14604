"""From one recording to the rows of a dataset: what it is, its labels with their parts, events, hours, readings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.rail_voltage import rail_voltage
from powermeter.analysis.same_instrument import instrument, short_name
from powermeter.events import Event
from powermeter.fleet import layout
from powermeter.fleet.raw_rows import chunk_rows, described, event_columns, reading_tables
from powermeter.fleet.shared_errors import Owner, parts_of, references_of
from powermeter.footprint.hourly_intensity import Utc
from powermeter.recording import Recording
from powermeter.recording.encodable_text import encodable
from powermeter.recording.fingerprint import content_hash, fingerprint
from powermeter.result.notes import Note

if TYPE_CHECKING:
    import pyarrow

HOUR_NS = 3_600_000_000_000
MOST_HOURS = 24 * 366
MOST_ROWS = 8192
"""Rows of a table that are made at a time."""

BY = ("model", "version")
READINGS = ("chunks", "all", "none")
"""What may be collected of the readings."""

_EARLIEST_NS = 1_577_836_800 * 1_000_000_000  # 2020


@dataclass(frozen=True, slots=True)
class Collected:
    """What names a recording in a dataset.

    Attributes:
        recording, content: As in every table.
        device, day: Its partition.
        size: Readings and events: of two contents of one recording the larger one counts.
        notes: What must be reported of it at the end.
    """

    recording: str
    content: str
    device: str
    day: str
    size: int
    notes: tuple[Note, ...]


def identity(recording: Recording) -> tuple[str, str]:
    """Return (recording, content) as every table names them."""
    print_ = fingerprint(recording)
    name = print_.run or json.dumps(sorted(print_.samples)) or str(recording.path)
    return short_name(name, 16), content_hash(recording)[:16]


def slug(name: str) -> str:
    """Return a name in letters that a path can hold; a hash at its end keeps replaced names distinct."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)[:80].strip(".")
    if kept == name and kept:
        return kept
    return f"{kept or 'device'}-{short_name(name, 6)}"


class RecordingRows:
    """The rows of one open recording, table by table.

    Args:
        recording: Open.
        origin: Where it was collected from.
        modified_ns: The file's own date, UTC; 0 where not known.

    Raises:
        DataError: Nothing in it measures power.
    """

    def __init__(self, recording: Recording, origin: str = "", modified_ns: int = 0) -> None:
        self.recording = recording
        self._key = identity(recording)
        self.analysis: Analysis = analyse(recording, by=groups_of(recording.metadata, _each(recording)))
        self._origin = origin
        attributes = recording.metadata.get("attributes")
        self._attributes: Mapping[str, Any] = attributes if isinstance(attributes, dict) else {}
        host = recording.metadata.get("host")
        self._host: Mapping[str, Any] = host if isinstance(host, dict) else {}
        self._utc = self._wall_clock()
        self._doubt = self._clock_doubt(modified_ns)
        self.notes = [Note.warning("clock-doubtful", f"clock: {self._doubt}")] if self._doubt else []
        board = "|".join(str(self._host.get(name)) for name in ("board", "cpu"))
        self._owner = Owner(self._key[0], self.sensor, board, references_of(recording))

    def _wall_clock(self) -> Utc | None:
        pairs = self.recording.clock_pairs()
        return Utc(pairs) if pairs else None

    @property
    def device(self) -> str:
        """What the device is called."""
        found = self._attributes.get("device") or self._host.get("name") or self._host.get("board")
        return str(found or "unnamed")

    @property
    def machine(self) -> str:
        """What distinguishes machines of one name: 8 hexadecimal digits."""
        facts = [self._host.get(k) for k in ("board", "cpu", "cores", "memory", "architecture")]
        return short_name(json.dumps(facts, default=str), 8)

    @property
    def sensor(self) -> str:
        """What distinguishes instruments: equal texts are one.  A one-way hash, so that rows may be passed on."""
        known = f"{instrument(self.recording, self.analysis.line)}|{self.device}|{self.machine}"
        return short_name(known, 16)

    @property
    def version(self) -> str | None:
        """The program's version."""
        found = self._attributes.get("version") or str(self.recording.metadata.get("revision") or "")[:12]
        return str(found) if found else None

    @property
    def started_ns(self) -> int | None:
        """UTC of the first reading; None without a wall clock."""
        return None if self._utc is None else self._utc.of(self.analysis.start_ns)

    def _clock_doubt(self, modified_ns: int) -> str:
        at = self.started_ns
        if at is None:
            return "it has no wall clock; hours and days are not known"
        now = int(datetime.now(timezone.utc).timestamp() * 1e9)
        if at < _EARLIEST_NS:
            return f"it shows {day_of(at)}"
        if at > now + 24 * HOUR_NS:
            return f"it shows {day_of(at)}, which is in the future"
        if modified_ns and at > modified_ns + 24 * HOUR_NS:
            return f"it shows {day_of(at)}, after the file was last written ({day_of(modified_ns)})"
        return ""

    def collected(self) -> Collected:
        """Return what names it in a dataset."""
        a = self.analysis
        count = sum(self.recording.count(source.id) for source in self.recording.sources)
        day = "unknown" if self.started_ns is None else day_of(self.started_ns)
        return Collected(*self._key, slug(self.device), day, count + len(a.events), tuple(self.notes))

    def tables(self, readings: str = "chunks") -> Iterator[tuple[str, Iterator[pyarrow.Table]]]:
        """Yield each table's name and its rows in pieces, `recordings` last.

        Once only: what the analysis holds of the readings is released before events are listed.
        """
        rows = self.analysis.rows
        ready = {
            "labels": [self._label(i, r) for i, r in enumerate(rows)],
            "parts": [p for i, r in enumerate(rows) for p in self._parts(i, r)],
            "hours": list(self._hours()),
        }
        about, events = self._about(), self._events(*self._of_events())
        del self.analysis, rows
        for table, listed in ready.items():
            yield table, self._pieces(table, iter(listed))
        yield "events", self._pieces("events", events)
        if readings == "chunks":
            yield "chunks", self._pieces("chunks", chunk_rows(self.recording))
        elif readings == "all":
            yield "readings", reading_tables(self.recording, *self._key)
        yield "recordings", self._pieces("recordings", iter([about]))

    def _pieces(self, table: str, rows: Iterator[dict[str, Any]]) -> Iterator[pyarrow.Table]:
        """Yield rows as tables of bounded size; an empty one where there are none."""
        piece = list(islice(rows, MOST_ROWS))
        yield self._arrow(table, piece)
        while piece := list(islice(rows, MOST_ROWS)):
            yield self._arrow(table, piece)

    def _arrow(self, table: str, rows: list[dict[str, Any]]) -> pyarrow.Table:
        import pyarrow as pa

        recording, content = self._key
        keyed = [{"recording": recording, "content": content, **row} for row in rows]
        try:
            return pa.Table.from_pylist(keyed, schema=layout.arrow_schema(table))
        except UnicodeEncodeError:  # a file or a device is named in another encoding
            plain = [{k: encodable(v) if isinstance(v, str) else v for k, v in row.items()} for row in keyed]
            return pa.Table.from_pylist(plain, schema=layout.arrow_schema(table))

    def _about(self) -> dict[str, Any]:
        r, a = self.recording, self.analysis
        source = next((s for s in r.sources if str(s.id) == a.line.source), r.sources[0])
        simulated = bool(r.metadata.get("simulated")) or any(s.info.get("simulated") for s in r.sources)
        return {
            "layout": layout.VERSION,
            "origin": self._origin,
            "file": r.path.name,
            "device_name": self.device,
            "machine": self.machine,
            "board": str(self._host.get("board") or self._host.get("cpu") or "") or None,
            "sensor": self.sensor,
            "source": source.name or source.url,
            "rail": a.line.key,
            "covers": a.covers,
            "boundary": a.line.rail.boundary.value,
            "version": self.version,
            "place": _text(r.metadata.get("place")) or _text(self._attributes.get("place")),
            "battery": _text(r.metadata.get("battery")),
            "started_utc": None if self.started_ns is None else self.started_ns // 1000,
            "clock_doubtful": bool(self._doubt),
            "seconds": a.duration.value,
            "grade": a.energy.grade.value,
            "simulated": simulated,
            "closed": bool(r.facts("closed")),
            "readings": sum(r.count(s.id) for s in r.sources),
            "gap_s": a.gap_s,
            "energy_j": a.energy.value,
            "energy_low_j": finite(a.energy.low),
            "energy_high_j": finite(a.energy.high),
            "charge_c": None if a.charge is None else a.charge.value,
            "power_w": a.power.value,
            "rail_voltage_v": rail_voltage(a),
            "notes": json.dumps([*r.warnings, *self.notes, *a.notes]),
            "about": json.dumps(described(r), default=str),
        }

    def _label(self, number: int, row: LabelRow) -> dict[str, Any]:
        model, version = self._group(row)
        energy, following = row.energy, row.per_item
        scale = row.items or 0.0
        known = following is not None and scale > 0
        parts = parts_of(following, self.analysis, self._owner, scale) if following and known else None
        return {
            "row": number,
            "label": row.label,
            "model": model,
            "version": version,
            "grade": following.grade.value if following is not None else None,
            "method": row.method,
            "events": row.events,
            "unknown": row.unseen + row.outside,
            "items": row.items,
            "seconds": row.seconds,
            "energy_j": None if energy is None else energy.value,
            "energy_low_j": None if energy is None else finite(energy.low),
            "energy_high_j": None if energy is None else finite(energy.high),
            "next_j": following.value * scale if following is not None and known else None,
            "next_low_j": finite(following.low * scale) if following is not None and known else None,
            "next_high_j": finite(following.high * scale) if following is not None and known else None,
            "below_j": None if parts is None else parts.below,
            "above_j": None if parts is None else parts.above,
            "charge_c": None if row.charge is None else row.charge.value,
            "latency_s": row.latency_mean,
        }

    def _group(self, row: LabelRow) -> tuple[str | None, str | None]:
        model, version = row.group.get("model"), row.group.get("version")
        return (None if model is None else str(model), self.version if version is None else str(version))

    def _parts(self, number: int, row: LabelRow) -> Iterator[dict[str, Any]]:
        if row.per_item is None or not row.items:
            return
        found = parts_of(row.per_item, self.analysis, self._owner, float(row.items))
        for part in found.parts:
            yield {"row": number, **part.to_dict()}

    def _of_events(self) -> tuple[dict[str, np.ndarray[Any, Any]], list[tuple[str | None, str | None]]]:
        """Return the columns that the analysis found of ended events, and the groups that `group` counts (−1: none)."""
        found = self.analysis.energies
        group = np.full(len(found), -1, np.int64)
        for number, row in enumerate(self.analysis.rows):
            group[row.index] = number
        columns = {
            "known": found.known,
            "group": group,
            "energy_j": found.value,
            "half_width_j": found.half_width(),
            "noise_j": found.noise,
            "clock_j": found.clock,
            "gaps_j": found.gaps,
            "common_j": common_uncertainty(self.analysis),
        }
        return columns, [self._group(row) for row in self.analysis.rows]

    def _events(
        self, columns: dict[str, np.ndarray[Any, Any]], groups: list[tuple[str | None, str | None]]
    ) -> Iterator[dict[str, Any]]:
        known, group = columns.pop("known"), columns.pop("group").tolist()
        i = -1
        for number, event in enumerate(_each(self.recording)):
            row_of: dict[str, Any] = {"number": number, **event_columns(event)}
            if self._utc is not None:
                row_of["started_utc"] = self._utc.of(event.start_ns) // 1000
            if event.end_ns is not None and event.end_ns >= event.start_ns:
                i += 1
                row_of["model"], row_of["version"] = groups[group[i]] if group[i] >= 0 else (None, None)
                if known[i]:
                    row_of |= {name: float(column[i]) for name, column in columns.items()}
            yield row_of

    def _hours(self) -> Iterator[dict[str, Any]]:
        a = self.analysis
        if self._utc is None:
            return
        start, end = self._utc.of(a.start_ns), self._utc.of(a.end_ns)
        edges = [start, *range((start // HOUR_NS + 1) * HOUR_NS, end, HOUR_NS), end]
        if len(edges) > MOST_HOURS:
            return
        moments = [a.start_ns, *(self._utc.monotonic(edge) for edge in edges[1:-1]), a.end_ns]
        running = np.asarray(a.integral.at(np.array(moments, np.int64)), np.float64)
        # The share of an hour is the plain rule's; together they are the run's energy.
        scale = a.energy.value / a.plain_energy if a.plain_energy else 1.0
        for i, energy in enumerate((np.diff(running) * scale).tolist()):
            yield {
                "hour_utc": edges[i] // HOUR_NS * HOUR_NS // 1000,
                "energy_j": energy,
                "seconds": (edges[i + 1] - edges[i]) / 1e9,
            }


def groups_of(metadata: Mapping[str, Any], events: Iterable[Event]) -> tuple[str, ...]:
    """Return which of `BY` the events of a recording carry, or its run."""
    run = metadata.get("attributes")
    carried = {name for name in BY if isinstance(run, dict) and name in run}
    for event in events:
        carried.update(name for name in event.attributes if name in BY)
    return tuple(name for name in BY if name in carried)


def _each(recording: Recording) -> Iterator[Event]:
    return chain.from_iterable(recording.event_pieces())


def common_uncertainty(a: Analysis) -> np.ndarray[Any, Any]:
    """Return what the errors that all readings share leave in each event's energy, J."""
    variance = np.zeros(len(a.energies))
    for error in a.integral.trace.errors:
        variance += (error.relative * a.energies.value + error.absolute * a.energies.seconds) ** 2
    for part in a.energies.shared.values():
        variance += part * part
    found: np.ndarray[Any, Any] = np.sqrt(variance)
    return found


def day_of(utc_ns: int) -> str:
    """Return the UTC day; `unknown` for a time that is none."""
    try:
        return datetime.fromtimestamp(utc_ns / 1e9, timezone.utc).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "unknown"


def finite(number: float) -> float | None:
    """Return a number; None where it is not finite."""
    return float(number) if math.isfinite(number) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
