"""Makes events of what a command prints, and of the answers that pass through in front of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from powermeter.cli.child import run_command
from powermeter.cli.standard_output import put_stderr, report_problem
from powermeter.cli.tee import watched_outputs
from powermeter.errors import ConfigurationError, DataError
from powermeter.hooks import onnxruntime_profile
from powermeter.hooks.tokens import printed as formats
from powermeter.hooks.tokens import relay
from powermeter.marking.event_log import EventLog
from powermeter.marking.past_events import mark_past
from powermeter.marking.printed_lines import ByPattern, PrintedMarks, Reader
from powermeter.recorder.parent import Recorder
from powermeter.recorder.remote.command import BoardCommand

NOTHING = "none"
"""For `--events-from`: not even what a known program prints."""


@dataclass(frozen=True)
class WatchedCommand:
    """What is looked at while a command runs.

    Attributes:
        read: Reads its lines; None where nobody does.
        streams: Which of its outputs (1, 2) are read.
        chosen: The format that was chosen by the program's name; empty where the user named one.
        passing: The pass-through, which listens already; None without one.
        has_profiles: Whether profiles of ONNX Runtime that it leaves in the working directory are read at its end.
    """

    read: Reader | None = None
    streams: tuple[int, ...] = (1, 2)
    chosen: str = ""
    passing: relay.Relay | None = None
    has_profiles: bool = False

    @classmethod
    def of(cls, command: Sequence[str], events_from: str | None, pass_through: str | None) -> WatchedCommand:
        """Return what is looked at, as the options state.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        passing = relay.Relay(*relay.parse(pass_through)) if pass_through else None
        if events_from == NOTHING:
            return cls(passing=passing)
        if events_from:
            if not command:
                raise ConfigurationError(
                    "--events-from is for the lines that a command prints; write it after --"
                )
            if events_from == onnxruntime_profile.FORMAT:
                return cls(passing=passing, has_profiles=True)
            made = formats.FORMATS.get(events_from)
            if made is not None and passing is not None:
                raise ConfigurationError(
                    f"--pass-through and --events-from {events_from} would count each answer twice; use one of them"
                )
            return cls(made() if made else ByPattern(events_from), passing=passing)
        name = formats.program(command)
        if name is None or passing is not None:
            return cls(passing=passing)
        streams = (1, 2) if name in formats.ON_BOTH else (2,)
        return cls(formats.FORMATS[name](), streams, name)


class Watching:
    """The pass-through while it listens; `run` is the command's run.

    Args:
        watched: What is looked at.
        recorder: Where the events go.
    """

    def __init__(self, watched: WatchedCommand, recorder: Recorder) -> None:
        self._watched = watched
        self._recorder = recorder
        self.clock_doubt_ns = 0.0
        self._log = EventLog(recorder.marks, str(recorder.path), is_foreign=True)
        if watched.passing is not None:
            watched.passing.start(self._log)
            put_stderr(watched.passing.line)

    def run(self, command: Sequence[str], environment: Mapping[str, str], closed: Sequence[int]) -> int:
        """Run a command, read what it prints, and return its exit status."""
        read = self._watched.read
        if read is None:
            since_ns = time.time_ns()
            status = run_command(command, environment, closed=closed)
            if self._watched.has_profiles:
                self._read_profiles(since_ns)
            return status
        if self._watched.chosen:
            put_stderr(
                f"{PurePath(command[0]).name}: tokens are counted from what it prints; --events-from {NOTHING} turns that off"
            )
        if isinstance(read, ByPattern) and not read.has_durations:
            report_problem(
                "--events-from has no group s, ms, us or ns: each line is an instant, with no energy"
            )
        marks = PrintedMarks(self._log, read)
        with watched_outputs(marks.take, marks.end, self._watched.streams) as outputs:
            status = run_command(command, environment, outputs=outputs, closed=closed)
        marks.settle()
        if not marks.found:
            report_problem(
                "nothing that it printed reports tokens"
                if self._watched.chosen
                else "no line that it printed is one of --events-from"
            )
        return status

    def _read_profiles(self, since_ns: int) -> None:
        paths = onnxruntime_profile.profiles(Path.cwd(), since_ns)
        if not paths:
            report_problem(
                "it left no profile of ONNX Runtime in the working directory: set enable_profiling, call end_profiling"
            )
        for path in paths:
            try:
                found = onnxruntime_profile.runs(path, time.monotonic_ns() - time.time_ns())
            except DataError as error:
                report_problem(str(error))
                continue
            for one in found:
                mark_past(self._log, one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def run_remote(self, target: str, command: Sequence[str]) -> int:
        """Run a command on a board, read what it prints, and return its exit status."""
        marks = None if self._watched.read is None else PrintedMarks(self._log, self._watched.read)
        see = None if marks is None else marks.take
        board = BoardCommand(target, command, self._recorder.marks, report_problem, see)
        try:
            return board.run()
        finally:
            self.clock_doubt_ns = board.clock_doubt_ns
            board.close()
            if marks is not None:
                marks.end(1)
                marks.end(2)

    def close(self) -> None:
        """Listen no more, and let go of the marks."""
        if self._watched.passing is not None:
            self._watched.passing.close()
            if self._watched.passing.problem:
                report_problem(self._watched.passing.problem)
        if isinstance(self._watched.read, ByPattern):
            self._watched.read.close()
            for problem in self._watched.read.problems:
                report_problem(problem)
        self._log.close()
