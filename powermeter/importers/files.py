"""Opens files that somebody else wrote: plain or gzipped, text or binary, always within bounds."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from powermeter.errors import DataError
from powermeter.importers.text_encodings import encoding_of

MAX_BYTES = 2 << 30
"""The most that is read of one file, in byte, after unpacking."""

MAX_LINE = 1 << 25
"""The longest line of text, in characters."""

MAX_ENTRIES = 2000
"""The most folder entries that are looked at."""

HEAD = 1 << 16
"""How much of a file is looked at to recognise it, in byte."""

_BLOCK = 1 << 18
"""Characters that are read at once."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Peek:
    """A first look at a path: enough to recognise a format by.

    Attributes:
        path: The file or folder.
        names: The names in it, sorted, where it is a folder; else empty.
        head: Its first 64 KiB, unpacked; empty for a folder.
    """

    path: Path
    names: tuple[str, ...] = ()
    head: bytes = b""

    @classmethod
    def at(cls, path: Path) -> Peek:
        """Take a first look.

        Raises:
            DataError: It is not there, is a pipe or a device, cannot be read, or is damaged right at its start.
        """
        try:
            if path.is_dir():
                names = []
                for entry in path.iterdir():
                    names.append(entry.name)
                    if len(names) > MAX_ENTRIES:
                        raise DataError(
                            f"{path}: more than {MAX_ENTRIES} entries; name the one file or run to import"
                        )
                return cls(path, tuple(sorted(names)))
            with open_bytes(path) as stream:
                return cls(path, (), stream.read(HEAD))
        except OSError as error:
            raise DataError(f"{path}: {error.strerror or error}") from None

    @cached_property
    def text(self) -> str:
        """The head as text; bytes that are not UTF-8 are taken for Western letters or replaced, so binary files become nonsense, not errors."""
        return _without_colours(self.head.decode(encoding_of(self.head), errors=LENIENT))

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines of the head that are not blank, without their ends."""
        return [line for line in self.raw_lines if line.strip()]

    @cached_property
    def raw_lines(self) -> list[str]:
        """The whole lines of the head, blank ones too."""
        lines = re.split(r"\r\n|\r|\n", self.text)
        return lines[:-1] if len(self.head) == HEAD or not lines[-1] else lines

    @property
    def is_binary(self) -> bool:
        """Whether the head holds NUL bytes, which no text log does."""
        return b"\0" in self.head and encoding_of(self.head) == "utf-8-sig"


class _NoLonger(io.BufferedReader):
    """A file that is never asked for more than it holds: what an archive claims of its sizes costs no memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `size` byte, never more than are left."""
        left = max(0, os.fstat(self.fileno()).st_size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


@contextlib.contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive whose directory may claim any size.

    Raises:
        zipfile.BadZipFile: It is damaged.
        OSError: It cannot be opened.
    """
    with _NoLonger(io.FileIO(path)) as raw, zipfile.ZipFile(raw) as archive:
        yield archive


def _western(error: UnicodeError) -> tuple[str, int]:
    """Return the letters that bytes are in Western Europe's one-byte encoding where they are no UTF-8; U+FFFD for no letter."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if not error.encoding.lower().startswith("utf-8"):
        return "\ufffd", error.end
    text = error.object[error.start : error.end].decode("latin-1")
    return "".join(c if c.isalpha() or c in _SIGNS else "\ufffd" for c in text), error.end


_SIGNS = "\u00b0\u00a0"
"""Degrees and blanks that do not break, which stand beside numbers."""

LENIENT = "powermeter-western"
"""What is done with bytes that are not UTF-8: `Leistung (\u00b5W)` of old programs is read as it was written."""

codecs.register_error(LENIENT, _western)


@contextlib.contextmanager
def open_bytes(path: Path, limit: int = 0) -> Iterator[BinaryIO]:
    """Open a file, unpacking gzip; reading past the limit or into damage raises `DataError`.

    Args:
        path: The file.
        limit: The most bytes to return; 0 for `MAX_BYTES`.

    Raises:
        DataError: It is a pipe or a device, too long, or its gzip stream is damaged or cut.
        OSError: It cannot be opened.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise DataError(
            f"{path} is not a regular file: a log is read more than once; write it to a file first, then import that"
        )
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        inner = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        bounded = io.BufferedReader(_Bounded(inner, path, limit or MAX_BYTES), 1 << 16)
        try:
            yield cast(BinaryIO, bounded)
        finally:
            if packed:
                inner.close()


