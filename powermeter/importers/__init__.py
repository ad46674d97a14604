"""Readers of other tools' recordings; one file per format.

`open_log` finds the format and reads, `convert` also writes the recording.  A format is added by a
class after `log.Importer` and a line in `powermeter.registry.IMPORTERS`; other packages add theirs
by an entry point in the group `powermeter.importers`.
"""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from pathlib import Path

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError, PowermeterError
from powermeter.errors.suggestions import nearest_file
from powermeter.importers import events
from powermeter.importers.damage import damage_notes
from powermeter.importers.files import Peek
from powermeter.importers.log import UTC, Choices, Importer, Log
from powermeter.importers.log_in_folder import only_log
from powermeter.importers.not_logs import refusal
from powermeter.importers.recognition import importer, importers, recognise, unrecognised
from powermeter.importers.stamps import LARGEST_NS
from powermeter.recording.output_file import check_output
from powermeter.recording.standard_input import refuse_standard_input
from powermeter.units import format_percent


def open_log(path: Path, *, format: str | None = None, choices: Choices | None = None) -> Log:
    """Read somebody else's recording.

    Args:
        path: A file, plain or gzipped, or a folder.
        format: The importer's name; None finds it.
        choices: What the user stated that the file does not.

    Raises:
        DataError: Not readable, not a known format, or holding no power.
        ConfigurationError: The user must state more, or stated what this format has no use for.
        NotInstalledError: The format needs a library that is missing.
    """
    choices = choices or Choices()
    refuse_standard_input(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder{nearest_file(path)}")
    try:
        return _open(path, format, choices)
    except csv.Error as error:
        raise DataError(f"{path}: {error}; this is not a table of text") from None
    except OSError as error:
        if isinstance(error, PowermeterError):
            raise
        raise DataError(f"{path}: {error.strerror or error}") from None
    except RecursionError:
        raise DataError(f"{path}: nested too deeply") from None
    except OverflowError:
        raise DataError(
            f"{path}: a time or a number in it is beyond all that can be recorded; the file is damaged"
        ) from None
    except MemoryError:
        raise DataError(f"{path}: too large for the memory of this machine; split it") from None


def _open(path: Path, format: str | None, choices: Choices) -> Log:
    peek = Peek.at(path)
    reason = refusal(peek) if format is None else None
    if reason is not None:
        raise DataError(f"{path}: {reason}")
    found = importer(format) if format else recognise(peek)
    beside: Path | None = None
    if found is None and peek.names:
        path, found, beside = only_log(peek)
    if found is None:
        raise DataError(unrecognised(peek))
    useless = choices.given() - found.takes - {"events"}
    if useless:
        options = ", ".join(f"--{name}" for name in sorted(useless))
        raise ConfigurationError(f"{path}: {found.title} has no use for {options}")
    log = found.read(path, choices)
    if any(abs(ns) > LARGEST_NS for source in log.sources if source.count for ns in source.ends_ns):
        raise OverflowError
    log.warnings += damage_notes(
        Peek.at(path),
        log.sources,
        has_rows_of_numbers=found.has_rows_of_numbers,
        is_table=found.counts_lines,
        has_sections=found.has_sections,
        now_ns=time.time_ns() if log.clock == UTC else None,
    )
    if choices.accuracy is not None:
        _set_accuracy(log, choices.accuracy)
    events_file = choices.events or beside
    if events_file is not None:
        log.events.extend(events.read(events_file, log, choices))
        log.external = False
    return log


def _set_accuracy(log: Log, gain: float) -> None:
    """Put the user's limit of error in the place of what was assumed, on everything electric; what missing rows leave open stays."""
    electric = (Quantity.POWER, Quantity.CURRENT, Quantity.VOLTAGE, Quantity.ENERGY, Quantity.CHARGE)
    for rows in log.sources:
        rows.channels = tuple(
            replace(
                channel,
                accuracy=replace(
                    channel.accuracy,
                    gain=gain,
                    offset=0.0,
                    model=min(channel.accuracy.model, log.open_share + gain) if log.open_share else 0.0,
                    typical=False,
                    source=f"stated: ± {format_percent(gain, 3)}",
                ),
            )
            if channel.quantity in electric
            else channel
            for channel in rows.channels
        )


def convert(
    path: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    choices: Choices | None = None,
    force: bool = False,
) -> Log:
    """Read somebody else's recording and write it as one of ours; return what was read.

    Raises:
        ExistsError: `out` exists and `force` is False; seen before anything is read.
        DataError, ConfigurationError, NotInstalledError: As `open_log`.
    """
    from powermeter.importers.log_to_recording import write

    path, out = Path(path), Path(out)
    check_output(out, force=force, by_recording=True)
    log = open_log(path, format=format, choices=choices)
    write(log, path, out, force=force)
    return log


__all__ = ["Choices", "Importer", "Log", "Peek", "convert", "importer", "importers", "open_log", "recognise"]
