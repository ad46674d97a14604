"""One table while it is read: blocks into columns, an axis of time, streams with their rails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Accuracy, Channel, Quantity
from powermeter.errors import DataError, plural
from powermeter.importers import column_kinds
from powermeter.importers.apparent_power import leave_out_apparent, refuse_apparent
from powermeter.importers.blocks import text_blocks
from powermeter.importers.calendar_columns import refuse_other_order
from powermeter.importers.charge_states import ChargeStates
from powermeter.importers.closing_rows import refuse_sum_below
from powermeter.importers.coarse_stamps import whole_seconds
from powermeter.importers.column_channels import channel_name, scaled, unused
from powermeter.importers.column_roles import ANOTHER_TIME, rail_of
from powermeter.importers.column_store import Store
from powermeter.importers.contradicting_units import beyond_volt_amperes, refuse_other_units
from powermeter.importers.counted_beside import on_their_rails
from powermeter.importers.cut_end import cut_row
from powermeter.importers.device_blocks import sort_by_time
from powermeter.importers.device_rounds import device_label, distinguished_by, round_note, sweeps
from powermeter.importers.energy_beside import contradicting_energy
from powermeter.importers.hole_limits import end_notes
from powermeter.importers.hour_twice import put_in_line
from powermeter.importers.implausible_readings import limit_of, refuse_all_implausible
from powermeter.importers.implausible_units import implausible_units
from powermeter.importers.late_rows import look_in_order, without_note_of
from powermeter.importers.log import RELATIVE, UTC, Choices, Log
from powermeter.importers.measured_before_printed import put_back_printed
from powermeter.importers.missing_amounts import on_a_calendar
from powermeter.importers.never_together import refuse_never_together
from powermeter.importers.open_questions import meanings_of
from powermeter.importers.refused_sums import refuse_nested
from powermeter.importers.row_count import RowCount
from powermeter.importers.running_sums import refuse_running_sum
from powermeter.importers.side_by_side import ends_of_some, on_one_axis
from powermeter.importers.still_counters import leave_out_still
from powermeter.importers.table_grade import TableGrade
from powermeter.importers.table_notes import (
    charge_notes,
    check_rows,
    flag_notes,
)
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.table_rails import (
    counted_columns,
    headline_of,
    means_of_rails,
    parents_in_device,
    readings_beside,
    readings_of_devices,
    refuse_unpaired,
    spans_of_rails,
)
from powermeter.importers.table_rows import Stream, TableRows, lengths_of_samples, lengths_vary
from powermeter.importers.text_columns import TextColumns
from powermeter.importers.thousands import refuse_doubtful
from powermeter.importers.time_axis import Axis, axis, first_interval_ns, keep_first_step, regular
from powermeter.importers.time_parts import are_apart, overlapping_rows, pauses_between, step_between
from powermeter.importers.time_zones import zone_notes, zone_or_utc
from powermeter.importers.tool_table import Signature
from powermeter.importers.undistinguished_devices import refuse_turns
from powermeter.importers.whole_or_sum import Whole, decide
from powermeter.importers.whole_question import RailsShown
from powermeter.result import Grade
from powermeter.result.notes import Note

NO_UNIT = "no-unit"
"""The code of the note that lists the columns which were left out."""


class TableKind(Protocol):
    """What a format knows of its tables where their tool is not known."""

    name: str
    accuracy: Accuracy
    grade: Grade


class OpenTable:
    """One table while it is read.

    Attributes:
        plan: What its columns are.
        meanings: What their numbers are; filled by `log`.
        whole: Which rail is the whole; filled by `log`.
    """

    def __init__(self, path: Path, plan: TablePlan, choices: Choices, importer: TableKind) -> None:
        self.path, self.plan, self.choices = path, plan, choices
        self.meanings: list[column_kinds.Meaning] = []
        self.whole: Whole | None = None
        self.warnings = list(plan.notes)
        self._importer = importer
        self._columns = TextColumns(path, plan, choices)
        self.devices, self._seen = self._columns.devices, self._columns.seen
        self._counted = RowCount()
        self._beside: set[int] = set()
        self._unbridged = self._by_length = False
        self._states = ChargeStates(plan.layout, choices.columns, path)
        self._table_grade = TableGrade(plan.layout)

    @property
    def signature(self) -> Signature | None:
        """The tool that wrote it, where it is known."""
        return self.plan.signature

    def log(self) -> Log:
        """Read the table.

        Raises:
            DataError: It holds no samples, or is not what it looks like.
            ConfigurationError: Something must be stated that neither the file nor its data state.
        """
        store, where = Store(), str(self.path)
        ending = cut_row(self.path, self.plan.layout)
        for block in self._blocks():
            if ending is not None and [text.strip() for text in block.rows[-1]] == ending:
                block.rows[-1] = [*block.rows[-1][:-1], ""]
                text = f"the last row (line {int(block.lines[-1])}) is not terminated, and its last cell, {ending[-1]!r}, is unlike those above: taken as cut off"
                self.warnings.append(Note.warning("last-row-cut", text))
            self._columns.add(block, store)
            self._states.add(block)
            self._table_grade.add(block)
        sort_by_time(store, self.devices, self.plan, self.choices, where)
        if self.choices.decimal is None and self.signature is None:
            read, at = zip(self.plan.columns, self._columns.marks, strict=True), self.plan.layout
            refuse_doubtful([(c.heading.text, m) for c, m in read], at.delimiter, where, at.rows)
        cells = self._columns.cells
        self.warnings += check_rows(self.path, self.plan, self._counted, cells, self._seen, store.rows)
        self.warnings += self._columns.validity.notes()
        self._states.refuse()
        refuse_apparent(self.plan, self._seen, self.choices, where)
        self.warnings += refuse_other_units(self.plan, self._seen, where)
        self.warnings += leave_out_apparent(self.plan, self._seen)
        blank = look_in_order(self.plan, store, self._seen, self.warnings)
        self.warnings += on_their_rails(self.plan, store)
        self._beside, doubled = readings_beside(self.plan.columns, self._seen)
        self.warnings += doubled
        rising = column_kinds.rising_totals(self.plan.columns, self._seen)
        calendar = "stamp" in store and on_a_calendar(store.whole("stamp"))
        asked_above = column_kinds.rows_asked_above(self.plan.columns, on_calendar=calendar)

        def meaning(i: int) -> column_kinds.Meaning:
            if i in self._beside and self.plan.columns[i].quantity in column_kinds.TOTALS:
                return column_kinds.BESIDE
            return column_kinds.meaning_of(
                self.plan.columns[i],
                self._seen[i],
                self.choices.as_,
                where,
                self.plan.layout,
                beside_totals=(self.plan.columns[i].heading.unit or "") in rising,
                asked_above=asked_above,
                ends=self.plan.time.length_ns is not None,
            )

        refuse_running_sum(self.plan.columns, self._seen, self.choices.as_, where)
        self.meanings = meanings_of(len(self._seen), self.choices, where, meaning)
        column_kinds.refuse_unused(self.meanings, self.choices.as_, where)
        self.warnings += leave_out_still(self.plan.columns, self.meanings, self._seen, where)
        refuse_sum_below(self.plan.columns, self.meanings, store, where)
        held = any(meaning.as_ == "held" for meaning in self.meanings)
        found, sample_of_row = self._axis(store, held, blank)
        length, varied = self.plan.time.length_ns, lengths_vary(store)
        step = step_between(found.times_ns, None if varied else length)
        self._by_length = (apart := length is not None and are_apart(length, step)) or varied
        streams, rails = self._streams()
        refuse_never_together(self.plan, streams, self._seen, store, where)
        by = distinguished_by(self.plan, self.devices)
        refuse_nested(by, [r.name for r in rails], self.choices, where)
        self.whole = decide(
            rails,
            where=where,
            rail=None if self.plan.only else self.choices.rail,
            add_up=self.choices.add_up,
            means=means_of_rails(streams, self._seen),
            devices=by,
            readings=readings_of_devices(streams, store, sample_of_row),
            shown=RailsShown(spans_of_rails(streams, self._seen), self.plan.added_rails),
        )
        refuse_unpaired(streams, self.whole, where)
        summed = any(stream.as_ == "per-row" for stream in streams)
        per_row = any(meaning.as_ == "per-row" for meaning in self.meanings) or (summed and apart)
        if length is not None:
            pauses = pauses_between(length, step, where, amounts=per_row, added_up=summed)
            self._unbridged = bool(pauses) and per_row
            self.warnings += pauses
        lengths = lengths_of_samples(store, sample_of_row) if summed and "length" in store else None
        self.warnings += overlapping_rows(found.times_ns, lengths)
        starts = first_interval_ns(found, None if lengths is None else int(lengths[0])) if summed else None
        name = self.signature.name if self.signature is not None else "table"
        info: dict[str, Any] = {"tool": self.signature.title} if self.signature is not None else {}
        coarse = self.plan.time.is_utc and not held and whole_seconds(found.times_ns)
        cut = found.resolution_ns or coarse or 0
        if cut:
            info["stamp_resolution_ns"] = cut
            if found.late_ns is not None:
                info["stamp_late_ns"] = found.late_ns
        rows = TableRows(name, streams, store, found, sample_of_row, starts_ns=starts, info=info)
        rows.lengths_ns = None if self._unbridged else lengths
        rows.open_steps = not self._unbridged
        self._finish(rows, streams)
        self.warnings += beyond_volt_amperes(self.plan.columns, streams, store, found, self.warnings)
        self.warnings += contradicting_energy(self.plan.columns, self._beside, streams, store, found)
        clock = UTC if self.plan.time.is_utc else RELATIVE
        own = on_one_axis(rows, where) if self.whole.is_sum and self.devices and not held else rows
        self.warnings += [] if own is rows else ends_of_some(own)
        log = Log(self._importer.name, clock, [own], warnings=self.warnings, external=True)
        log.open_share = rows.steps.open_share
        if self.plan.layout.preamble:
            log.metadata["preamble"] = self.plan.layout.preamble
        log.facts["whole"] = {"rail": self.whole.headline, "why": self.whole.why, "sum": self.whole.is_sum}
        return log

    def _blocks(self) -> Any:
        plan, counted, progress = self.plan, self._counted, self.choices.progress
        return text_blocks(self.path, plan.layout, plan.needed, counted, keep=plan.keep(), progress=progress)

    def _axis(
        self, store: Store, held: bool, blank: NDArray[np.intp]
    ) -> tuple[Axis, NDArray[np.int32] | None]:
        """Return the axis of the samples, and the sample of each row where rows are put together."""
        time = self.plan.time
        stamps = store.whole("stamp") if time.indexes else None
        if stamps is not None:
            stamps[blank] = MISSING
        refuse_other_order(self._columns.reader.goes_on, time.order, str(self.path))
        if stamps is not None and time.style == "wall":
            stamps = self._in_utc(stamps, store)
        keyed = "key" in store and len(self.devices) > 1
        of: NDArray[np.int32] | None = None
        if keyed and not held:
            of = sweeps(store.whole("key"), stamps)
            first = np.concatenate(([0], np.flatnonzero(np.diff(of)) + 1))
            self.warnings.append(round_note(self.plan, self.devices, stamps, of, first, store.whole("key")))
            stamps = None if stamps is None else stamps[first]
        if stamps is None:
            assert time.period_s is not None or not time.indexes
            count = store.rows if of is None else int(of[-1]) + 1
            return regular(count, time.period_s or 1.0), of
        lines = store.whole("line") if of is None and store.rows <= 5_000_000 else None
        if not keyed:
            refuse_turns(stamps, store, self.plan, self.choices, str(self.path))
        can_spread = not held and (self.signature is None or self.signature.spread)
        counter = any(m.as_ == "counter" and i not in self._beside for i, m in enumerate(self.meanings))
        if self._columns.reader.naive and not self._columns.reader.zoned and self.choices.zone is None:
            stamps, twice = put_in_line(stamps)
            self.warnings += twice
        amounts = any(m.as_ == "per-row" for m in self.meanings)
        cut = can_spread and not counter and not (amounts and on_a_calendar(stamps))
        found = axis(stamps, str(self.path), spread=cut, holes=False, lines=lines)
        if can_spread and of is None:
            put_back_printed(found, store, self.plan, self.meanings)
        if counter:
            keep_first_step(found)
        self.warnings += without_note_of(blank, stamps, found.warnings)
        if len(found.times_ns) > 1 and found.times_ns[-1] == found.times_ns[0]:
            raise DataError(
                f"{self.path}: all {plural(store.rows, 'row has', 'rows have')} one time: there is no stretch of time to integrate over. Where the "
                "times are of the day the file was written, state how often a row was taken with --rate"
            )
        if found.picked is None:
            return found, of
        place = np.full(len(stamps), -1, np.int32)
        place[found.kept] = np.arange(len(found.kept))
        return found, place if of is None else place[of]

    def _in_utc(self, stamps: NDArray[np.int64], store: Store) -> NDArray[np.int64]:
        self.warnings += zone_notes(self.choices.zone, naive=self._columns.reader.naive)
        if not self._columns.reader.naive:
            return stamps
        moved = zone_or_utc(self.choices.zone).to_utc(stamps)
        return np.where(store.whole("aware"), stamps, moved) if self._columns.reader.zoned else moved

    def _streams(self) -> tuple[list[Stream], list[Any]]:
        streams, rails, taken = list[Stream](), dict[str, Any](), set[str]()
        several = len(self.devices) > 1
        labels = {number: device_label(self.plan, text) for text, number in self.devices.items()}
        counted = counted_columns(self.plan.columns, self._beside, self._seen, str(self.path))
        bases = {column.rail for column in counted}
        stated = self.signature is not None or self.choices.rail is not None or self.choices.add_up
        parents = {} if stated or not several else parents_in_device(counted, str(self.path))
        for i, (column, meaning, seen) in enumerate(
            zip(self.plan.columns, self.meanings, self._seen, strict=True)
        ):
            if not seen.count:
                text = f"column {column.heading.text!r} holds no number and was left out"
                self.warnings.append(Note.warning("column-left-out", text))
                continue
            for number, label in labels.items() if several else [(None, "")]:
                name = None if column.rail is None or i in self._beside else column.rail
                if several and name is not None:
                    name = label if len(bases) == 1 else f"{label}.{name}"
                covers = f"column {column.heading.text!r}"
                covers += "" if self.signature is not None else "; the file does not state what it covers"
                rail = None if name is None else rail_of(column, name, covers, self.choices.voltage_v)
                if rail is not None and column.rail in parents:
                    rail = replace(rail, parent=f"{label}.{parents[column.rail]}")
                if rail is not None:
                    rails.setdefault(rail.name, rail)
                own = channel_name(column.heading.name)
                if column.fact is not None and column.fact.rail and column.rail is not None:
                    own = f"{channel_name(column.rail)}.{column.quantity.value}"
                own = unused(own if not several else f"{channel_name(label)}.{own}", taken)
                taken.add(own)
                stream = Stream(
                    f"c{i}",
                    number,
                    meaning.as_,
                    () if rail is None else column_kinds.marks_of(meaning, seen, column.quantity),
                    limit_of(seen, column.quantity, column.heading.factor),
                )
                below = (
                    self._states.only_discharges
                    and column.quantity in column_kinds.FLOWS
                    and seen.never_positive
                )
                stream.turned = column.heading.is_turned or below
                if stream.turned:
                    text = f"{column.heading.text!r} is below 0 where power is drawn: its sign was turned"
                    self.warnings.append(Note.info("sign-turned", text))
                is_mean = (meaning.as_, column.quantity) == ("mean", Quantity.POWER)
                stream.by_length = self._by_length and is_mean
                stream.as_ = "per-row" if stream.by_length else meaning.as_
                stream.two_way = stream.as_ == "per-row" and seen.smallest < 0
                stream.channel = Channel(
                    own,
                    Quantity.ENERGY if stream.by_length else column.quantity,
                    column.heading.factor,
                    rail,
                    column_kinds.KINDS[stream.as_],
                    grade=self._grade(),
                    accuracy=self._accuracy(),
                    window_ns=None if stream.by_length else self._window_ns(column, meaning),
                    low_code=-(2**62) if meaning.as_ == "level" or stream.two_way else None,
                )
                streams.append(stream)
            if meaning.note:
                self.warnings.append(meaning.note)
        return streams, list(rails.values())

    def _window_ns(self, column: Planned, meaning: column_kinds.Meaning) -> int | None:
        if column.fact is not None:
            return column.fact.window_ns
        return self.plan.time.length_ns if meaning.as_ == "mean" else None

    def _grade(self) -> Grade:
        known = self._importer if self.signature is None else self.signature
        return self._table_grade.grade(self.choices, known.grade, self.warnings)

    def _accuracy(self) -> Accuracy:
        return self.signature.accuracy if self.signature is not None else self._importer.accuracy

    def _finish(self, rows: TableRows, streams: Sequence[Stream]) -> None:
        """Look at all values, set the channels' scales and rails, and report what was flagged."""
        assert self.whole is not None
        chosen, headline = self.whole.rails, headline_of(streams, self.whole)
        rows.gaps.extend(rows.axis.gaps)
        rows.find_grids_and_holes(headline)
        held = any(m.as_ == "held" for m in self.meanings)
        if rows.starts_ns is not None and not (held or self._unbridged):
            rows.open_holes()
        if not held:
            rows.find_blanks()
        rows.gaps.sort(key=lambda gap: gap.start_ns)
        self.warnings += end_notes(rows.gaps, rows.axis.times_ns, rows.alive, *rows.steps.of_zero)
        for stream in streams:
            channel = stream.channel
            assert channel is not None
            scale = scaled(stream.grid.scale, channel.scale)
            known = channel.accuracy
            accuracy = replace(
                known,
                step=known.step or self._columns.step_of(stream, scale),
                model=max(known.model, rows.steps.limit(known.gain) if stream.as_ == "per-row" else 0.0),
                clock=max(known.clock, rows.axis.span_error),
            )
            rail = None if channel.rail is None else chosen.get(channel.rail.name, channel.rail)
            grade = rows.steps.grade(channel.grade)
            stream.channel = replace(channel, scale=scale, rail=rail, accuracy=accuracy, grade=grade)
            self.warnings += flag_notes(stream, self._seen[int(stream.column[1:])], self.plan)
        refuse_all_implausible(streams, self._seen, self.plan, str(self.path))
        self.warnings += self.whole.notes
        self.warnings += implausible_units(self.plan, self._seen, self.meanings)
        self.warnings += charge_notes(streams, self.choices.voltage_v)
        read = (self._table_grade.column, self._columns.validity.name)
        listed = [text for text, why in self.plan.aside if why is not ANOTHER_TIME and text not in read]
        if listed:
            text = f"columns left out, as their names state no reading in a unit that is recorded: {', '.join(listed[:12])}"
            self.warnings.append(Note.warning(NO_UNIT, text))