class _Bounded(io.RawIOBase):
    """Passes reads through, counts them, and turns what goes wrong into `DataError`."""

    def __init__(self, inner: BinaryIO, path: Path, limit: int) -> None:
        self._inner, self._path, self._left, self._limit = inner, path, limit, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            data = self._inner.read(len(view))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self._path}: the gzip stream is damaged after byte {self._limit - self._left} of its "
                f"content ({error}); unpack what is left of it and import that"
            ) from None
        self._left -= len(data)
        if self._left < 0:
            raise DataError(
                f"{self._path}: more than {self._limit >> 20} MiB (unpacked); split it and import the parts"
            )
        view[: len(data)] = data
        return len(data)


def read_lines(path: Path) -> Iterator[str]:
    """Return the lines of a text file without their ends.

    A line that is not ended by a newline is returned too; `ends_whole` reports that.

    Raises:
        DataError: It cannot be read, or a line is longer than `MAX_LINE`.
    """
    return chain.from_iterable(line_blocks(path))


def line_blocks(path: Path) -> Iterator[list[str]]:
    """Yield the lines of a text file without their ends, many at a time; they end in `\\n`, `\\r` or both.

    Raises:
        DataError: As `read_lines`.
    """
    with opened_text(path) as stream:
        number, held, coloured = 0, 0, False
        begun: list[str] = []
        while block := stream.read(_BLOCK):
            while block[-1] == "\r" and (more := stream.read(1)):
                block += more
            if "\r" in block:
                block = block.replace("\r\n", "\n").replace("\r", "\n")
            lines = block.split("\n")
            held += len(lines[0])
            if held > MAX_LINE:
                raise DataError(
                    f"{path}, line {number + 1}: longer than {MAX_LINE} characters; this is not a log"
                )
            if len(lines) == 1:
                begun.append(block)
                continue
            lines[0] = "".join((*begun, lines[0]))
            begun = [lines.pop()]
            held = len(begun[0])
            number += len(lines)
            coloured = coloured or "\x1b" in block
            yield [*map(_without_colours, lines)] if coloured else lines
        if held:
            yield [_without_colours("".join(begun))]


_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")


def _without_colours(text: str) -> str:
    """Return a text without what makes a terminal colour it."""
    return _COLOURS.sub("", text) if "\x1b" in text else text


@contextlib.contextmanager
def opened_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open a file as text, unpacked; bytes that are not UTF-8 become Western letters or U+FFFD.

    Raises:
        DataError: It cannot be opened or unpacked.
    """
    try:
        with open_bytes(path) as stream:
            encoding = encoding_of(cast(io.BufferedReader, stream).peek(HEAD))
            text = io.TextIOWrapper(stream, encoding=encoding, errors=LENIENT, newline="")
            try:
                yield text
            finally:
                text.detach()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def ends_whole(path: Path) -> bool:
    """Return whether the last line ended in a newline; a log cut by a crash does not."""
    last = b"\n"
    with open_bytes(path) as stream:
        while block := stream.read(1 << 20):
            last = block[-1:]
    return last in (b"\n", b"\0", b"\r")


def read_all(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a whole file, unpacked.

    Raises:
        DataError: It cannot be read, or is larger than `limit` byte.
    """
    try:
        with open_bytes(path, limit) as stream:
            return stream.read()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def find(path: Path, *patterns: str) -> Path | None:
    """Return the one file of a folder that matches the first pattern that anything matches.

    Raises:
        DataError: Several match.
    """
    for pattern in patterns:
        found = sorted(entry for entry in path.glob(pattern) if entry.is_file())
        if len(found) > 1:
            raise DataError(
                f"{path}: several files match {pattern}: {', '.join(f.name for f in found[:5])}; "
                "name the run's own folder"
            )
        if found:
            return found[0]
    return None
