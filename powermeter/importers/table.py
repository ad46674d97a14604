"""Imports any table of text: CSV, semicolons, tabs or blanks, of one device or of several.

What the columns are is recognised from the header, from the tool that wrote it and from the data, or named
with options.  A unit that is not written anywhere is never guessed, nor is a time: one message lists what
must be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Accuracy, Boundary, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import kinds
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.axis import Axis, axis, regular, usual_step
from powermeter.importers.blocks import RowCount, Store, TextBlock, text_blocks
from powermeter.importers.columns import NO_ZONE, channel_name, scaled, unused
from powermeter.importers.files import Peek
from powermeter.importers.headers import of_unit
from powermeter.importers.layout import Layout, layout
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log
from powermeter.importers.meaning import Plan, Planned, rail_of, understand
from powermeter.importers.not_logs import prose
from powermeter.importers.signatures import Signature
from powermeter.importers.table_rows import Stream, TableRows, sweeps
from powermeter.importers.time_columns import Reader, TimePlan
from powermeter.importers.turns import refuse_turns
from powermeter.importers.values import Cells, Statistics
from powermeter.importers.whole import Whole, decide
from powermeter.result import Grade

# Quantity → (lowest, highest) median magnitude, in SI, that a device's supply plausibly has.
_PLAUSIBLE = {
    Quantity.POWER: (20e-3, 20e3),
    Quantity.CURRENT: (1e-6, 1e3),
    Quantity.VOLTAGE: (0.3, 1e3),
}


class TableImporter(Importer):
    name = "csv"
    title = "a table"
    takes = frozenset(
        {"unit", "rate", "column", "voltage", "zone", "rail", "sum", "as", "dates", "interleaved"}
    )
    accuracy: ClassVar[Accuracy] = UNKNOWN
    grade: ClassVar[Grade] = Grade.ASSUMED

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        first = peek.lines[0]
        return any(map(str.isdigit, peek.text)) or any(mark in first for mark in ",;\t")

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Return whether it is a table whose header names a time and a quantity with its unit."""
        if not cls.recognises(peek):
            return False
        found = layout(peek)
        return (
            found.named
            and any(h.is_time for h in found.headings)
            and any(isinstance(h.quantity, Quantity) for h in found.headings)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = cls.look(path)
        return Table(path, cls.understand(path, found, choices), choices, cls).log()

    @classmethod
    def look(cls, path: Path) -> Layout:
        """Return where the table stands in a file.

        Raises:
            DataError: There is none.
        """
        peek = Peek.at(path)
        if peek.is_binary or not peek.lines:
            raise DataError(f"{path}: {'empty' if not peek.lines else 'not a text file'}")
        if peek.lines[0].lstrip().startswith(("[", "{")):
            raise ConfigurationError(
                f"{path}: its lines are lists of bare numbers: no header, no time, no unit. Write it as a CSV with "
                "one sample a row, then import that with --rate and --column 1=UNIT"
            )
        text = prose(peek)
        if text is not None:
            raise DataError(f"{path}: {text}")
        found = layout(peek)
        if found.named and not found.rows:
            raise DataError(f"{path}: no samples: the header has no rows under it")
        return found

    @classmethod
    def understand(cls, path: Path, found: Layout, choices: Choices) -> Plan:
        """Return what the columns are; subclasses of one tool may know more."""
        return understand(path, found, choices)


class Table:
    """One table while it is read.

    Attributes:
        plan: What its columns are.
        meanings: What their numbers are; filled by `log`.
        whole: Which rail is the whole; filled by `log`.
    """

    def __init__(self, path: Path, plan: Plan, choices: Choices, importer: type[TableImporter]) -> None:
        self.path, self.plan, self.choices = path, plan, choices
        self.meanings: list[kinds.Meaning] = []
        self.whole: Whole | None = None
        self.devices: dict[str, int] = {}
        self.warnings: list[str] = list(plan.notes)
        self._importer = importer
        self._cells = [
            Cells(
                plan.layout.decimal_comma,
                column.heading.unit if column.heading.why == "unit in the cells" else None,
            )
            for column in plan.columns
        ]
        self._seen = [Statistics() for _ in plan.columns]
        self._counted = RowCount()
        self._beside: set[int] = set()
        self._reader = Reader(plan.time, plan.layout.decimal_comma)

    @property
    def signature(self) -> Signature | None:
        """The tool that wrote it, where it is known."""
        return self.plan.signature

    def log(self) -> Log:
        """Read the table.

        Raises:
            DataError: It holds no samples, or is not what it looks like.
            ConfigurationError: Something must be said that neither the file nor its data say.
        """
        store = Store()
        for block in self._blocks():
            self._append(store, block)
        self._check(store)
        self._beside = self._spare()
        self.meanings = [
            kinds.BESIDE
            if i in self._beside and column.quantity in kinds.TOTALS
            else kinds.meaning_of(column, seen, self.choices.as_, str(self.path))
            for i, (column, seen) in enumerate(zip(self.plan.columns, self._seen, strict=True))
        ]
        held = any(meaning.as_ == "held" for meaning in self.meanings)
        found, sample_of_row = self._axis(store, held)
        streams, rails = self._streams()
        self.whole = decide(
            rails,
            where=str(self.path),
            rail=self.choices.rail,
            add_up=self.choices.add_up,
            means=self._means(streams),
            devices=self._device_name(),
        )
        per_row = any(meaning.as_ == "per-row" for meaning in self.meanings)
        starts = self._first_interval(found) if per_row else None
        name = self.signature.name if self.signature is not None else "table"
        info = {"tool": self.signature.title} if self.signature is not None else {}
        rows = TableRows(name, streams, store, found, sample_of_row, starts_ns=starts, info=info)
        self._finish(rows, streams)
        clock = UTC if self.plan.time.is_utc else RELATIVE
        log = Log(self._importer.name, clock, [rows], warnings=self.warnings, external=True)
        if self.plan.layout.preamble:
            log.metadata["preamble"] = self.plan.layout.preamble
        log.facts["whole"] = {"rail": self.whole.headline, "why": self.whole.why, "sum": self.whole.is_sum}
        return log

    def _blocks(self) -> Any:
        keep = None
        wanted = (
            []
            if self.signature is None
            else [
                (i, value)
                for name, value in self.signature.keep
                for i, h in enumerate(self.plan.layout.headings)
                if h.text.strip().lower() == name
            ]
        )
        if wanted and any(
            all(len(row) > i and row[i] == v for i, v in wanted) for row in self.plan.layout.rows
        ):
            keep = lambda row: all(len(row) > i and row[i].strip() == value for i, value in wanted)
        return text_blocks(
            self.path,
            self.plan.layout,
            self.plan.needed,
            self._counted,
            keep=keep,
            progress=self.choices.progress,
        )

    def _append(self, store: Store, block: TextBlock) -> None:
        columns: dict[str, NDArray[Any]] = {"line": block.lines}
        time = self.plan.time
        if time.indexes:
            texts = [text.strip() for text in block.column(time.indexes[0])]
            if len(time.indexes) > 1:
                texts = [
                    f"{text} {other.strip()}"
                    for text, other in zip(texts, block.column(time.indexes[1]), strict=True)
                ]
            columns["stamp"], aware = self._reader.read(texts)
            columns["aware"] = np.zeros(len(texts), bool) if aware is None else aware
        keys = None
        if self.plan.device:
            keys = self._keys(block.column(self.plan.device[0]))
        elif self.choices.interleaved and self.choices.interleaved > 1:
            keys = ((store.rows + np.arange(len(block.rows))) % self.choices.interleaved).astype(np.int16)
            for number in range(self.choices.interleaved):
                self.devices.setdefault(str(number), number)
        if keys is not None:
            columns["key"] = keys
        for i, (column, cells) in enumerate(zip(self.plan.columns, self._cells, strict=True)):
            values = _numbers(block.column(column.index), cells, block.lines)
            self._seen[i].add(values, keys)
            columns[f"c{i}"] = values
        store.append(columns)

    def _keys(self, texts: Sequence[str]) -> NDArray[np.int16]:
        known = self.devices
        for text in dict.fromkeys(texts):
            if text.strip() not in known:
                if len(known) >= 256:
                    raise DataError(
                        f"{self.path}: more than 256 devices; this is not the format it looks like"
                    )
                known[text.strip()] = len(known)
        return np.fromiter((known[text.strip()] for text in texts), np.int16, len(texts))

    def _check(self, store: Store) -> None:
        counted, path = self._counted, self.path
        whole = store.rows
        if not whole:
            what = "no row is whole" if counted.short else "the header has no rows under it"
            raise DataError(f"{path}: no samples: {what}")
        electric = [i for i, column in enumerate(self.plan.columns) if column.rail is not None]
        if not any(self._seen[i].count for i in electric):
            column = self.plan.columns[electric[0]]
            reasons = ", ".join(
                f"{n} × {text!r}" for text, n in self._cells[electric[0]].reasons.most_common(3)
            )
            raise DataError(
                f"{path}: no samples: none of {whole} rows holds a number in {column.heading.text} ({reasons})"
            )
        odd = counted.short + counted.long
        if odd * 10 > whole:
            raise DataError(
                f"{path}: {odd} of {whole + odd} rows are cut or hold no number (too few fields, or more than the header has); "
                "this is not the format it looks like"
            )
        garbage = sum(
            n
            for i in electric[:1]
            for text, n in self._cells[i].reasons.items()
            if not _is_word_for_none(text)
        )
        if garbage * 10 > whole and garbage * 2 > self._seen[electric[0]].count:
            raise DataError(
                f"{path}: {garbage} of {whole} rows are cut or hold no number; this is not the format it looks like"
            )
        if counted.short:
            shown = ", ".join(map(str, counted.short_lines))
            self.warnings.append(f"{counted.short} rows with too few fields were left out (lines {shown})")
        if counted.long or counted.comments:
            shown = ", ".join(map(str, counted.odd_lines))
            self.warnings.append(
                f"{counted.long} rows with more fields than the header and {counted.comments} lines that begin with # "
                f"were left out (lines {shown})"
            )
        if counted.headers > 0:
            self.warnings.append(f"the header stands in it {counted.headers} more times; passed over")
        if counted.left_out:
            self.warnings.append(
                f"{counted.left_out} rows of other kinds (single cores, sensors) were passed over"
            )
        for i, (column, cells) in enumerate(zip(self.plan.columns, self._cells, strict=True)):
            lost = sum(cells.reasons.values())
            if lost and self._seen[i].count and (column.rail is not None or lost < whole):
                what = ", ".join(f"{n} × {text}" for text, n in cells.reasons.most_common(3))
                lines = ", ".join(map(str, cells.lines))
                self.warnings.append(
                    f"column {column.heading.text!r}: {lost} of {whole} rows hold no number ({what}; lines {lines}"
                    f"{' …' if lost > len(cells.lines) else ''}): missing values"
                )

    def _axis(self, store: Store, held: bool) -> tuple[Axis, NDArray[np.int64] | None]:
        """Return the axis of the samples, and the sample of each row where rows are put together."""
        time = self.plan.time
        stamps: NDArray[np.int64] | None = None
        if time.indexes:
            stamps = store.whole("stamp")
            if time.style == "wall":
                stamps = self._in_utc(stamps, store)
        keyed = "key" in store and len(self.devices) > 1
        of: NDArray[np.int64] | None = None
        if keyed and not held:
            of = sweeps(store.whole("key"), stamps)
            first = np.concatenate(([0], np.flatnonzero(np.diff(of)) + 1))
            self._say_sweeps(stamps, of, first)
            stamps = None if stamps is None else stamps[first]
        if stamps is None:
            assert time.period_s is not None or not time.indexes
            count = store.rows if of is None else int(of[-1]) + 1
            return regular(count, time.period_s or 1.0), of
        lines = store.whole("line") if of is None and store.rows <= 5_000_000 else None
        if not keyed:
            refuse_turns(stamps, store, self.plan, self.choices, str(self.path))
        can_spread = not held and (self.signature is None or self.signature.spread)
        counter = any(meaning.as_ == "counter" for meaning in self.meanings)
        found = axis(stamps, str(self.path), spread=can_spread and not counter, holes=False, lines=lines)
        if counter:
            _keep_first_step(found)
        self.warnings.extend(found.warnings)
        if len(found.kept) == len(stamps):
            return found, of
        place = np.full(len(stamps), -1, np.int64)
        place[found.kept] = np.arange(len(found.kept))
        return found, place if of is None else place[of]

    def _in_utc(self, stamps: NDArray[np.int64], store: Store) -> NDArray[np.int64]:
        if self._reader.naive and self.choices.zone is None:
            self.warnings.append(NO_ZONE)
        if self.choices.zone is None or not self._reader.naive:
            return stamps
        moved = self.choices.zone.to_utc(stamps)
        return np.where(store.whole("aware"), stamps, moved) if self._reader.zoned else moved

    def _say_sweeps(
        self, stamps: NDArray[np.int64] | None, of: NDArray[np.int64], first: NDArray[np.intp]
    ) -> None:
        names = ", ".join(self._device_label(text) for text in list(self.devices)[:8])
        text = f"rows of {len(self.devices)} devices were told apart: {names}"
        if stamps is not None:
            apart = stamps - stamps[first][of]
            spread = int(np.percentile(np.abs(apart[apart != 0]), 95)) if (apart != 0).any() else 0
            if spread:
                text += (
                    f"; rows of one round share its first time (they lie up to {spread / 1e6:.3g} ms apart)"
                )
        self.warnings.append(text)

    def _device_name(self) -> str | None:
        if len(self.devices) < 2:
            return None
        return self.plan.layout.headings[self.plan.device[0]].text if self.plan.device else "the rows' turns"

    def _device_label(self, text: str) -> str:
        if not self.plan.device:
            return f"device{text}"
        named = self.plan.layout.headings[self.plan.device[0]]
        base = self.plan.columns[0].fact.rail if self.plan.columns[0].fact is not None else ""
        if text.isdigit():
            stem = base or named.name.lower().split()[0].removesuffix("_id").removesuffix("_index")
            return f"{'device' if stem in ('id', 'index', 'idx') else stem}{text}"
        return text.split(".", 1)[1] if text.startswith(("sensor.", "switch.")) else text

    def _streams(self) -> tuple[list[Stream], list[Any]]:
        streams: list[Stream] = []
        rails: dict[str, Any] = {}
        taken: set[str] = set()
        several = len(self.devices) > 1
        labels = {number: self._device_label(text) for text, number in self.devices.items()}
        spare = self._beside
        bases = {
            column.rail
            for i, column in enumerate(self.plan.columns)
            if column.rail is not None and i not in spare
        }
        for i, (column, meaning, seen) in enumerate(
            zip(self.plan.columns, self.meanings, self._seen, strict=True)
        ):
            if not seen.count:
                self.warnings.append(f"column {column.heading.text!r} holds no number and was left out")
                continue
            for number, label in labels.items() if several else [(None, "")]:
                name = None if column.rail is None or i in spare else column.rail
                if several and name is not None:
                    name = label if len(bases) == 1 else f"{label}.{name}"
                covers = f"column {column.heading.text!r}"
                covers += "" if self.signature is not None else "; the file does not say what it covers"
                rail = None if name is None else rail_of(column, name, covers, self.choices.voltage_v)
                if rail is not None:
                    rails.setdefault(rail.name, rail)
                own = channel_name(column.heading.name)
                if column.fact is not None and column.fact.rail and column.rail is not None:
                    own = f"{channel_name(column.rail)}.{column.quantity.value}"
                own = unused(own if not several else f"{channel_name(label)}.{own}", taken)
                taken.add(own)
                factor = column.heading.factor
                stream = Stream(
                    f"c{i}",
                    number,
                    meaning.as_,
                    () if rail is None else tuple(seen.sentinel()),
                    seen.limit(column.quantity, factor),
                )
                stream.channel = Channel(
                    own,
                    column.quantity,
                    factor,
                    rail,
                    meaning.kind,
                    grade=self._grade(),
                    accuracy=self._accuracy(),
                    window_ns=column.fact.window_ns if column.fact is not None else None,
                    low_code=-(2**62) if meaning.as_ == "level" else None,
                )
                streams.append(stream)
            if meaning.note:
                self.warnings.append(meaning.note)
        return streams, list(rails.values())

    def _spare(self) -> set[int]:
        """Return the running totals that stand beside readings of the same rail: the readings count."""
        spare = set()
        for i, column in enumerate(self.plan.columns):
            if column.rail is None or column.quantity not in kinds.TOTALS:
                continue
            beside = {
                other.quantity
                for j, other in enumerate(self.plan.columns)
                if other.rail == column.rail and self._seen[j].count and other.quantity not in kinds.TOTALS
            }
            if (
                Quantity.POWER in beside
                or {Quantity.VOLTAGE, Quantity.CURRENT} <= beside
                or (column.quantity is Quantity.CHARGE and Quantity.CURRENT in beside)
            ):
                spare.add(i)
        seen: set[tuple[str, Quantity]] = set()
        for i, column in enumerate(self.plan.columns):
            if column.rail is None or i in spare or not self._seen[i].count:
                continue
            if (column.rail, column.quantity) in seen:
                spare.add(i)
                self.warnings.append(
                    f"{column.heading.text!r} is another reading of {column.rail}: kept beside it"
                )
            seen.add((column.rail, column.quantity))
        return spare

    def _grade(self) -> Grade:
        if self.choices.grade is not None:
            return self.choices.grade
        if self.choices.accuracy is not None:
            return Grade.MEASURED
        return self.signature.grade if self.signature is not None else self._importer.grade

    def _accuracy(self) -> Accuracy:
        return self.signature.accuracy if self.signature is not None else self._importer.accuracy

    def _means(self, streams: Sequence[Stream]) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for stream in streams:
            assert stream.channel is not None
            rail = stream.channel.rail
            seen = self._seen[int(stream.column[1:])]
            if rail is None or not seen.head or stream.device is not None:
                continue
            head = np.array(seen.head)
            head = head[np.abs(head) <= stream.limit]
            if stream.channel.quantity is Quantity.POWER and len(head):
                found[rail.name] = float(head.mean()) * stream.channel.scale
            elif stream.as_ == "counter" and stream.channel.quantity is Quantity.ENERGY and len(head) > 1:
                found[rail.name] = float(head[-1] - head[0]) * stream.channel.scale
        return found

    def _first_interval(self, found: Axis) -> int:
        """Return when the first row's amount began: one usual step before its stamp."""
        step = int(usual_step(found.times_ns)) or 1_000_000_000
        return int(found.times_ns[0]) - step

    def _finish(self, rows: TableRows, streams: Sequence[Stream]) -> None:
        """Survey the values, give the channels their scales and rails, and report what was flagged."""
        assert self.whole is not None
        chosen = self.whole.rails
        headline = self._headline(streams)
        rows.gaps.extend(rows.axis.gaps)
        rows.survey(headline)
        rows.gaps.sort(key=lambda gap: gap.start_ns)
        self._say_holes(rows)
        for stream in streams:
            channel = stream.channel
            assert channel is not None
            scale = scaled(stream.grid.scale, channel.scale)
            known = channel.accuracy
            accuracy = replace(
                known,
                step=known.step or (scale if stream.grid.scale >= 1e-9 else 0.0),
                clock=max(known.clock, rows.axis.span_error),
            )
            rail = None if channel.rail is None else chosen.get(channel.rail.name, channel.rail)
            stream.channel = replace(channel, scale=scale, rail=rail, accuracy=accuracy)
            self._say_flagged(stream)
        self.warnings.append(f"the whole is {self.whole.headline}: {self.whole.why}")
        self.warnings.extend(self._implausible(streams))
        self._say_charge_alone(streams)
        listed = [text for text, why in self.plan.aside if why != "another time"]
        if listed:
            self.warnings.append(f"columns left out, with no unit that is recorded: {', '.join(listed[:12])}")

    def _headline(self, streams: Sequence[Stream]) -> list[Stream]:
        assert self.whole is not None
        names = {
            name
            for name, rail in self.whole.rails.items()
            if name == self.whole.headline or rail.parent == self.whole.headline
        }
        return [
            s
            for s in streams
            if s.channel is not None and s.channel.rail is not None and s.channel.rail.name in names
        ]

    def _say_holes(self, rows: TableRows) -> None:
        holes = [gap for gap in rows.gaps if gap.reason == "missed"]
        if not holes:
            return
        seconds = [(gap.end_ns - gap.start_ns) / 1e9 for gap in holes]
        self.warnings.append(
            f"{len(holes)} hole{'s' * (len(holes) != 1)} without readings, together {sum(seconds):.6g} s (longest "
            f"{max(seconds):.6g} s): gaps, not measured"
        )

    def _say_flagged(self, stream: Stream) -> None:
        assert stream.channel is not None
        if stream.spikes:
            self.warnings.append(
                f"{stream.channel.name}: {stream.spikes} implausible reading{'s' * (stream.spikes != 1)} (spikes beyond "
                f"{stream.limit * stream.channel.scale / stream.grid.scale:.3g} {stream.channel.unit}, far above all others or above "
                f"what any supply gives) left out{_at(stream.spike_lines)}"
            )
        doubt = self._seen[int(stream.column[1:])].doubtful(stream.limit)
        if (
            doubt is not None
            and stream.channel.rail is not None
            and stream.as_ in ("power", "mean", "held", "per-row")
        ):
            value = doubt[0] * stream.channel.scale / stream.grid.scale
            self.warnings.append(
                f"{stream.channel.name}: a few readings from {value:.4g} {stream.channel.unit} on are {doubt[1]:.3g} times the "
                "next lower one and were kept; if they are no readings, take their lines out and import again"
            )
        if stream.marks:
            marks = ", ".join(f"{value:g}" for value in stream.missing)
            self.warnings.append(
                f'{stream.channel.name}: {stream.marks} × {marks} stand for "none": missing values{_at(stream.mark_lines)}'
            )

    def _say_charge_alone(self, streams: Sequence[Stream]) -> None:
        have = {s.channel.quantity for s in streams if s.channel is not None and s.channel.rail is not None}
        if (
            have
            and not have & {Quantity.POWER, Quantity.ENERGY, Quantity.VOLTAGE}
            and self.choices.voltage_v is None
        ):
            self.warnings.append(
                "a current and no voltage: the charge is exact, an energy needs the supply's voltage, for example --voltage 3.7V"
            )

    def _implausible(self, streams: Sequence[Stream]) -> list[str]:
        """Return a warning for each column whose values hardly fit its unit, as where W are called mW."""
        found = []
        for column, seen, meaning in zip(self.plan.columns, self._seen, self.meanings, strict=True):
            if (
                column.quantity not in _PLAUSIBLE
                or meaning.as_ in ("counter", "per-row")
                or column.rail is None
            ):
                continue
            head = np.abs(np.array(seen.head))
            head = head[head > 0]
            if not len(head):
                continue
            typical = float(np.median(head))
            low, high = _PLAUSIBLE[column.quantity]
            named = column.heading
            if low <= typical * named.factor <= high:
                continue
            small = typical * named.factor < low
            better = column.quantity.unit if small else f"m{column.quantity.unit}"
            if of_unit(named.unit or "") == of_unit(better) or (small and named.factor < 1e-3):
                continue
            found.append(
                f"column {named.text!r}: a typical value of {typical:.4g} {named.unit} is implausibly "
                f"{'small' if small else 'large'} for a device; if the values are in {better}, import again "
                f"with --unit {better}"
            )
        return found


def _keep_first_step(found: Axis) -> None:
    """Put rows that share the first stamp 1 ns apart, so that no step of a counter between them is lost."""
    same = int(np.searchsorted(found.times_ns, found.times_ns[0], side="right"))
    if same > 1:
        found.times_ns = found.times_ns.copy()
        found.times_ns[:same] -= np.arange(same - 1, -1, -1)


def _at(lines: Sequence[int]) -> str:
    """Return where readings stand, for a message."""
    return f" (line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))})" if lines else ""


def _is_word_for_none(text: str) -> bool:
    from powermeter.importers.values import is_missing_word

    return text == "blank" or is_missing_word(text)


def _numbers(texts: Sequence[str], cells: Cells, lines: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the numbers of a column's cells; plain ones by the short way."""
    plain: Sequence[str] = texts
    if cells.unit is not None and texts and texts[0].endswith(cells.unit):
        tail = f" {cells.unit}"
        if all(text.endswith(tail) for text in texts):
            plain = [text[: -len(tail)] for text in texts]
    try:
        values = np.fromiter(map(float, plain), np.float64, len(plain))
    except ValueError:
        values = None
    if values is None or not np.isfinite(values).all() or "_" in "".join(plain):
        return np.array(
            [cells.number(text, int(line)) for text, line in zip(texts, lines, strict=True)], np.float64
        )
    return values


__all__ = ["Boundary", "ConfigurationError", "Counter", "Planned", "Table", "TableImporter", "TimePlan"]
