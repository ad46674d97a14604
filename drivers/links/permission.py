"""What a user lacks who may not open a device node, and how to come by it."""

from __future__ import annotations

import stat
from pathlib import Path


def permission_remedy(path: str | Path, usual_group: str = "") -> str:
    """Return the command that lets this user use a device node: the group to join, or the rule to add.

    Args:
        path: The node.
        usual_group: The group of such nodes, for one whose own cannot be read.
    """
    group = _group_of(Path(path), usual_group)
    if group:
        return f"run: sudo usermod -aG {group} $USER, then log in again"
    return f"add a udev rule that lets a group of yours use it, or run: sudo chmod a+rw {path}"


def _group_of(path: Path, usual: str) -> str:
    """Return the group that may read and write a node; empty where that is root's, or none may."""
    try:
        import grp

        status = path.stat()
        group = grp.getgrgid(status.st_gid).gr_name
    except (ImportError, KeyError, OSError):
        return usual
    may = status.st_mode & (stat.S_IRGRP | stat.S_IWGRP)
    return group if may and group != "root" else ""
