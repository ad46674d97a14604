"""Several logs at once: what a pattern, a folder or an archive holds, as one recording or as one each."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from powermeter.errors import ConfigurationError, DataError, PowermeterError, plural
from powermeter.importers import events, open_log, recognise
from powermeter.importers.archives import MAX_LOGS, is_archive, members, unpack
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Log, LogRows
from powermeter.importers.not_logs import refusal
from powermeter.importers.side_by_side import labels_of, side_by_side
from powermeter.importers.sources_in_sequence import SourcesInSequence, one_after_another
from powermeter.importers.whole_or_sum import WHOLE
from powermeter.recording.output_file import check_output
from powermeter.result.notes import Note

_SUFFIXES = (
    ".gz",
    ".csv",
    ".tsv",
    ".txt",
    ".log",
    ".raw",
    ".tegrastats",
    ".sqlite",
    ".db",
    ".jls",
    ".ppk2",
    ".json",
    ".zip",
    ".tar",
    ".tgz",
    ".plist",
    ".pt5",
    ".dat",
)


@dataclass(frozen=True, slots=True)
class Job:
    """Some logs and the recording that is made of them.

    Attributes:
        paths: The logs, in order.
        out: The recording.
        size: How many byte they hold together, or None where they are packed.
        member: The one log of an archive that is meant, or None for all that there is.
        is_first: Whether it is the first of those, which reports what beside the logs was passed over.
    """

    paths: tuple[Path, ...]
    out: Path
    size: int | None
    member: str | None = None
    is_first: bool = True


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the files and folders that some arguments name; a pattern stands for what it matches.

    Raises:
        DataError: A pattern matches nothing, or far too much.
    """
    found: list[Path] = []
    for path in paths:
        text = str(path)
        if path.exists() or not any(mark in text for mark in "*?["):
            found.append(path)
            continue
        hits = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - absolute patterns too
        if not hits:
            raise DataError(f"{text}: nothing matches this pattern")
        found.extend(Path(hit) for hit in hits)
    if len(found) > MAX_LOGS:
        raise DataError(f"more than {MAX_LOGS} files match; import them in parts")
    return found


def jobs(paths: Sequence[Path], out: Path | None, *, each: bool) -> list[Job]:
    """Return what is to be done: one job, or one for each log.

    Raises:
        ConfigurationError: Several logs would need one name.
        DataError: Nothing matches.
    """
    found = expand(paths)
    if each:
        found = [inner for path in found for inner in _inside(path)]
        folder = out or Path()
        names: dict[str, int] = {}
        made = []
        for path in found:
            for number, member in enumerate(_members_of(path)):
                stem = _stem(path if member is None else Path(member))
                names[stem] = names.get(stem, 0) + 1
                name = stem if names[stem] == 1 else f"{stem}-{names[stem]}"
                made.append(Job((path,), folder / f"{name}.power", _size((path,)), member, not number))
        if out is not None and out.exists() and not out.is_dir():
            raise ConfigurationError(f"--each writes several recordings: {out} must be a folder")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        return made
    return [Job(tuple(found), out or Path(_stem(found[0]) + ".power"), _size(found))]


def _inside(path: Path) -> list[Path]:
    """Return the logs in a folder that is none itself."""
    if not path.is_dir() or recognise(Peek.at(path)) is not None:
        return [path]
    found: list[Path] = []
    for entry in sorted(path.rglob("*")):
        if len(found) > MAX_LOGS:
            raise DataError(f"{path}: more than {MAX_LOGS} files; import them in parts")
        if entry.is_file() and not entry.name.startswith(".") and entry.suffix != ".power":
            found.append(entry)
    return found


def _members_of(path: Path) -> list[str | None]:
    """Return the names of the logs in an archive; None for a path that is a log itself, or is found out later to be none."""
    if not path.is_file():
        return [None]
    try:
        if not is_archive(path):
            return [None]
        with unpacked([path]) as logs:
            return [log.name for log in logs]
    except PowermeterError:
        return [None]


def _size(paths: Sequence[Path]) -> int | None:
    if any(not path.is_file() or path.suffix == ".gz" for path in paths):
        return None
    return sum(path.stat().st_size for path in paths)


def _stem(path: Path) -> str:
    name = path.resolve().name
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name


def watched(choices: Choices, progress: Callable[[int], None]) -> Choices:
    """Return the same choices with a callback for the progress of reading."""
    return replace(choices, progress=progress)


