"""What drivers find, asked all at once: never longer than the limit, and none takes the others with it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import ClassVar

import pytest
from click.testing import CliRunner
from waiting import CEILING_S

from powermeter import registry
from powermeter.channel import Boundary
from powermeter.cli.devices import devices
from powermeter.errors import NotInstalledError, PowermeterError
from powermeter.recorder import discovery
from powermeter.recorder.discovery import Finding
from powermeter.source import Found, Source


def test_no_search_waits_for_drivers_that_look_for_nothing():
    silent = {
        scheme
        for scheme in registry.DRIVERS
        if registry.driver_class(scheme).discover.__func__ is Source.discover.__func__  # type: ignore[attr-defined]
    }
    assert silent == registry.NAMED_ONLY


class Quick:
    found: ClassVar[list[Found]] = [Found("quick://", "a quick one")]

    @classmethod
    def discover(cls):
        return cls.found


class Broken:
    @classmethod
    def discover(cls):
        raise ZeroDivisionError("oops")


class Missing:
    @classmethod
    def discover(cls):
        raise NotInstalledError("needs something; run: pip install something")


@pytest.mark.thorough
def test_a_driver_that_hangs_or_breaks_does_not_take_the_others_with_it(monkeypatch):
    release = threading.Event()

    class Hanging:
        @classmethod
        def discover(cls):
            release.wait(CEILING_S)
            return []

    table = {"quick": Quick, "broken": Broken, "missing": Missing, "hanging": Hanging}
    monkeypatch.setattr(registry, "driver_class", lambda scheme: table[scheme])
    try:
        found = discovery.search(2.0, table)
        assert not release.is_set(), "it returns while the one still hangs"
    finally:
        release.set()
    assert [f.found.url for f in found.findings] == ["quick://"]
    assert str(found.failures["hanging"]) == "did not answer within 2 s"
    assert str(found.failures["broken"]) == "ZeroDivisionError: oops"
    assert "pip install" in found.failures["missing"].text


def test_every_registered_driver_looks_within_the_limit_and_breaks_nothing():
    for (
        scheme
    ) in registry.DRIVERS:  # CPython 3.11 mixes up what several threads parse at once, as pytest's imports do
        registry.driver_class(scheme)
    for (
        scheme
    ) in registry.DRIVERS:  # pytest rewrites what is imported, which Python 3.11 cannot do in many threads
        with suppress(PowermeterError):
            registry.driver_class(scheme)
    found = discovery.search()
    assert found.seconds <= discovery.LIMIT_S + 30, "the limit, and what the machine takes"
    assert not {scheme for scheme, why in found.failures.items() if why.code == "error"}, found.failures
    assert any(f.found.url == "estimate://" for f in found.findings)


def test_titles_from_devices_cannot_write_markup(monkeypatch):
    odd = Finding("rapl", Found("rapl://", "[red]evil[/red]", Boundary.PART))
    monkeypatch.setattr(discovery, "search", lambda: discovery.Search((odd,)))
    result = CliRunner().invoke(devices, [])
    assert "[red]evil[/red]" in result.output
