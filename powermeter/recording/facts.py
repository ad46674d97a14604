"""What a recording notes of itself: metadata, facts, the recorder's health, and whether it was closed."""

from __future__ import annotations

import signal
from typing import Any

from powermeter.recording import file, json_validation
from powermeter.recording.liveness import RECORD_GONE, is_alive
from powermeter.recording.rows import Rows, is_sound
from powermeter.result.notes import Note

STATUS = "command_status"
"""The metadata that holds the command's exit status: 128 + N where signal N ended it."""
PROGRAM_FAILED = "program-failed"
"""The code of the warning of a status that is not 0."""
_BY_SIGNAL = 128


class Facts:
    """The facts and the metadata of an open recording.

    Attributes:
        metadata: What was noted about host, program and run.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._texts = self._read()
        self.metadata = self._read_metadata()

    def _read(self) -> dict[str, list[str]]:
        facts: dict[str, list[str]] = {}
        for _, name, value in self._rows.sound("fact"):
            facts.setdefault(name, []).append(value)
        return facts

    def _read_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _, key, text in self._rows.sound("meta"):
            value = self._rows.json(text, f"metadata {key!r}")
            if value is None or json_validation.fits(key, value, json_validation.META):
                found[key] = value
            else:
                self._rows.warn(
                    Note.warning(
                        "fact-left-out", f"metadata {key!r} is not what it should be and is left out"
                    )
                )
        return found

    @property
    def names(self) -> list[str]:
        """The names under which facts are noted."""
        return list(self._texts)

    def of(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name, oldest first; `recorder` is what the recorder noted of itself."""
        texts = list(self._texts.get(name, ()))
        if name == "recorder":
            texts += [value for _, _, value in self._rows.sound("health")]
        return [fact for text in texts if (fact := self._parsed(name, text)) is not None]

    def _parsed(self, name: str, text: str) -> dict[str, Any] | None:
        value = self._rows.json(text, f"the fact {name!r}")
        if isinstance(value, dict) and json_validation.fits(name, value, json_validation.FACTS):
            return value
        if value is not None:
            self._rows.warn(
                Note.warning("fact-left-out", f"a fact {name!r} is not what it should be and is left out")
            )
        return None

    @property
    def is_growing(self) -> bool:
        """Whether a recorder noted itself as running and its process lives on this boot."""
        if self._texts.get("closed"):
            return False
        note = self._last_health()
        if note is None:
            notes = self.of("recorder")
            note = notes[-1] if notes else None
        return note is not None and is_alive(note)

    def _last_health(self) -> dict[str, Any] | None:
        layout = self._rows.tables.get("health")
        if layout is None:
            return None
        try:
            row = self._rows.run(f"{layout.select} ORDER BY id DESC LIMIT 1").fetchone()
        except file.UNREADABLE:
            return None
        return self._parsed("recorder", row[2]) if row is not None and is_sound(layout, row) else None

    def check_whole(self, *, lacks_log: bool) -> dict[int, int]:
        """Compare what was noted at the end with what is there; return source → last sample's time as noted."""
        if not self.of("closed") and not self.is_growing:
            self._texts = self._read()  # the recorder may have closed it since
        closed = self.of("closed")
        if not closed:
            if not self.is_growing:
                self._warn_unfinished(lacks_log)
            return {}
        if self.metadata.get("ended") == RECORD_GONE:
            self._rows.warn(
                Note.warning(
                    "record-killed",
                    "powermeter record was killed and the recording ends there: if its command went on, what it drew and "
                    "marked after that is missing",
                )
            )
        self._warn_failed()
        noted = closed[-1]
        before = len(self._rows.warnings)
        for table, expected in noted.get("rows", {}).items():
            self._rows.expect(table, expected)
        if lacks_log and len(self._rows.warnings) > before:  # it could not be folded in: the disk was full
            self._warn_unfinished(lacks_log)
        return {int(source): last for source, last in noted.get("last_ns", {}).items() if source.isdecimal()}

    def _warn_failed(self) -> None:
        status = self.metadata.get(STATUS)
        if status:
            text = f"the program ended with status {status}{_signal(status)}: what it had not done by then is in no number"
            self._rows.warn(Note.warning(PROGRAM_FAILED, text))

    def _warn_unfinished(self, lacks_log: bool) -> None:
        if lacks_log:
            self._rows.warn(
                Note.warning(
                    "log-missing",
                    f"it was not closed properly and its write-ahead log {self._rows.path.name}-wal is missing: if the "
                    "recorder left one, it holds up to the last minute; copy both files, or find the log where the "
                    "recording was made",
                )
            )
            return
        self._rows.warn(
            Note.warning(
                "not-closed",
                "it was not closed properly (a kill, a crash, a dead battery or a disk that stayed full): what came after "
                "its last reading is not in it; how much that is, where it is known, is listed by: powermeter repair",
            )
        )


def _signal(status: int) -> str:
    """Return which signal a status stands for, as shells count them; empty where it is none."""
    try:
        name = signal.Signals(status - _BY_SIGNAL).name
    except ValueError:
        return ""
    return f" ({name}, Ctrl-C)" if name == "SIGINT" else f" ({name})"
