"""What every registered driver keeps to, whoever wrote it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import powermeter.drivers
from powermeter import registry
from powermeter.errors import ConfigurationError, NotInstalledError
from powermeter.source import Address, Option, PolledSource, Source, StreamingSource

SCHEMES = sorted(registry.DRIVERS)

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


@pytest.fixture(params=SCHEMES)
def driver(request) -> type[Source]:
    return registry.driver_class(request.param)


def extendable(driver: type[Source]) -> str:
    """Return the example's URL, ready for one more option."""
    return driver.example + ("&" if "?" in driver.example else "?")


def test_it_is_a_source_under_its_own_name(driver, request):
    assert driver.scheme == request.node.callspec.params["driver"]
    assert issubclass(driver, (PolledSource, StreamingSource)) and not inspect.isabstract(driver)
    assert driver.__module__.startswith("powermeter.drivers.")


def test_it_is_described(driver):
    own = inspect.getdoc(driver)
    assert own and own != inspect.getdoc(Source) and len(own.splitlines()[0]) > 10
    assert (inspect.getmodule(driver).__doc__ or "").strip(), "its file has no docstring"
    assert 10 < len(driver.summary) < 100 and "\n" not in driver.summary
    assert not driver.summary.endswith(".") and driver.summary.isprintable()


def test_its_example_works_up_to_the_instrument(driver):
    address = Address.parse(driver.example)
    assert address.scheme == driver.scheme
    try:
        source = driver(address)
    except NotInstalledError as error:
        pytest.fail(f"naming it needs a library already: {error}")
    except ConfigurationError as error:
        assert "No such file" in str(error), error  # a driver whose location is a file that describes rails
        return
    assert isinstance(source.name, str) and source.name
    if isinstance(source, PolledSource):
        assert 0 < source.period_ns < 3600 * 10**9
    source.close()
    source.close()


def test_its_options_are_documented(driver):
    table = {**driver.COMMON_OPTIONS, **driver.OPTIONS}
    assert set(Source.COMMON_OPTIONS) <= set(table)
    for name, option in table.items():
        assert isinstance(option, Option) and callable(option.parse), name
        assert name == name.lower() and name.isascii() and " " not in name, name
        assert len(option.help) > 5 and "\n" not in option.help and not option.help.endswith("."), name


def test_an_unknown_option_is_refused_with_the_nearest_name(driver):
    wanted = max({**driver.COMMON_OPTIONS, **driver.OPTIONS}, key=len)
    base = extendable(driver)
    with pytest.raises(ConfigurationError, match=f"did you mean {wanted!r}") as caught:
        driver(Address.parse(f"{base}{wanted[:-1]}{wanted[-1] * 2}=1"))
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="it takes"):
        driver(Address.parse(f"{base}zzqqzzqq=1"))


def test_a_bad_option_value_is_refused_naming_the_option(driver):
    base = extendable(driver)
    for name, option in {**driver.COMMON_OPTIONS, **driver.OPTIONS}.items():
        if option.parse is str or f"{name}=" in base:
            continue
        try:
            option.parse("\x00 no value")
        except ValueError:
            with pytest.raises(ConfigurationError, match=f"'{name}'") as caught:
                driver(Address.parse(f"{base}{name}=%00%20no%20value"))
            assert "\n" not in str(caught.value)


def test_looking_for_it_raises_nothing_and_hides_nothing(driver):
    for found in driver.discover():
        assert found.title
        assert found.url or found.problem, "neither a URL to use nor a reason why not"
        if found.url:
            assert Address.parse(found.url).scheme == driver.scheme
        if found.problem:
            assert found.remedy, f"{found.problem}: and what to do?"


def test_no_driver_needs_a_library_for_being_imported():
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
    modules = {registry.driver_class(scheme).__module__ for scheme in SCHEMES}
    for path in Path(powermeter.drivers.__path__[0]).glob("*.py"):
        if "    scheme = " in path.read_text():
            assert f"powermeter.drivers.{path.stem}" in modules, f"{path.name} has a scheme nobody registered"


def test_the_tables_are_sorted_and_load():
    for table in (registry.DRIVERS, registry.IMPORTERS, registry.REPORTS):
        assert list(table) == sorted(table)
    for table in (registry.DRIVERS, registry.IMPORTERS):
        for target in table.values():
            assert inspect.isclass(registry.load(target)), target
