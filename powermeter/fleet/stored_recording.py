"""A recording rebuilt from a dataset's rows: what analysis needs of one, without the file it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.analysis.energy import analyse
from powermeter.channel import Gap
from powermeter.events import Event
from powermeter.fleet.rows import common_uncertainty, groups_of
from powermeter.recording import json_validation
from powermeter.recording.in_memory import InMemory
from powermeter.recording.protocol import Samples, SourceInfo

if TYPE_CHECKING:
    import pyarrow

RESULT = (
    ("recording", "string"),
    ("content", "string"),
    ("number", "int64"),
    ("energy_j", "double"),
    ("half_width_j", "double"),
    ("noise_j", "double"),
    ("common_j", "double"),
)
"""Columns of what is computed anew for each event."""


class Stored(InMemory):
    """A recording out of a dataset; `RecordingLike`.

    Args:
        about: As in the table `recordings`.
        events: Rows of the table `events`, in order of `number`.
        readings: Source id → its readings.
    """

    def __init__(
        self, about: str, events: Sequence[Mapping[str, Any]], readings: Mapping[int, Samples]
    ) -> None:
        stated = json.loads(about)
        self.path: Path | None = None
        self.metadata: dict[str, Any] = stated["metadata"]
        self.sources: Sequence[SourceInfo] = tuple(
            SourceInfo(
                s["id"],
                s["url"],
                s["name"],
                s["driver"],
                s["info"],
                tuple(json_validation.channel(spec) for spec in s["channels"]),
            )
            for s in stated["sources"]
        )
        self._stated = stated
        self._events = [_event(row) for row in events]
        self._readings = readings

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the raw samples of a source, those within [start_ns, end_ns] where given."""
        found = self._readings[source]
        if start_ns is None and end_ns is None:
            return found
        low = 0 if start_ns is None else int(np.searchsorted(found.times_ns, start_ns, "left"))
        high = (
            len(found.times_ns) if end_ns is None else int(np.searchsorted(found.times_ns, end_ns, "right"))
        )
        part = slice(low, high)
        codes = {name: column[part] for name, column in found.codes.items()}
        return Samples(found.times_ns[part], codes, found.flags[part])

    def gaps(self, source: int) -> list[Gap]:
        """Return the stretches of a source without trustworthy data."""
        return [Gap(*gap) for gap in self._stated["gaps"].get(str(source), ())]

    def events(self) -> list[Event]:
        """Return all events in the order of their start."""
        return self._events

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name, oldest first; of the recorder's own notes the first and the last."""
        found: list[dict[str, Any]] = self._stated["facts"].get(name, [])
        return found

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the (monotonic ns, UTC ns) pairs, oldest first."""
        return [(int(a), int(b)) for a, b in self._stated["clock"]]

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the (instrument tick, host arrival ns) pairs of a source."""
        return [(int(a), int(b)) for a, b in self._stated["ticks"].get(str(source), ())]


def _event(row: Mapping[str, Any]) -> Event:
    count = row["count"]
    return Event(
        row["label"],
        row["start_ns"],
        row["end_ns"],
        row["process"],
        row["thread"],
        row["uid"],
        row["parent"],
        int(count) if count is not None and float(count).is_integer() else count,
        json.loads(row["attributes"]),
        row["peak_memory"],
        row["task"],
        json.loads(row["measures"]),
    )


def readings_of(table: pyarrow.Table, sources: Mapping[int, Sequence[str]]) -> dict[int, Samples]:
    """Return source id → samples out of rows of `readings` in any order.

    Args:
        table: Columns `source`, `position`, `time_ns`, `flags`, `codes`.
        sources: Source id → names of its channels.
    """
    source = table["source"].to_numpy()
    position = table["position"].to_numpy()
    times, flags = table["time_ns"].to_numpy(), table["flags"].to_numpy()
    codes = table["codes"].combine_chunks()
    flat = codes.values.to_numpy()
    starts = codes.offsets.to_numpy()[:-1] if len(codes) else np.empty(0, np.int64)
    found: dict[int, Samples] = {}
    for identifier, names in sources.items():
        mine = np.flatnonzero(source == identifier)
        mine = mine[np.argsort(position[mine], kind="stable")]
        columns = {name: flat[starts[mine] + i].astype(np.int64) for i, name in enumerate(names)}
        found[identifier] = Samples(times[mine].astype(np.int64), columns, flags[mine].astype(np.uint8))
    return found


def computed(
    about: str, events: Sequence[Mapping[str, Any]], readings: pyarrow.Table
) -> list[dict[str, Any]]:
    """Return the energy of each event of one recording, computed from its readings as `analyse` does.

    Returns:
        Rows with `number` and the energies of `RESULT`, None where an energy is not known.
    """
    named = {s["id"]: [c["name"] for c in s["channels"]] for s in json.loads(about)["sources"]}
    recording = Stored(about, events, readings_of(readings, named))
    a = analyse(recording, by=groups_of(recording.metadata, recording.events()))
    half, common = a.energies.half_width(), common_uncertainty(a)
    rows, i = [], -1
    for row in events:
        energies: dict[str, Any] = dict.fromkeys(("energy_j", "half_width_j", "noise_j", "common_j"))
        if row["end_ns"] is not None and row["end_ns"] >= row["start_ns"]:
            i += 1
            if a.energies.known[i]:
                energies = {
                    "energy_j": float(a.energies.value[i]),
                    "half_width_j": float(half[i]),
                    "noise_j": float(a.energies.noise[i]),
                    "common_j": float(common[i]),
                }
        rows.append({"number": row["number"], **energies})
    return rows
