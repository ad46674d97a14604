"""The recording under its name: whether it is still there, and how it is saved where it is not."""

from __future__ import annotations

import os
from pathlib import Path

from powermeter.recording.file_names import SUFFIX


class WatchedFile:
    """The file that a recorder writes.

    Args:
        path: Where it was created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity = _identity(path)
        self.problem = ""
        self._avoided: set[Path] = set()

    def check(self) -> str:
        """Return what has happened to the file since it was created; empty while it is in its place."""
        found = _identity(self.path)
        if found == self._identity:
            self.problem = ""
        elif found is None:
            self.problem = f"{self.path} was deleted or moved while it was recorded"
        else:
            self.problem = f"{self.path} was replaced by another file while it was recorded"
        return self.problem

    def free_name(self) -> Path:
        """Return a name that is not taken: beside the lost one or, where its folder is gone, in the nearest one that is left.

        Raises:
            OSError: There is none.
        """
        import tempfile  # late: a recorder starts without it

        stem = self.path.name.removesuffix(SUFFIX)
        for folder in (*self.path.absolute().parents, Path(tempfile.gettempdir())):
            if folder in self._avoided or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
                continue
            for number in range(1, 1000):
                part = "-recovered" if number == 1 else f"-recovered-{number}"
                found = folder / f"{stem}{part}{SUFFIX}"
                if not os.path.lexists(found):
                    return found
        self._avoided.clear()  # the next search begins anew
        raise OSError(f"no free name beside {self.path}")

    def avoid(self, folder: Path) -> None:
        """Propose no name in a folder that could not be written to."""
        self._avoided.add(folder)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
