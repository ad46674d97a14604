"""The shipped contract suite over every registered driver, and what holds for all of them together."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_cases import CASES, missing_library
from waiting import CEILING_S

import powermeter.drivers
from powermeter import registry
from powermeter.testing import contract
from powermeter.testing.contract import Case, DriverContract

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")

HEAVY = (
    "scipy",
    "matplotlib",
    "pandas",
    "codecarbon",
    "serial",
    "smbus2",
    "hid",
    "usb",
    "bleak",
    "pynvml",
    "jtop",
)
"""Libraries a driver may need, but not for being named, listed or refused."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instruments that people wait seconds for are simulated ten times as fast, and waited for as long."""
    from powermeter.drivers import fnirsi, km003c
    from powermeter.drivers.links.hid import drain
    from powermeter.testing.hid_meters import SimulatedFnirsi
    from powermeter.testing.line_meters import SimulatedAtorch

    monkeypatch.setattr(contract, "SPEAKS_S", 1.0)
    for ceiling in ("READ_S", "SETTLE_S", "LOOK_S"):
        monkeypatch.setattr(contract, ceiling, CEILING_S)
    monkeypatch.setattr(fnirsi, "drain", functools.partial(drain, quiet_s=0.1, limit_s=0.3))
    monkeypatch.setattr(fnirsi, "START_S", 0.2)
    monkeypatch.setattr(SimulatedFnirsi, "SILENT_AFTER_S", 1.3)  # more than from one "alive" to the next
    monkeypatch.setattr(SimulatedAtorch, "interval_s", 0.10117)
    monkeypatch.setattr(km003c, "ANSWER_S", 0.1)


OF_NUMBERS = (
    "test_its_channels_are_whole",
    "test_readings_come_and_fit_the_channels",
    "test_a_constant_load_reads_constant",
    "test_a_step_of_the_load_is_stamped_when_it_was",
    "test_missing_stays_missing",
    "test_an_overload_is_flagged",
    "test_damaged_frames_are_refused",
)
"""Promises of what is read; the others open an instrument again and wait for it, most of a second each time."""

PROMISES = [
    name if name in OF_NUMBERS else pytest.param(name, marks=pytest.mark.thorough)
    for name in vars(DriverContract)
    if name.startswith("test_")
]


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scheme)
def test_a_driver_keeps(case: Case, promise: str, tmp_path: Path) -> None:
    if library := missing_library(case):
        pytest.skip(f"pip install {library}")
    suite = DriverContract()
    suite.case = case  # type: ignore[misc]
    method: Callable[..., None] = getattr(suite, promise)
    method(tmp_path) if "tmp_path" in inspect.signature(method).parameters else method()


def test_each_promise_of_numbers_is_one():
    assert set(OF_NUMBERS) <= set(vars(DriverContract))


def test_every_driver_has_a_case_and_only_one():
    assert sorted(case.scheme for case in CASES) == sorted(registry.DRIVERS)


@pytest.mark.thorough
def test_its_example_can_be_named_without_a_library():
    """One bare interpreter imports them all; what it then holds must not be there."""
    code = (
        "import sys; from powermeter import registry\n"
        "for name in registry.DRIVERS: registry.driver_class(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_every_driver_file_is_registered_or_serves_one_that_is():
    """A driver that nobody can name is dead code."""
    modules = {registry.driver_class(scheme).__module__ for scheme in registry.DRIVERS}
    for path in Path(powermeter.drivers.__path__[0]).glob("*.py"):
        if "    scheme = " in path.read_text():
            assert f"powermeter.drivers.{path.stem}" in modules, f"{path.name} has a scheme nobody registered"


def test_a_class_is_where_its_scheme_says():
    for scheme in registry.DRIVERS:
        driver = registry.driver_class(scheme)
        assert driver.__name__ in Path(inspect.getfile(driver)).read_text(), "made in the place it is named"
        assert driver.__module__.startswith("powermeter.drivers.")


def test_no_driver_of_ours_overrides_what_is_private_to_its_base():
    """A driver's author must not have to, and so we do not."""
    for scheme in registry.DRIVERS:
        driver = registry.driver_class(scheme)
        for base in driver.__mro__[1:]:
            if not base.__module__.startswith("powermeter.drivers.meters"):
                continue
            ours = {name for name in vars(base) if name.startswith("_") and not name.startswith("__")}
            assert not ours & set(vars(driver)) - {"_abc_impl"}, f"{driver.__name__}: {base.__name__}"


def test_the_tables_are_sorted_and_load():
    for table in (registry.DRIVERS, registry.IMPORTERS, registry.REPORTS):
        assert list(table) == sorted(table)
    for table in (registry.DRIVERS, registry.IMPORTERS):
        for target in table.values():
            assert inspect.isclass(registry.load(target)), target
