"""Prints what an import understands of a file, column by column and why, before anything is written."""

from __future__ import annotations

from pathlib import Path

from powermeter.errors import DataError, PowermeterError
from powermeter.errors.suggestions import nearest_file
from powermeter.importers import importer, recognise
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.not_logs import refusal
from powermeter.importers.several_logs import unpacked
from powermeter.importers.table import TableImporter
from powermeter.importers.table_reading import OpenTable

_KIND_WORDS = {
    "power": "instant",
    "mean": "mean over the interval that its row ends",
    "counter": "running total",
    "per-row": "amount of each row",
    "level": "what is left",
    "held": "stands until the next row",
}


def explain(path: Path, *, format: str | None = None, choices: Choices | None = None) -> str:
    """Return what is understood of a log, as text of several lines.

    Raises:
        DataError, ConfigurationError: As an import of it would.
    """
    choices = choices or Choices()
    if not path.exists():
        raise DataError(f"{path}: no such file or folder{nearest_file(path)}")
    with unpacked([path]) as logs:
        if logs != [path]:
            explained = [
                _explain(log, format, choices).replace(str(log), f"{path}: {log.name}") for log in logs
            ]
            return "\n".join(explained)
    return _explain(path, format, choices)


def _explain(path: Path, format: str | None, choices: Choices) -> str:
    peek = Peek.at(path)
    reason = refusal(peek) if format is None else None
    if reason is not None:
        raise DataError(f"{path}: {reason}")
    found = importer(format) if format else recognise(peek)
    if found is None:
        raise DataError(f"{path}: the format is not recognised; name it with --format")
    lines = [f"{path}: {found.title} (format {found.name})"]
    if issubclass(found, TableImporter):
        lines += _table(path, found, choices)
    else:
        lines += _log(found, path, choices)
    return "\n".join(lines)


def _table(path: Path, found: type[TableImporter], choices: Choices) -> list[str]:
    layout = found.look(path)
    delimiter = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks", "  ": "blanks", "|": "bars"}[
        layout.delimiter
    ]
    lines = [
        f"  table     fields divided by {delimiter}"
        + (", decimal commas" if layout.decimal_comma else "")
        + f"; {'header' if layout.named else 'no header'}; numbers from line {layout.skip + 1}"
    ]
    try:
        plan = found.understand(path, layout, choices)
    except PowermeterError as error:
        lines += [f"  {h.text:<24} {_unit(h.unit, h.quantity)}: {h.why}" for h in layout.headings if h.text]
        return [*lines, f"  open      {error}"]
    if plan.signature is not None:
        lines.append(
            f"  written   by {plan.signature.title.removeprefix('a ').removeprefix('an ')}: {plan.signature.source}"
        )
    times = ", ".join(repr(layout.headings[i].text) for i in plan.time.indexes) or "none"
    lines.append(f"  time      {times}: {plan.time.why}")
    if plan.device:
        lines.append(
            f"  devices   distinguished by {', '.join(repr(layout.headings[i].text) for i in plan.device)}"
        )
    table = OpenTable(path, plan, choices, found)
    log: Log | None = None
    try:
        log = table.log()
    except PowermeterError as error:
        lines.append(f"  open      {error}")
    for i, column in enumerate(plan.columns):
        meaning = table.meanings[i] if i < len(table.meanings) else None
        what = (
            "" if meaning is None or column.rail is None else f"; {_KIND_WORDS[meaning.as_]}: {meaning.why}"
        )
        rail = f"rail {column.rail}" if column.rail is not None else "no rail"
        lines.append(
            f"  column    {column.heading.text!r}: {_unit(column.heading.unit, column.heading.quantity)}, {rail}"
            f" ({column.why or 'as stated'}{what})"
        )
    lines += [f"  left out  {text!r}: {why}" for text, why in plan.aside]
    if table.whole is not None:
        lines.append(f"  whole     {table.whole.headline}: {table.whole.why}")
    if log is not None:
        lines += _samples(log)
    lines += [f"  note      {text}" for text in table.warnings]
    return lines


def _unit(unit: str | None, quantity: object) -> str:
    name = getattr(quantity, "value", quantity)
    return f"{name} in {unit}" if quantity is not None else "no quantity that is recorded"


def _log(found: type[Importer], path: Path, choices: Choices) -> list[str]:
    useless = choices.given() - found.takes - {"events"}
    lines = [f"  not used  --{name}" for name in sorted(useless)]
    log = found.read(path, choices)
    for source in log.sources:
        for channel in source.channels:
            rail = (
                "no rail"
                if channel.rail is None
                else f"rail {channel.rail.name} ({channel.rail.boundary.value})"
            )
            lines.append(
                f"  channel   {channel.name}: {channel.quantity.value} in {channel.unit}, {channel.kind.value}, {rail}, "
                f"{channel.grade.value}"
            )
    lines += _samples(log)
    return lines + [f"  note      {text}" for text in log.warnings]


def _samples(log: Log) -> list[str]:
    count = sum(source.count for source in log.sources)
    ends = [source.ends_ns for source in log.sources if source.count]
    span = (max(end for _, end in ends) - min(start for start, _ in ends)) / 1e9
    return [f"  samples   {count}, {span:.6g} s from the first to the last; nothing was written"]
