"""The connection to a board: ssh with the agent at its other end, frames both ways, and the exchange of clocks."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, Reason
from powermeter.recorder.remote.clock import BoardClock

SSH = "POWERMETER_SSH"
"""The environment variable that names another ssh, with options: `ssh -i key -J gateway`."""
AGENT = [Path(__file__).with_name(name) for name in ("agent_sensors.py", "agent.py")]
"""Sent as one text."""
MOST_FRAME = 1 << 20
_MOST_NOISE = 1 << 16
_ANSWER_S = 20.0
_PING_S = 0.5
_FIRST_PINGS = 6
_TARGET = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*@)?(?:[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.%\w]+\])(?::\d{1,5})?")
_OPTIONS = ("-T", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=2", "-o", "ServerAliveCountMax=3")
# Nothing of a user's is in this text, which the board's shell reads.
_BOOT = (
    "exec python3 -c 'import sys;sys.path.pop(0);b=sys.stdin.buffer;s=b.read(int(b.readline()));"
    'exec(compile(s,"powermeter-agent","exec"))'
    "'"
)


def check_target(text: str) -> str:
    """Return where ssh shall go, as `ssh://user@host:port`.

    Raises:
        ConfigurationError: It is not a host, or could be taken for an option.
    """
    target = text.removeprefix("ssh://").rstrip("/")
    if not _TARGET.fullmatch(target):
        raise ConfigurationError(f"{text!r} is not a host; write for example user@board or user@board:2222")
    return f"ssh://{target}"


def _leave_signals() -> None:
    """Have ssh ignore the terminal's Ctrl-C, which is the command's to answer."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)


class RemoteLink:
    """One connection.

    Args:
        target: From `check_target`.
        order: What the agent shall do.
        on_frame: Called in a thread of its own with each frame (letter, data) but clock answers.
        ask: Whether ssh may ask the person at the terminal for a password.

    Raises:
        NotInstalledError: There is no ssh.
        OpenError: The board did not answer.
    """

    def __init__(
        self,
        target: str,
        order: Mapping[str, Any],
        on_frame: Callable[[bytes, bytes], None],
        *,
        ask: bool = True,
    ) -> None:
        self.target = target
        self.clock = BoardClock()
        self.ended = threading.Event()
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._errors: deque[str] = deque(maxlen=5)
        self._pinged = threading.Event()
        command = [*shlex.split(os.environ.get(SSH) or "ssh"), *_OPTIONS]
        command += [] if ask else ["-o", "BatchMode=yes"]
        try:
            self._process = subprocess.Popen(
                [*command, "--", target, _BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if ask else subprocess.PIPE,
                start_new_session=not ask,
                preexec_fn=_leave_signals if ask else None,  # noqa: PLW1509 – nothing but system calls
            )
        except OSError as error:
            raise NotInstalledError(
                f"{command[0]} cannot be run ({error.strerror}); install the OpenSSH client"
            ) from error
        try:
            self._begin(order)
        except BaseException:
            self.close()
            raise

    def _begin(self, order: Mapping[str, Any]) -> None:
        agent = b"\n".join(path.read_bytes() for path in AGENT)
        if self._process.stderr is not None:
            threading.Thread(target=self._read_errors, daemon=True).start()
        self._write(b"%d\n" % len(agent) + agent)
        self._wait_for_agent()
        self.send(b"O", json.dumps(dict(order)).encode())
        threading.Thread(target=self._read, name="board", daemon=True).start()
        for _ in range(_FIRST_PINGS):
            self._pinged.clear()
            self.ping()
            deadline = time.monotonic() + _ANSWER_S
            while not self._pinged.wait(0.05) and not self.ended.is_set() and time.monotonic() < deadline:
                pass
            if not self._pinged.is_set() or self.ended.is_set():
                break
        if not self.clock.is_known and not self.ended.is_set():
            raise OpenError(f"{self.target}: the board does not answer", Reason.NO_ANSWER)
        threading.Thread(target=self._keep_time, daemon=True).start()

    def _wait_for_agent(self) -> None:
        """Read past what a login prints, up to the agent's first line.

        Raises:
            OpenError: It does not come.
        """
        from powermeter.recorder.remote import agent

        timer = threading.Timer(_ANSWER_S, self._process.kill)
        timer.daemon = True
        timer.start()
        seen = b""
        assert self._process.stdout is not None
        try:
            while agent.MAGIC not in seen:
                piece = self._process.stdout.read(1)
                if not piece or len(seen) > _MOST_NOISE:
                    self._process.kill()
                    status = self._process.wait()
                    why = self._errors[-1] if self._errors else f"ssh ended with status {status}"
                    raise OpenError(
                        f"{self.target}: no connection, or no python3 there ({why}); try: ssh {self.target} python3 --version",
                        Reason.ABSENT,
                    )
                seen += piece
        finally:
            timer.cancel()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = "".join(c for c in line.decode("utf-8", "replace").strip() if c.isprintable())
            if text:
                self._errors.append(text[:300])

    def _read(self) -> None:
        assert self._process.stdout is not None
        stream = self._process.stdout
        try:
            while len(head := stream.read(5)) == 5:
                kind, size = struct.unpack(">cI", head)
                if size > MOST_FRAME:
                    break
                data = stream.read(size)
                if len(data) < size:
                    break
                if kind == b"P":
                    self._take_time(data)
                else:
                    self._on_frame(kind, data)
        except (OSError, ValueError):
            pass
        finally:
            self.ended.set()
            self._pinged.set()

    # The clock --------------------------------------------------------------------------------

    def ping(self) -> None:
        """Ask what the board's clock is."""
        self.send(b"P", struct.pack(">Q", time.monotonic_ns()))

    def _take_time(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if len(data) == 16:
            sent, board = struct.unpack(">QQ", data)
            if sent <= now:
                self.clock.add(sent, board, now)
        self._pinged.set()

    def _keep_time(self) -> None:
        while not self.ended.wait(_PING_S):
            self.ping()

    # Writing ----------------------------------------------------------------------------------

    def send(self, kind: bytes, data: bytes = b"") -> None:
        """Send a frame; what cannot be sent is dropped, and `ended` reports it."""
        self._write(struct.pack(">cI", kind, len(data)) + data)

    def _write(self, data: bytes) -> None:
        with self._lock, suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(data)
            self._process.stdin.flush()

    @property
    def why(self) -> str:
        """The last line that ssh printed of an error, where it was kept; empty otherwise."""
        return self._errors[-1] if self._errors else ""

    def close(self) -> None:
        """End it."""
        self.ended.set()
        with suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
