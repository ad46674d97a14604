"""Decides what may be written where: `--force`, whole files or none, and `-` for standard output."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from powermeter.errors import ConfigurationError, DataError, ExistsError, printable
from powermeter.recording import schema
from powermeter.recording.file_names import SUFFIX, side_files
from powermeter.recording.held_file import connect
from powermeter.recording.our_files import is_ours, is_recording

STANDARD_OUTPUT = Path("-")
"""As typed for `-o`: what is written goes to standard output."""


def check_output(path: Path, *, force: bool, inputs: Iterable[Path] = (), by_recording: bool = False) -> None:
    """Refuse, before anything is read or measured, a file that could not or must not be written.

    Only a regular file that we wrote is ever replaced, and only with `force`; a recording only by a recording; a link is
    replaced, not what it leads to.

    Args:
        by_recording: Whether what will be written is a recording.

    Raises:
        ExistsError: It exists and `force` is False, or it is being recorded.
        ConfigurationError: It is one of the inputs, something other than a file, a recording that what is none would replace,
            nothing of ours, or in no folder.
    """
    if path == STANDARD_OUTPUT and by_recording:
        raise ConfigurationError(
            "a recording is a file, which - (standard output) is not; name one, for example -o run.power"
        )
    if path == STANDARD_OUTPUT:
        return
    if not _is_there(path):
        if not path.parent.is_dir():
            raise ConfigurationError(f"{path}: there is no folder {path.parent}")
        return
    if any(one.exists() and path.exists() and path.samefile(one) for one in inputs):
        raise ConfigurationError(f"{path} is the file that is read; name another file with -o")
    _refuse_what_is_no_file(path)
    if not force:
        raise ExistsError(f"{path} exists; choose another name or add --force to replace it")
    _refuse_live(path)
    if not (by_recording or path.is_symlink()) and is_recording(path):
        raise ConfigurationError(
            f"{path} is a recording and only another recording replaces it; choose another name, or delete it first"
        )
    if not path.is_symlink() and not is_ours(path) and not _is_left_behind(path):
        if side_files(path)[0].exists():  # what a recording is stands in its log at first
            raise ExistsError(f"{path} is being written by another program; choose another name")
        raise ConfigurationError(
            f"{path} is not a file that powermeter writes and is not replaced; delete it, or choose another name"
        )


def _is_there(path: Path) -> bool:
    """Return whether a path is something, if only a link to nothing.

    Raises:
        ConfigurationError: It cannot be looked at: a name that is too long.
    """
    try:
        return path.exists() or path.is_symlink()
    except OSError as error:
        raise ConfigurationError(f"{printable(path)}: {(error.strerror or str(error)).lower()}") from None


def unknown_extension(path: Path, instead: str) -> ConfigurationError:
    """Return the error of a name whose extension states no kind that can be written.

    Args:
        instead: What to do: `use .html or .json`.

    Raises:
        ConfigurationError: It is a device, a pipe or a folder, which no extension would help.
    """
    if path.exists():
        _refuse_what_is_no_file(path)
    if not path.suffix:
        return ConfigurationError(
            f"{printable(path)} has no file extension, which decides what is written; {instead}"
        )
    return ConfigurationError(f"{printable(path)}: unknown file extension; {instead}")


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir():
        raise ConfigurationError(f"{printable(path)} is a folder; name a file")
    if not path.is_symlink() and not path.is_file():
        raise ConfigurationError(
            f"{printable(path)} is not a regular file and is not replaced; -o - is standard output"
        )


def _is_left_behind(path: Path) -> bool:
    """Return whether a file is a recording whose writer was killed before the file itself, not its log alone, states that it is one."""
    if not side_files(path)[0].exists():
        return False
    try:
        location = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
        with closing(connect(path, location, uri=True, timeout=0)) as connection:
            if connection.execute("PRAGMA application_id").fetchone() != (schema.APPLICATION_ID,):
                return False
            # Refused as long as another program has it open; folds the log into the file, which is to be replaced.
            return bool(connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",))
    except (OSError, sqlite3.Error):
        return False


def recording_process(path: Path) -> int | None:
    """Return the process that records into a file right now; None where none does, or it is not a recording."""
    from powermeter.recording.reader import Recording

    try:
        with Recording.open(path) as recording:
            notes = recording.facts("recorder") if recording.is_growing else []
            return int(notes[-1]["pid"]) if notes else None
    except (DataError, OSError):
        return None


def _refuse_live(path: Path) -> None:
    """Refuse to replace a file that is being recorded.

    Raises:
        ExistsError: It is; names the process.
    """
    process = recording_process(path)
    if process is not None:
        raise ExistsError(
            f"{path} is being recorded by process {process}; stop it first, or choose another name"
        )


@contextmanager
def in_place(path: Path) -> Iterator[Path]:
    """Return the name of a file beside `path` to be written, which takes its place when the block ends well.

    Raises:
        ConfigurationError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        if isinstance(error, ExistsError):
            raise
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Return a binary file to write piece by piece; it takes its place when the block ends well.

    Raises:
        ConfigurationError: It cannot be written.
    """
    if path == STANDARD_OUTPUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with in_place(path) as part, part.open("wb") as file:
        yield file


def write_files(files: Mapping[Path, str | bytes], *, force: bool) -> None:
    """Write each file whole or not at all; nothing is written where one of them is refused.

    Raises:
        ExistsError, ConfigurationError: As `check_output`, or one cannot be written.
    """
    for path in files:
        check_output(path, force=force)
    for path, content in files.items():
        if path == STANDARD_OUTPUT and isinstance(content, str) and sys.stdout.isatty():
            sys.stdout.write(content)  # in the terminal's own encoding
            sys.stdout.flush()
            continue
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        if path == STANDARD_OUTPUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            continue
        with in_place(path) as part:
            part.write_bytes(data)


def default_path() -> Path:
    """Return a dated name in the working directory that is not taken."""
    return numbered(Path(time.strftime("run-%Y%m%d-%H%M%S") + SUFFIX))


def numbered(path: Path) -> Path:
    """Return a path, with a number before its suffix where it is taken."""
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
