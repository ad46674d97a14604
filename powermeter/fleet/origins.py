"""Where recordings are collected from: a folder, a host by SSH, an object store through fsspec.

Each lists what it has (name, size, date) and hands one file over at a time, with the write-ahead log beside it where there is one.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from powermeter.errors import ConfigurationError, NotInstalledError, OpenError, Reason
from powermeter.recording.file_names import SUFFIX

LOG = "-wal"
SSH_S = 60.0
"""How long listing a host may take, and a transfer may stand still."""

_REMOTE = re.compile(r"(?P<host>[A-Za-z0-9_][\w.@-]*):(?P<path>[^:].*)\Z")


@dataclass(frozen=True, slots=True)
class OriginFile:
    """A file at an origin: its name there, size and date (UTC ns; 0 where not known)."""

    name: str
    size: int
    modified_ns: int = 0

    @property
    def state(self) -> str:
        """What changes when the file does."""
        return f"{self.size}.{self.modified_ns}"


class Origin(Protocol):
    """A place that recordings come from."""

    @property
    def name(self) -> str:
        """As typed, without secrets."""

    def files(self) -> Sequence[OriginFile]:
        """Return the recordings it has.

        Raises:
            OpenError: It cannot be reached.
        """

    def fetched(self, found: OriginFile, folder: Path) -> Any:
        """Return a context with the path of a file that can be opened here.

        Raises:
            OpenError: It cannot be fetched.
        """


def origin_of(text: str, ssh_options: Sequence[str] = ()) -> Origin:
    """Return the origin that a text names: a folder, `HOST:FOLDER`, `ssh://HOST[:PORT]/FOLDER`, or a URL of fsspec.

    Raises:
        ConfigurationError: It is none of these.
        NotInstalledError: fsspec is missing.
    """
    if text.startswith("ssh://"):
        host, slash, path = text.removeprefix("ssh://").partition("/")
        host, _, port = host.partition(":")
        if not _REMOTE.match(f"{host}:x") or not slash or (port and not port.isdecimal()):
            raise ConfigurationError(f"{text!r} is not a host and folder; write ssh://USER@HOST/FOLDER")
        return SshHost(host, f"/{path}", port, tuple(ssh_options))
    if "://" in text:
        return ObjectStore(text)
    remote = _REMOTE.match(text)
    if remote and not Path(text).exists():
        return SshHost(remote["host"], remote["path"], "", tuple(ssh_options))
    return Folder(Path(text))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Its absolute path."""
        return str(self.path.absolute())

    def files(self) -> Sequence[OriginFile]:
        """Return the recordings below it, or itself where it is one.

        Raises:
            ConfigurationError: It is not there.
        """
        if self.path.is_file():
            stat = self.path.stat()
            return [OriginFile(self.path.name, stat.st_size, stat.st_mtime_ns)]
        if not self.path.is_dir():
            raise ConfigurationError(f"{self.path} is not a folder")
        found = []
        for path in sorted(self.path.rglob(f"*{SUFFIX}")):
            if path.is_file() and not path.name.startswith("."):
                log = path.with_name(path.name + LOG)
                stats = [one.stat() for one in (path, log) if one.exists()]
                size, date = sum(s.st_size for s in stats), max(s.st_mtime_ns for s in stats)
                found.append(OriginFile(path.relative_to(self.path).as_posix(), size, date))
        return found

    @contextmanager
    def fetched(self, found: OriginFile, folder: Path) -> Iterator[Path]:
        """Yield the file where it lies."""
        yield self.path if self.path.is_file() else self.path / found.name


