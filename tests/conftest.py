"""Fixtures shared by all tests; also says in one line when the checkout is not installed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine must not fail a test: how fast examples come is not what is tested.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

REQUIRE = "POWERMETER_TESTS_REQUIRE_ALL"
"""Set by continuous integration: what would be skipped because something is absent fails instead."""


def pytest_configure(config: pytest.Config) -> None:
    if find_spec("powermeter") is None or find_spec("powermeter.drivers") is None:
        raise pytest.UsageError("powermeter is not installed here; run: python3 tasks.py test")
    if not config.option.markexpr:
        config.option.markexpr = "not device and not slow"


def absent(reason: str) -> None:
    """Skip a test because something it needs is absent, or fail where everything must be there."""
    if os.environ.get(REQUIRE):
        pytest.fail(f"{reason} ({REQUIRE} is set)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other people's recordings that lies beside the checkout, where there is one."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data" / "recordings").is_dir():
            return parent / "shared"
    pytest.skip("no shared/data/recordings beside the checkout")
