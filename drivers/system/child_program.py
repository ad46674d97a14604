"""Other programs that a driver runs: one that prints readings until it is stopped, and one that answers once.

None of them reads our input, sees Ctrl-C (that is for the measured program and the recorder), or prints in another
language than C's.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence

from powermeter.errors import OpenError, ReadError, Reason

_READ = 65_536
_END_S = 1.0


class PrintingProgram:
    """A program that prints to a pipe; running from the moment it is made until `close`.

    Args:
        command: Its arguments, the first its path or name.
        name: What messages call it.

    Raises:
        OpenError: It is not there, or this user may not run it.
    """

    def __init__(self, command: Sequence[str], name: str) -> None:
        self.name = name
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except PermissionError as error:
            raise OpenError(f"{command[0]}: this user may not run it: {error}", Reason.PERMISSION) from error
        except OSError as error:
            raise OpenError(f"{command[0]}: cannot be run: {error}", Reason.ABSENT) from error
        assert self._process.stdout is not None
        self._pipe = self._process.stdout

    def read(self, timeout_s: float) -> bytes:
        """Return what it has printed, nothing after a silence of `timeout_s`.

        Raises:
            ReadError: It has ended.
        """
        if not select.select([self._pipe], [], [], max(0.0, timeout_s))[0]:
            return b""
        data = os.read(self._pipe.fileno(), _READ)
        if not data:
            try:
                status = str(self._process.wait(timeout=_END_S))
            except subprocess.TimeoutExpired:
                status = "unknown"
            raise ReadError(f"{self.name} ended with status {status}", Reason.ABSENT)
        return data

    def close(self) -> None:
        """Stop it; one of another user (through sudo) ends when its pipe is closed."""
        try:
            self._process.terminate()
        except OSError:
            pass
        self._pipe.close()
        try:
            self._process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            try:
                self._process.kill()
                self._process.wait(timeout=_END_S)
            except (OSError, subprocess.TimeoutExpired):
                pass


def ask(command: Sequence[str], timeout_s: float = 1.0) -> subprocess.CompletedProcess[str]:
    """Return the status and the output of a program that answers and ends.

    Raises:
        ReadError: It cannot be run, or does not end in time.
    """
    try:
        return subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=_environment(),
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReadError(f"{command[0]}: {error}", Reason.NO_ANSWER) from error


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
