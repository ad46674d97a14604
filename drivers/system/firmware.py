"""Asking a Raspberry Pi's firmware, as `vcgencmd` does: through its mailbox, or by running that program.

The mailbox takes one system call; running `vcgencmd` starts a process for each question and disturbs
a busy program.  Only questions are sent.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from powermeter.errors import OpenError, ReadError, Reason

from .child_program import ask

_DEVICES = ("/dev/vcio_gencmd", "/dev/vcio")
_TAG = 0x00030080  # GET_GENCMD_RESULT in the firmware's mailbox property interface
_TEXT = 4096
_FORMAT = f"=6I{_TEXT}sI"
_DONE = 0x80000000
# _IOWR(100, 0, char *) of the kernel's vcio driver; its size field is that of a pointer.
_REQUEST = 0xC0006400 | struct.calcsize("P") << 16

GRANT = "join the group video: sudo usermod -aG video $USER, then log in again"


def pack(question: str) -> bytearray:
    """Return the mailbox buffer for a question.

    Six 32-bit words (size, request code, tag, length of the text area, length of the answer, error),
    the text area and a closing zero.
    """
    text = question.encode("ascii")
    return bytearray(struct.pack(_FORMAT, struct.calcsize(_FORMAT), 0, _TAG, _TEXT, 0, 0, text, 0))


def unpack(buffer: bytes | bytearray) -> str:
    """Return the answer in a buffer that the firmware has filled.

    Raises:
        ReadError: The firmware did not take the question.
    """
    _, code, _, _, _, error, text, _ = struct.unpack(_FORMAT, buffer)
    if code != _DONE:
        raise ReadError(f"the firmware's mailbox answered {code:#x}", Reason.NO_ANSWER)
    answer: str = text.split(b"\0", 1)[0].decode("ascii", "replace")
    if error and not answer:
        raise ReadError(f"the firmware refused with error {error}", Reason.NO_ANSWER)
    return answer


class Firmware:
    """The way to the firmware: opened once, asked many times.

    Args:
        program: `vcgencmd` to run in place of the mailbox; None takes the mailbox where it can be opened.
        devices: Where the mailbox may be.
        control: `fcntl.ioctl`, or what stands in for it.
    """

    def __init__(
        self,
        program: str | None = None,
        devices: tuple[str, ...] = _DEVICES,
        control: Callable[[int, int, bytearray], int] | None = None,
    ) -> None:
        self._file: int | None = None
        self._program = program
        self._control = control
        refused: OSError | None = None
        if program is None:
            for device in devices:
                try:
                    self._file = os.open(device, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
                    break
                except OSError as error:
                    refused = error if error.errno in (errno.EACCES, errno.EPERM) else refused
            if self._file is None:
                self._program = shutil.which("vcgencmd")
        if self._file is None and self._program is None:
            if refused is not None:
                message = f"{refused.filename}: this user may not ask the firmware; {GRANT}"
                raise OpenError(message, Reason.PERMISSION)
            raise OpenError(
                "no way to a Raspberry Pi's firmware here (no /dev/vcio, no vcgencmd)", Reason.ABSENT
            )

    def ask(self, question: str) -> str:
        """Return the firmware's answer.

        Raises:
            ReadError: It did not answer.
        """
        if self._file is not None:
            buffer = pack(question)
            try:
                self._call(self._file, buffer)
            except OSError as error:
                raise ReadError(f"the firmware's mailbox: {error.strerror or error}") from error
            return unpack(buffer)
        assert self._program is not None
        done = ask([self._program, *question.split()])
        if done.returncode:
            problem = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
            reason = (
                Reason.PERMISSION if "ermission" in problem[0] or "VCHI" in problem[0] else Reason.NO_ANSWER
            )
            raise ReadError(f"vcgencmd {question}: {problem[0]}", reason)
        return done.stdout

    def _call(self, file: int, buffer: bytearray) -> None:
        if self._control is not None:
            self._control(file, _REQUEST, buffer)
            return
        import fcntl

        fcntl.ioctl(file, _REQUEST, buffer, True)

    def close(self) -> None:
        """Return the mailbox back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_raspberry_pi(root: str | Path = "/") -> str:
    """Return the device tree's model where it is a Raspberry Pi's, else an empty text."""
    try:
        model = (Path(root) / "proc/device-tree/model").read_bytes().decode("utf-8", "replace").strip("\0 \n")
    except OSError:
        return ""
    return model if model.startswith("Raspberry Pi") else ""
