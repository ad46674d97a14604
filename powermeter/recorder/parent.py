"""Starts, watches and stops the recorder process on behalf of a program or the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from powermeter import errors
from powermeter.errors import OpenError, PowermeterError, ReadError, Reason

READY_S = 30.0
CLOSE_S = 15.0

# The parent's search path is handed on as it is; the empty entry `-c` adds is dropped first, so that
# a `numpy.py` in the working directory cannot be picked up.
_BOOT = "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); from powermeter.recorder.process import main; sys.exit(main())"


class Recorder:
    """A recorder process and the pipe to it.

    Args:
        path: The recording to write.
        sources: URLs.
        metadata: JSON values for the recording.
        force: Whether an existing file is replaced.
        on_status: Called in a thread of this process with each status message; None asks for none.
        status_s: Seconds between them.
    """

    def __init__(
        self,
        path: str | Path,
        sources: Sequence[str],
        metadata: Mapping[str, Any] | None = None,
        *,
        force: bool = False,
        on_status: Callable[[Mapping[str, Any]], None] | None = None,
        status_s: float = 0.5,
    ) -> None:
        self.path = Path(path)
        self._urls = list(sources)
        self._order: dict[str, Any] = {
            "path": str(self.path.absolute()),
            "sources": self._urls,
            "metadata": dict(metadata or {}),
            "force": force,
            "status_s": status_s if on_status else 0,
            "parent": os.getpid(),
        }
        self._on_status = on_status
        self._process: subprocess.Popen[str] | None = None
        self._answers: threading.Thread | None = None
        self._ready = threading.Event()
        self._error: PowermeterError | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id of the recorder, once started."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether the recorder process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def ended_well(self) -> bool:
        """Whether the recorder closed the file itself."""
        return self._closed

    def start(self) -> None:
        """Start the process and wait until its sources are open.

        Raises:
            PowermeterError: What the recorder said: a source that cannot be opened, an existing file.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOT, "\n".join(path or str(Path.cwd()) for path in sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            **_own_group(),
        )
        self._answers = threading.Thread(target=self._listen, name="recorder answers", daemon=True)
        self._answers.start()
        self._say(json.dumps(self._order))
        deadline = time.monotonic() + READY_S
        while not self._ready.wait(0.05):
            if not self.is_running:
                self._answers.join(1.0)
                break
            if time.monotonic() > deadline:
                self._process.kill()
                raise OpenError(
                    f"the recorder did not open {', '.join(self._urls)} within {READY_S:.0f} s",
                    Reason.NO_ANSWER,
                )
        if self._error is not None:
            self._process.wait()
            raise self._error
        if not self._ready.is_set():
            raise OpenError(f"the recorder ended with status {self._process.poll()} before it was ready")

    def stop(self) -> bool:
        """End the recording; gives whether the recorder closed the file itself.

        Never raises: a recorder that died or hangs is left behind, and what it wrote stays.
        """
        process = self._process
        if process is None:
            return False
        self._say("stop")
        try:
            process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._answers is not None:
            self._answers.join(1.0)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        return self._closed

    @property
    def problem(self) -> str:
        """What went wrong after the start, in one line; empty when nothing did."""
        if self._error is not None:
            return str(self._error)
        if self._process is not None and not self._closed and not self.is_running:
            return (
                f"the recorder process died (status {self._process.returncode}); "
                "the recording holds all but at most its last second"
            )
        return ""

    def _say(self, line: str) -> None:
        try:
            assert self._process is not None and self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            return  # it is gone; `problem` says so

    def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            kind = message.get("type")
            if kind == "ready":
                self._ready.set()
            elif kind == "status" and self._on_status is not None:
                self._on_status(message)
            elif kind == "closed":
                self._closed = True
            elif kind == "error":
                self._error = _rebuild(message)


def _rebuild(message: Mapping[str, Any]) -> PowermeterError:
    """Return the error the recorder met, as the class it was."""
    kind = getattr(errors, str(message.get("class")), ReadError)
    text = str(message.get("message"))
    if issubclass(kind, (OpenError, ReadError)) and message.get("reason"):
        return kind(text, Reason(message["reason"]))
    return kind(text) if issubclass(kind, PowermeterError) else ReadError(text)


def _own_group() -> dict[str, Any]:
    """Keep the terminal's Ctrl-C and hang-up away from the recorder."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
