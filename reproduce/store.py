"""Files of a repository that somebody has: a folder, a clone, or a bare git directory."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath


class Store:
    """The files of one repository, read where they lie."""

    def __init__(self, path: Path, commit: str) -> None:
        self.path = path
        self.commit = commit
        bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
        clone = (path / ".git").exists()
        self.git = path if bare else path / ".git" if clone else None

    def _run(self, *arguments: str) -> bytes:
        command = ["git", "--git-dir", str(self.git), *arguments]
        return subprocess.run(command, check=True, capture_output=True, timeout=600).stdout

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every file, as a path from the repository's top."""
        if self.git is None:
            found = (path for path in sorted(self.path.rglob("*")) if path.is_file())
            return tuple(path.relative_to(self.path).as_posix() for path in found)
        listed = self._run("ls-tree", "-r", "-z", "--name-only", self.commit)
        return tuple(name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name)

    def match(self, pattern: str) -> list[str]:
        """Return the names that match a shell pattern, in order."""
        return [name for name in self.names if fnmatch(name, pattern)]

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: It is not there, or a snapshot lists it without its content.
        """
        if self.git is None:
            return (self.path / name).read_bytes()
        try:
            return self._run("cat-file", "blob", f"{self.commit}:{name}")
        except subprocess.CalledProcessError as error:
            raise FileNotFoundError(f"{name} at {self.commit[:12]}") from error

    def text(self, name: str) -> str:
        """Return a file as text."""
        return self.read(name).decode("utf-8", "replace")

    def copy(self, name: str, folder: Path) -> Path:
        """Write a file into a folder under its base name; return where."""
        out = folder / PurePosixPath(name).name
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(self.read(name))
        return out
