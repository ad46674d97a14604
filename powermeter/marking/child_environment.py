"""Names the recording that runs in the environment of child processes."""

from __future__ import annotations

import os
from typing import ClassVar

from powermeter.marking import api, recordings
from powermeter.marking.event_log import EventLog


class ChildEnvironment:
    """Names a recording in the environment of child processes, and takes the name back.

    Args:
        log: Its folder of marks.
        path: The recording.
    """

    _before: ClassVar[dict[str, str | None]] = {}
    _running: ClassVar[list[ChildEnvironment]] = []

    def __init__(self, log: EventLog, path: str) -> None:
        self._values = {api.ENVIRONMENT: path, recordings.ENVIRONMENT: log.folder}
        if not self._running:
            self._before.update({name: os.environ.get(name) for name in self._values})
        self._running.append(self)
        os.environ.update(self._values)

    def restore(self) -> None:
        """Name what else runs, or what was named before."""
        self._running.remove(self)
        values = dict(self._running[-1]._values) if self._running else self._before
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
