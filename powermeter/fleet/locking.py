"""A lock of a dataset: any number who write a recording, or one who tidies up.  It ends with its process, however that ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, alone: bool, wait: bool = True) -> Iterator[bool]:
    """Hold a lock file, shared with others or alone.

    Args:
        path: The lock file; made where it is not there.
        alone: Whether nobody else may hold it.
        wait: Whether to wait for the others; otherwise False is yielded where they hold it.

    Yields:
        Whether it is held.
    """
    with path.open("a+b") as file:
        if sys.platform == "win32":  # one byte, never shared
            import msvcrt

            file.seek(0)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                yield False
                return
            try:
                yield True
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            how = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
            try:
                fcntl.flock(file, how if wait else how | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True  # closing the file ends it
