"""ZIP and tar archives of logs: what is one, and its logs unpacked within bounds."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from powermeter.errors import DataError, PowermeterError
from powermeter.importers import recognise
from powermeter.importers.files import MAX_BYTES, Peek, open_bytes, open_zip
from powermeter.importers.not_logs import refusal

MAX_LOGS = 10_000
"""Logs that one import takes, of an archive or of all paths together."""


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive of several."""
    peek = Peek.at(path)
    is_zip = peek.head.startswith(b"PK\x03\x04") and recognise(peek) is None and refusal(peek) is None
    return is_zip or peek.head[257:262] == b"ustar"


def unpack(path: Path, folder: Path) -> list[Path]:
    """Unpack the logs of a ZIP or tar archive, within bounds, and return them by name.

    Raises:
        DataError: It is damaged, too large, or holds no log.
    """
    folder.mkdir(parents=True)
    left = MAX_BYTES
    found: list[tuple[str, Path]] = []
    try:
        for name, stream in members(path):
            target = folder / PurePosixPath(name).name
            target = target if not target.exists() else folder / f"{len(found)}-{target.name}"
            with target.open("wb") as out:
                while block := stream.read(1 << 20):
                    left -= len(block)
                    if left < 0:
                        raise DataError(
                            f"{path}: more than {MAX_BYTES >> 20} MiB unpacked; unpack it and import parts"
                        )
                    out.write(block)
            found.append((name, target))
            if len(found) > MAX_LOGS:
                raise DataError(f"{path}: more than {MAX_LOGS} files in it; unpack it and import parts")
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        if isinstance(error, PowermeterError):
            raise
        raise DataError(f"{path}: the archive is damaged: {error}") from None
    logs = []
    for _, inner in sorted(found):
        peek = Peek.at(inner)
        candidate = None if refusal(peek) is not None else recognise(peek)
        if candidate is not None and candidate.is_certain(peek):
            logs.append(inner)
    if not logs:
        names = ", ".join(inner.name for _, inner in sorted(found)[:6]) or "nothing"
        raise DataError(
            f"{path}: an archive without a log in it ({names}); unpack it and name one with its options"
        )
    return logs


class _Member(tarfile.TarInfo):
    """A header of a tar archive whose names are short, whatever size it claims."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        """Return the header in a block.

        Raises:
            tarfile.ReadError: It announces a name or attributes longer than any.
        """
        found = super().frombuf(buf, encoding, errors)
        if found.type in _NAMES and found.size > _LONGEST_NAME:
            raise tarfile.ReadError(f"a name of {found.size} byte is none")
        return found


_NAMES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_LONGEST_NAME = 1 << 16


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield name and content of each file in an archive; the content is readable until the next one."""
    if zipfile.is_zipfile(path):
        with open_zip(path) as packed:
            for info in packed.infolist():
                if not info.is_dir():
                    with packed.open(info) as stream:
                        yield info.filename, stream
        return
    with (
        open_bytes(path) as unpacked,
        tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_Member) as bundle,
    ):
        for member in bundle:
            inner = bundle.extractfile(member) if member.isfile() else None
            if inner is not None:
                yield member.name, inner
