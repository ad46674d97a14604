"""What `powermeter record` does when the recording has ended: why it holds no reading, what lies beside it, its calibration and its table."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from powermeter.cli.standard_output import TROUBLE, put_stderr, report_problem
from powermeter.errors import PowermeterError
from powermeter.recorder.parent import Recorder
from powermeter.recording.file_names import side_files
from powermeter.units import format_short


def why_no_reading(path: Path) -> str:
    """Return why there is no reading of any source; empty where there is one, or the file cannot be read, which what reads it reports."""
    from powermeter.analysis.no_reading import no_reading
    from powermeter.recording import Recording

    try:
        with Recording.open(path) as recording:
            known = any(recording.span_ns(about.id) for about in recording.sources)
            return "" if known else no_reading(recording) or "it has no source"
    except (PowermeterError, OSError):
        return ""


def log_beside(recorder: Recorder) -> str:
    """Return what is to be known of a file that its recorder has not closed."""
    log = side_files(recorder.path)[0]
    if not recorder.left_behind or not log.exists():
        return ""
    return f", not closed: {log.name} beside it is part of it until the recorder has ended"


def note_clock_doubt(path: Path, doubt_ns: float) -> None:
    """Have the intervals allow for what a board's clock may be off; a recording is never lost for that."""
    from powermeter.recorder.remote.clock_uncertainty import note_doubt

    try:
        note_doubt(path, doubt_ns)
    except (PowermeterError, OSError) as error:
        report_problem(
            f"that the board's clock may be off by {format_short(doubt_ns / 1e6, 2)} ms is not in {path}: {error}"
        )


def store_calibration(path: Path, file: Path) -> None:
    """Store a calibration; a recording is never lost for one that does not fit."""
    from powermeter.cli.calibrate import apply

    try:
        put_stderr(apply(path, file, force=False).text)
    except PowermeterError as error:
        report_problem(f"{file}: not stored: {error}")


def summarise(path: Path, battery: str, place: str | None) -> None:
    """Print the table of `powermeter show` on standard error: standard output belongs to the command.

    A recording without numbers is not a failure of the command.
    """
    from powermeter.recording import Recording
    from powermeter.reports.report_data import gather
    from powermeter.reports.report_options import ReportOptions
    from powermeter.reports.terminal_text import print_tables

    with suppress(*TROUBLE):
        sys.stdout.flush()
    try:
        with Recording.open(path) as recording:
            data = gather(recording, ReportOptions(battery=battery, place=place))
        print_tables(data, error=True)
    except PowermeterError as error:
        report_problem(str(error))
    except Exception as error:  # noqa: BLE001 – whatever it is (no memory is left), the status is the program's
        report_problem(f"the summary could not be printed: {str(error) or type(error).__name__}")
