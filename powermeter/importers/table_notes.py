"""What an import of a table states of its rows, holes and values: counted, with the lines named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from powermeter.channel import Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.amount_totals import Blanks
from powermeter.importers.cells import Cells, is_missing_word
from powermeter.importers.closing_rows import refuse_common_word
from powermeter.importers.column_kinds import FLOWS
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.implausible_readings import reading_notes
from powermeter.importers.layout import Layout
from powermeter.importers.other_table import other_table
from powermeter.importers.row_count import RowCount
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.table_rows import Stream
from powermeter.importers.unread_lines import lines_of
from powermeter.result.notes import Note
from powermeter.units import format_short

_AGAINST = 0.05
"""Share of what flows one way above which what flows the other way is reported."""


def check_rows(
    path: Path,
    plan: TablePlan,
    counted: RowCount,
    cells_of: Sequence[Cells],
    seen: Sequence[Statistics],
    whole: int,
) -> list[Note]:
    """Return what was left out of a table's rows and cells, with the lines.

    Raises:
        DataError: There are no samples, or too many rows are none.
    """
    notes: list[Note] = []
    if not whole:
        what = "no row is whole" if counted.short else "the header has no rows under it"
        raise DataError(f"{path}: no samples: {what}")
    electric = [i for i, column in enumerate(plan.columns) if column.rail is not None]
    if not any(seen[i].count for i in electric):
        column = plan.columns[electric[0]]
        reasons = ", ".join(f"{n} × {text!r}" for text, n in cells_of[electric[0]].reasons.most_common(3))
        raise DataError(
            f"{path}: no samples: none of {plural(whole, 'row')} holds a number in {column.heading.text} ({reasons})"
        )
    if all(_only_marks(seen[i], plan.columns[i].quantity) for i in electric):
        first = seen[electric[0]]
        raise DataError(
            f"{path}: no samples: {plan.columns[electric[0]].heading.text} is {first.first:g} in all rows, which stands for "
            '"none": nothing was measured'
        )
    odd = counted.short + counted.long
    if odd > whole:
        raise DataError(
            f"{path}: only {whole} of {plural(whole + odd, 'line')} under its header have its fields: what a program or a job printed with a "
            "table in it, or a damaged file; write the header and the rows of that table alone to a file and import that"
        )
    if odd * 10 > whole:
        raise DataError(
            f"{path}: {odd} of {plural(whole + odd, 'row')} are cut or hold no number (too few fields, or more than the header has); "
            "this is not the format it looks like"
        )
    garbage = sum(
        n for i in electric[:1] for text, n in cells_of[i].reasons.items() if not is_word_for_none(text)
    )
    if garbage * 10 > whole and garbage * 2 > seen[electric[0]].count:
        raise DataError(
            f"{path}: {garbage} of {plural(whole, 'row')} are cut or hold no number; this is not the format it looks like, or its rows are readings of "
            f"several things: then keep those of one, grep NAME {quote(str(path))} > one{path.suffix}, and import that"
        )
    if counted.short:
        shown = ", ".join(map(str, counted.short_lines))
        notes.append(
            Note.warning(
                "rows-left-out",
                f"{plural(counted.short, 'row with too few fields was', 'rows with too few fields were')} left out (lines {shown})",
            )
        )
    if counted.fewer.count:
        text = (
            f"{plural(counted.fewer.count, 'row has', 'rows have')} fewer fields than the others ({counted.fewer.where}) and were read from their first on: "
            "where a field inside is missing, those behind it are in another column"
        )
        notes.append(Note.warning("fewer-fields", text))
    if counted.long or counted.comments:
        shown = ", ".join(map(str, counted.odd_lines))
        parts = [f"{plural(counted.long, 'row')} with more fields than the header"] if counted.long else []
        parts += (
            [f"{plural(counted.comments, 'line that begins', 'lines that begin')} with #"]
            if counted.comments
            else []
        )
        notes.append(Note.warning("rows-left-out", f"{' and '.join(parts)} were left out (lines {shown})"))
    if counted.summaries:
        shown = ", ".join(map(str, counted.summary_lines))
        refuse_common_word(counted, whole, str(path))
        text = f"{plural(counted.summaries.total(), 'row that sums up the others was', 'rows that sum up the others were')} left out (lines {shown})"
        notes.append(Note.info("rows-left-out", text))
    if counted.headers > 0:
        notes.append(
            Note.info("header-repeated", f"the header stands in it {counted.headers} more times; passed over")
        )
    if counted.left_out:
        notes.append(
            Note.info(
                "readings-passed-over",
                f"passed over: {plural(counted.left_out, 'row')} of other kinds (single cores, sensors)",
            )
        )
    for i, (column, cells) in enumerate(zip(plan.columns, cells_of, strict=True)):
        lost = sum(cells.reasons.values())
        if lost and seen[i].count and (column.rail is not None or lost < whole):
            what = ", ".join(f"{n} × {text}" for text, n in cells.reasons.most_common(3))
            lines = ", ".join(map(str, cells.lines))
            notes.append(
                Note.warning(
                    "missing-values",
                    f"column {column.heading.text!r}: {lost} of {plural(whole, 'row')} hold no number ({what}; lines {lines}"
                    f"{' …' if lost > len(cells.lines) else ''}): missing values",
                )
            )
        if cells.pair:
            notes.append(
                Note.info(
                    "two-in-a-cell",
                    f"cells of {column.heading.text!r} hold two values ({cells.pair}): the first is read; the one behind the stroke, a mean or "
                    "a limit, is not",
                )
            )
    return notes


def rows_above(found: Layout) -> list[Note]:
    """Return a note where readings stand above the header, as of another log that was put before this one."""
    named = f"the header {found.delimiter.join(found.header)[:60]!r}" if found.header else "its rows"
    return other_table(found.above, f"above {named} ")


def flag_notes(stream: Stream, seen: Statistics, plan: TablePlan) -> list[Note]:
    """Return notes on the readings of a stream that were flagged, with their lines."""
    notes = reading_notes(stream, seen)
    assert stream.channel is not None
    if stream.device is not None and stream.channel.rail is not None and not stream.valid:
        text = f"{stream.channel.rail.name}: none of its rows holds a reading; what it drew is in no sum"
        notes.append(Note.warning("device-without-readings", text))
    notes += _blank_notes(stream.channel.name, stream.blanks)
    column = plan.columns[int(stream.column[1:])].heading
    smaller = min(seen.flows_in, seen.flows_out)
    both_ways = stream.channel.quantity in FLOWS and not stream.marks and not stream.turned
    if both_ways and stream.channel.rail and smaller > _AGAINST * max(seen.flows_in, seen.flows_out):
        notes.append(
            Note.warning(
                "both-ways",
                f"{stream.channel.name}: {seen.negative} of {plural(seen.count, 'reading')} are below 0, and their sum is "
                f"{format_short(seen.flows_in / seen.flows_out, 2)} of the rest: inflow is offset against outflow. For a battery that was charged meanwhile, "
                "import only the rows in which it discharges",
            )
        )
    if both_ways and stream.channel.rail and seen.never_positive and not stream.turned:
        notes.append(
            Note.warning(
                "all-negative",
                f"{stream.channel.name}: no reading is above 0, so the energy is negative, as for power that flows in. If draw was logged as "
                f"negative, turn its sign: --column {quote(f'{column.text}=-{column.unit}')}",
            )
        )
    unsure = (
        seen.unsure()
        if not stream.turned and stream.channel.quantity is Quantity.CURRENT and stream.channel.rail
        else []
    )
    if unsure:
        shown = ", ".join(f"{seen.sentinels[value]} × {value:g}" for value in unsure)
        notes.append(
            Note.warning(
                "doubtful-values",
                f'{stream.channel.name}: {shown} were kept as readings, as of a battery; if they stand for "none", take their lines '
                "out and import again",
            )
        )
    if stream.marks:
        marks = ", ".join(f"{value:g}" for value in stream.missing)
        notes.append(
            Note.warning(
                "missing-values",
                f'{stream.channel.name}: {stream.marks} × {marks} stand for "none": missing values{lines_of(stream.mark_lines)}',
            )
        )
    return notes


def _blank_notes(name: str, blanks: Blanks) -> list[Note]:
    """Return notes on rows in which a column lacks an amount, and others have a reading."""
    notes: list[Note] = []
    if blanks.bridged:
        text = f"{name}: {plural(blanks.bridged, 'row')} without an amount, where other columns have a reading: what was used in them is bridged, as in a hole"
        notes.append(Note.warning("missing-values", text))
    if blanks.ends:
        text = f"{name}: {plural(blanks.ends, 'row')} without an amount before its first or behind its last one: it, and a sum with it, is known between those"
        notes.append(Note.warning("missing-values", text))
    if blanks.slower:
        text = f"{name} holds an amount less often than other columns have a reading: each was taken for all the time since the one before"
        notes.append(Note.info("slower-amounts", text))
    return notes


def charge_notes(streams: Sequence[Stream], voltage_v: float | None) -> list[Note]:
    """Return a note where a current without a voltage yields a charge and no energy."""
    have = {s.channel.quantity for s in streams if s.channel is not None and s.channel.rail is not None}
    if have and not have & {Quantity.POWER, Quantity.ENERGY, Quantity.VOLTAGE} and voltage_v is None:
        return [
            Note.info(
                "voltage-needed",
                "a current and no voltage: the charge is exact, an energy needs the supply's voltage, for example --voltage 3.7V",
            )
        ]
    return []


def _only_marks(seen: Statistics, quantity: Quantity) -> bool:
    """Return whether a column holds nothing, or nothing but marks for "none"."""
    return sum(seen.sentinels[value] for value in seen.sentinel(quantity)) == seen.count


def is_word_for_none(text: str) -> bool:
    """Return whether what a cell held instead of a number states that there is none."""
    return text == "blank" or is_missing_word(text)