@dataclass(frozen=True, slots=True)
class SshHost:
    """A folder of another machine, by the system's own `ssh`: keys, hosts and jumps are as configured there.

    Args:
        host: `user@host`, or a name of the configuration.
        path: The folder.
        port: Empty for the configured one.
        options: Further options of `ssh`, as typed.
    """

    host: str
    path: str
    port: str = ""
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As a URL."""
        port = f":{self.port}" if self.port else ""
        return f"ssh://{self.host}{port}/{self.path.lstrip('/')}"

    def _run(self, remote: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        ssh = shutil.which("ssh")
        if ssh is None:
            raise NotInstalledError("collecting from a host needs ssh; run: sudo apt install openssh-client")
        port = ("-p", self.port) if self.port else ()
        command = [ssh, "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15"]
        command += [*port, *self.options, "--", self.host, remote]
        try:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **more
            )
        except subprocess.TimeoutExpired:
            raise OpenError(f"{self.name} does not answer", Reason.NO_ANSWER) from None

    def files(self) -> Sequence[OriginFile]:
        """Return the recordings below the folder.

        Raises:
            OpenError: The host cannot be reached, or has no such folder.
        """
        pattern = shlex.quote(f"*{SUFFIX}")
        listing = (
            f"cd {shlex.quote(self.path)} && find . -type f -name {pattern} -exec stat -c '%s %Y %n' {{}} +"
        )
        done = self._run(listing, stdout=subprocess.PIPE, timeout=SSH_S)
        if done.returncode:
            raise OpenError(f"{self.name}: {_last(done.stderr)}", Reason.NO_ANSWER)
        found = []
        for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
            size, date, name = line.split(" ", 2)
            found.append(OriginFile(name.removeprefix("./"), int(size), int(date) * 1_000_000_000))
        return sorted(found, key=lambda one: one.name)

    @contextmanager
    def fetched(self, found: OriginFile, folder: Path) -> Iterator[Path]:
        """Yield a copy; the write-ahead log is copied first, so that it is never newer than the file it belongs to."""
        local = folder / f"fetched{SUFFIX}"
        remote = f"{self.path}/{found.name}"
        try:
            for name in (LOG, ""):
                path = Path(f"{local}{name}")
                quoted = shlex.quote(remote + name)
                with path.open("wb") as file:
                    wanted = f"if [ -f {quoted} ]; then cat {quoted}; fi" if name else f"cat {quoted}"
                    done = self._run(wanted, stdout=file, timeout=3600)
                if done.returncode:
                    raise OpenError(f"{self.name}/{found.name}: {_last(done.stderr)}", Reason.NO_ANSWER)
                if name and not path.stat().st_size:
                    path.unlink()
            yield local
        finally:
            _remove(local)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """What fsspec opens: a bucket, a share, an archive; credentials are left to it."""

    url: str

    @property
    def name(self) -> str:
        """The URL without what stands before an @."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    def _open(self) -> tuple[Any, str]:
        try:
            import fsspec
        except ImportError:
            raise NotInstalledError(
                f"{self.name} is opened with fsspec; run: pip install 'powermeter[fleet]'"
            ) from None
        try:
            system, path = fsspec.core.url_to_fs(self.url)
        except ImportError as error:
            raise NotInstalledError(f"{self.name}: {error}") from None
        except ValueError as error:
            raise ConfigurationError(f"{self.name}: {error}") from None
        except Exception as error:  # noqa: BLE001 – every file system has errors of its own
            raise OpenError(f"{self.name}: {type(error).__name__}: {error}", Reason.ABSENT) from None
        return system, path

    def files(self) -> Sequence[OriginFile]:
        """Return the recordings below the path.

        Raises:
            OpenError: It cannot be listed.
        """
        system, path = self._open()
        try:
            listed = system.find(path, detail=True)
        except Exception as error:  # noqa: BLE001 – every file system has errors of its own
            raise OpenError(f"{self.name}: {type(error).__name__}: {error}", Reason.NO_ANSWER) from None
        found = []
        for name, about in sorted(listed.items()):
            if name.endswith(SUFFIX):
                log = listed.get(name + LOG, {})
                dates = [_date(entry) for entry in (about, log)]
                size = int(about.get("size") or 0) + int(log.get("size") or 0)
                found.append(OriginFile(name.removeprefix(path).lstrip("/"), size, max(dates)))
        return found

    @contextmanager
    def fetched(self, found: OriginFile, folder: Path) -> Iterator[Path]:
        """Yield a copy."""
        system, path = self._open()
        local = folder / f"fetched{SUFFIX}"
        remote = f"{path.rstrip('/')}/{found.name}" if found.name else path
        try:
            for name in (LOG, ""):
                if name and not system.exists(remote + name):
                    continue
                system.get_file(remote + name, f"{local}{name}")
            yield local
        except OSError as error:
            raise OpenError(f"{self.name}/{found.name}: {error}", Reason.NO_ANSWER) from None
        finally:
            _remove(local)


def _date(about: dict[str, Any]) -> int:
    for key in ("mtime", "LastModified", "last_modified", "created"):
        value: Any = about.get(key)
        if isinstance(value, (int, float)):
            return int(value * 1e9)
        if hasattr(value, "timestamp"):
            return int(value.timestamp() * 1e9)
    return 0


def _remove(local: Path) -> None:
    for name in ("", LOG, "-shm"):
        Path(f"{local}{name}").unlink(missing_ok=True)


def _last(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    text = lines[-1] if lines else "no answer"
    return "".join(c if c.isprintable() else "?" for c in text)[:200]