def convert(job: Job, *, format: str | None, choices: Choices, force: bool) -> Log:
    """Read the logs of a job and write its recording; returns what was read.

    Raises:
        ExistsError: The recording exists and `force` is False; seen before anything is read.
        DataError, ConfigurationError, NotInstalledError: As `importers.open_log`.
    """
    from powermeter.importers.log_to_recording import write

    check_output(job.out, force=force, by_recording=True)
    with unpacked(job.paths) as every:
        paths = [path for path in every if job.member is None or path.name == job.member]
        labels = labels_of(paths) if len(paths) > 1 else [""]
        logs = [_opened(path, label, format, choices) for path, label in zip(paths, labels, strict=True)]
        log = logs[0] if len(logs) == 1 else _joined(logs, paths, choices)
        left = _passed_over(job.paths, every) if job.is_first else []
        if left:
            log.warnings.append(
                Note.info(
                    "files-passed-over",
                    f"passed over: {plural(len(left), 'file')} beside the logs: {', '.join(left[:6])}{' …' if len(left) > 6 else ''}",
                )
            )
        write(log, job.paths[0], job.out, force=force)
    return log


def _passed_over(given: Sequence[Path], read: Sequence[Path]) -> list[str]:
    """Return the names of the files in folders and archives that were given and are none of the logs."""
    names: list[str] = []
    for path in given:
        if path in read:
            continue
        if path.is_dir():
            names += [inner.name for inner in _inside(path) if inner not in read]
        elif path.is_file():
            known = {log.name for log in read}
            names += [inner for name, _ in members(path) if (inner := PurePosixPath(name).name) not in known]
    return names


def _opened(path: Path, label: str, format: str | None, choices: Choices) -> Log:
    """Return one of several logs; which rail is the whole is a question to all of them, and to one that is open."""
    if not label or (choices.rail is None and not choices.add_up):
        return open_log(path, format=format, choices=choices)
    try:
        return open_log(path, format=format, choices=replace(choices, rail=None, add_up=False))
    except ConfigurationError:
        rail = choices.rail
        own = rail.removeprefix(f"{label}.") if rail is not None and rail.startswith(f"{label}.") else None
        if own is None and not choices.add_up:
            raise
        return open_log(path, format=format, choices=replace(choices, rail=own))


@contextmanager
def unpacked(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield the logs, those of an archive unpacked into a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="powermeter-") as folder:
        found: list[Path] = []
        for path in paths:
            if path.is_file() and is_archive(path):
                found += unpack(path, Path(folder) / str(len(found)))
            else:
                found += _logs_in(path)
        yield found


def _logs_in(path: Path) -> list[Path]:
    """Return the logs of a folder that holds several; else the path itself: a log, a run's folder, or one log with its events."""
    if not path.is_dir() or recognise(Peek.at(path)) is not None:
        return [path]
    logs = []
    for inner in _inside(path):
        peek = Peek.at(inner)
        candidate = None if refusal(peek) is not None or events.recognises(peek) else recognise(peek)
        if candidate is not None and candidate.is_certain(peek):
            logs.append(inner)
    return logs if len(logs) > 1 else [path]


def _joined(logs: Sequence[Log], paths: Sequence[Path], choices: Choices) -> Log:
    """Return several logs as one: parts of one series one after another, others side by side.

    Raises:
        ConfigurationError: Their clocks cannot be put together.
    """
    if len({log.clock for log in logs}) > 1 or any(log.clock == "relative" for log in logs):
        raise ConfigurationError(
            f"{len(logs)} logs, of which some have no calendar time ({paths[0].name} …): they cannot lie on one axis; "
            "--each makes a recording each"
        )
    joined = replace(logs[0])
    joined.warnings = [
        note.about(path.name)
        for log, path in zip(logs, paths, strict=True)
        for note in log.warnings
        if note.code != WHOLE
    ]
    joined.events = [event for log in logs for event in log.events]
    joined.sources = []
    for log, path in zip(logs, paths, strict=True):
        for rows in log.sources:
            rows.name = f"{rows.name} {path.stem}"
            joined.sources.append(rows)
    if not _in_series(joined):
        labels = [label for log, label in zip(logs, labels_of(paths), strict=True) for _ in log.sources]
        side_by_side(joined, labels, choices, f"{paths[0].name} and {len(paths) - 1} more")
    return joined


def _in_series(log: Log) -> bool:
    """Put sources of the same channels that follow each other in time into one; return whether they do."""
    found = one_after_another(log.sources)
    if found is None:
        return False
    sources, twice = found
    again = f"; {plural(twice, 'row')} of two logs counted once" if twice else ""
    series: LogRows = SourcesInSequence(sources)
    log.sources = [series]
    log.warnings.append(
        Note.info(
            "logs-joined",
            f"{len(sources)} logs of the same channels follow each other: one series, with gaps between them{again}"
            if len(sources) > 1
            else f"all logs are copies of one, or parts of it{again}",
        )
    )
    return True


def some_failed(failed: int, jobs: int) -> PowermeterError:
    """Return the error of a run of several imports of which some failed."""
    return DataError(f"{failed} of {jobs} logs could not be imported; see above")


__all__ = ["Job", "convert", "expand", "jobs", "some_failed", "unpack", "unpacked", "watched"]
