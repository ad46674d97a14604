"""Reading the small text files of Linux's sysfs, and what their errors mean for an instrument."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from powermeter.channel import MISSING
from powermeter.errors import OpenError, ReadError, Reason

_TRIES = 3

REASONS = {
    errno.ENOENT: Reason.ABSENT,
    errno.ENODEV: Reason.ABSENT,
    errno.ENXIO: Reason.NO_ANSWER,
    errno.EACCES: Reason.PERMISSION,
    errno.EPERM: Reason.PERMISSION,
    errno.EBUSY: Reason.BUSY,
    errno.EAGAIN: Reason.NO_ANSWER,
    errno.EIO: Reason.NO_ANSWER,
    errno.EREMOTEIO: Reason.NO_ANSWER,
    errno.ETIMEDOUT: Reason.NO_ANSWER,
}
"""Error number → why an instrument could not be read."""


def reason_of(error: OSError) -> Reason:
    """Return why, by the error's number; `NO_ANSWER` for one that is not in the table."""
    return REASONS.get(error.errno or 0, Reason.NO_ANSWER)


def read_bytes(path: Path | str) -> bytes:
    """Return the text of an attribute, at most 4 kB; tries again where the driver reports it was interrupted.

    Raises:
        OSError: As the kernel reports it.
    """
    for left in reversed(range(_TRIES)):
        try:
            file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            try:
                return os.read(file, 4096)
            finally:
                os.close(file)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EINTR) or not left:
                raise
    raise AssertionError("unreachable")


def read_code(path: Path | str) -> int:
    """Return an attribute's whole number; `MISSING` where the channel is switched off (ENODATA).

    Raises:
        ReadError: It cannot be read, or is not a whole number.
    """
    try:
        text = read_bytes(path)
    except OSError as error:
        if error.errno == errno.ENODATA:
            return MISSING
        raise ReadError(f"{path}: {error.strerror or error}", reason_of(error)) from error
    try:
        value = int(text)
    except ValueError:
        shown = text[:40].decode("ascii", "replace").strip()
        raise ReadError(f"{path}: {shown!r} is not a whole number", Reason.BAD_DATA) from None
    if abs(value) >= 2**62:
        raise ReadError(f"{path}: {value} is out of range", Reason.BAD_DATA)
    return value


def read_text(path: Path | str) -> str:
    """Return an attribute's text without the newline, or an empty text where it cannot be read."""
    try:
        return read_bytes(path).decode("utf-8", "replace").strip("\0 \r\n")
    except OSError:
        return ""


def read_number(path: Path | str) -> int | None:
    """Return an attribute's whole number, or None where there is none to be had."""
    try:
        value = read_code(path)
    except ReadError:
        return None
    return None if value == MISSING else value


def check_readable(path: Path | str, remedy: str) -> None:
    """Read an attribute once, to find out at opening what would fail at each sample.

    Raises:
        OpenError: It cannot be read; the message ends with `remedy` where a permission is missing.
    """
    try:
        read_code(path)
    except ReadError as error:
        if error.reason is Reason.PERMISSION:
            raise OpenError(f"{path}: only root may read it; {remedy}", error.reason) from error
        raise OpenError(str(error), error.reason) from error
