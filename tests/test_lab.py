"""The kernel laboratory's own script: a checkout may lie anywhere, also under the folder that the guest replaces."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

LAB = Path(__file__).resolve().parent / "lab"


def part(name: str) -> Iterator[ModuleType]:
    """Load one of the laboratory's scripts for as long as it is asked for."""
    spec = importlib.util.spec_from_file_location(f"lab_{name}", LAB / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def kernel() -> Iterator[ModuleType]:
    yield from part("kernel")


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(LAB)
    yield from part("recordings")
    sys.modules.pop("stub")


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


@pytest.mark.parametrize(
    ("gain", "clock", "least", "most"), [(1, 1, 0.99, 1), (1.005, 1, 0, 0.66), (1, 1.01, 0, 0.66)]
)
def test_readings_of_another_gain_or_clock_are_not_on_their_step(
    recordings: ModuleType, gain: float, clock: float, least: float, most: float
) -> None:
    """An INA219's codes, 25 a second for 24 s, that are stamped 20 ms late."""
    profile = recordings.Profile.make(24.0)
    steps_ns = [round(t * 1e9) for t in profile.seconds]
    read_s = np.arange(0.2, 23.8, 0.04)
    step = (read_s / recordings.STEP_S).astype(int)
    codes = np.round(np.array(profile.amps)[step] * 0.1 / 10e-6) * 1e-4
    volts = np.round(np.array(profile.volts)[step] / 4e-3) * 4e-3
    stamps_ns = np.round((read_s * clock + 0.02) * 1e9).astype(np.int64)
    assert least <= profile.share_shown(steps_ns, stamps_ns, volts * codes * gain) <= most
