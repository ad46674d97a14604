"""What a user is asked to do who may not open a device node."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.drivers.links.permission import permission_remedy

grp = pytest.importorskip("grp")


@pytest.mark.parametrize(
    ("group", "mode", "wanted"),
    [
        ("i2c", 0o660, "run: sudo usermod -aG i2c $USER, then log in again"),
        ("dialout", 0o640, "run: sudo usermod -aG dialout $USER, then log in again"),
        ("i2c", 0o600, "add a udev rule that lets a group of yours use it, or run: sudo chmod a+rw "),
        ("root", 0o660, "add a udev rule that lets a group of yours use it, or run: sudo chmod a+rw "),
    ],
)
def test_the_group_to_join_is_the_nodes_unless_it_may_not_or_is_roots(
    group: str, mode: int, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.touch()
    node.chmod(mode)
    monkeypatch.setattr(grp, "getgrgid", lambda _: type("Group", (), {"gr_name": group}))
    assert permission_remedy(node) == wanted + (str(node) if wanted.startswith("add") else "")


def test_of_a_node_that_cannot_be_looked_at_it_is_the_usual_group(tmp_path: Path) -> None:
    assert (
        permission_remedy(tmp_path / "absent", "i2c") == "run: sudo usermod -aG i2c $USER, then log in again"
    )
    assert "chmod a+rw" in permission_remedy(tmp_path / "absent")
