"""A recording that takes in marks, without a recorder process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from powermeter.marking import recordings, span
from powermeter.marking.event_log import EventLog
from powermeter.marking.intake import Intake
from powermeter.recording import Recording, Writer


class Running:
    """A recording, its folder of marks and what takes them in."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run.power"
        Writer.create(self.path, {}).close()
        self.folder = recordings.make(str(self.path))
        recordings.announce(self.folder, str(self.path))
        self.intake = Intake(self.folder, self.path)
        self.log = EventLog(self.folder, str(self.path))
        self.is_over = False

    def end(self) -> list:
        """Return the events of the finished recording."""
        if not self.is_over:
            self.is_over = True
            self.intake.finish()
            recordings.withdraw(self.folder)
        with Recording.open(self.path) as recording:
            assert recording.warnings == []
            return recording.events()

    def counts(self) -> dict:
        """Return what the processes began, finished and wrote."""
        self.end()
        with Recording.open(self.path) as recording:
            return recording.process_counts()


@contextmanager
def running_in(folder: Path) -> Iterator[Running]:
    """A recording that this process's events go to; they are taken in at its end."""
    one = Running(folder)
    token = span.attach(one.log)
    yield one
    span.detach(one.log, token)
    one.log.close()
    if not one.is_over:
        one.intake.finish()
    recordings.withdraw(one.folder)
