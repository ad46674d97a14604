"""The kernel laboratory's own script: a checkout may lie anywhere, also under the folder that the guest replaces."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

KERNEL = Path(__file__).resolve().parent / "lab" / "kernel.py"


@pytest.fixture
def kernel() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("lab_kernel", KERNEL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_a_checkout_elsewhere_needs_nothing(kernel: ModuleType) -> None:
    assert kernel.kept_in_tmp([Path("/usr"), Path("/home/somebody/checkout")]) == ("", "")


def test_what_lies_in_tmp_is_bound_before_and_after_it_is_replaced(kernel: ModuleType) -> None:
    kept, back = kernel.kept_in_tmp([Path("/tmp/a"), Path("/tmp/a/.venv"), Path("/usr")])
    assert "mount --bind '/host/tmp/a' /kept/0" in kept and "/kept/1" not in kept, (
        "once, not what lies inside"
    )
    assert "mkdir -p '/host/tmp/a'" in back and "mount --bind /kept/0 '/host/tmp/a'" in back
    init = kernel.INIT.format(first="", kept=kept, back=back, environment="", command="true")
    order = [init.index(part) for part in (kept, "mount -t tmpfs none /host/tmp", back, "chroot /host")]
    assert order == sorted(order)
