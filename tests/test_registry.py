"""Names of what is loaded late."""

from __future__ import annotations

import importlib.metadata
import inspect
import os

import pytest

from powermeter import registry
from powermeter.errors import ConfigurationError, NotInstalledError, OpenError


def test_a_url_gives_its_driver_unopened():
    source = registry.source("virtual://?high=2W")
    assert (source.scheme, source.options["high"], source.channels) == ("virtual", 2.0, ())


@pytest.mark.parametrize(
    ("typo", "near"), [("virtul", "virtual"), ("tegrastat", "tegrastats"), ("ina291", "ina219")]
)
def test_a_mistyped_driver_is_refused_with_the_nearest(typo, near):
    with pytest.raises(ConfigurationError, match=near) as caught:
        registry.source(f"{typo}://")
    assert "\n" not in str(caught.value) and repr(typo) in str(caught.value)


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('broken\\n')", "class Foreign:\n    def __init__(self, _): 1 / 0\n"]
)
def test_a_driver_that_fails_before_it_is_opened_is_named_in_one_line(code, tmp_path, monkeypatch):
    name = f"foreign_{len(code)}"
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.DRIVERS, "foreign", f"{name}:Foreign")
    with pytest.raises(
        OpenError, match=r"^foreign://x: its driver fails: (RuntimeError|ZeroDivision)"
    ) as caught:
        registry.source("foreign://x")
    assert str(caught.value).isprintable()


def test_something_like_nothing_lists_what_there_is():
    first = ", ".join(sorted(registry.DRIVERS)[:3])
    with pytest.raises(ConfigurationError, match=f"there are {first}"):
        registry.driver_class("qqqqqqqq")


def test_a_missing_library_is_named_with_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "plugin_without_library.py").write_text("import no_such_library_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotInstalledError, match="pip install no_such_library_at_all"):
        registry.load("plugin_without_library:Driver")


def test_a_missing_part_of_ours_is_named_with_what_to_do():
    with pytest.raises(NotInstalledError, match="pip install -e"):
        registry.load("powermeter.drivers.not_there:Driver")


def test_entry_points_of_others_are_found_and_ours_win(monkeypatch):
    entries = importlib.metadata.EntryPoints(
        [
            importlib.metadata.EntryPoint("theirs", "somewhere:Theirs", "powermeter.drivers"),
            importlib.metadata.EntryPoint("virtual", "somewhere:Impostor", "powermeter.drivers"),
        ]
    )
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries.select(group=group))
    found = registry.names("drivers", registry.DRIVERS)
    assert found["theirs"] == "somewhere:Theirs"
    assert found["virtual"] == registry.DRIVERS["virtual"]


def test_entry_points_are_read_once_and_again_where_a_package_was_installed(monkeypatch, tmp_path):
    """All installed metadata were read for each log, half of what importing a small one took."""
    read = []
    asked = importlib.metadata.entry_points
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: (read.append(group), asked(group=group))[1]
    )
    monkeypatch.syspath_prepend(tmp_path)
    for _ in range(3):
        assert "late" not in registry.names("importers", {})
    assert registry.names("drivers", {}) == registry.names("drivers", {})
    assert read == ["powermeter.importers", "powermeter.drivers"]
    folder = tmp_path / "late-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[powermeter.importers]\nlate = late:Late\n")
    os.utime(tmp_path, ns=(1, 1))
    assert registry.names("importers", {}) == {"late": "late:Late"}


@pytest.mark.parametrize("rule", sorted(registry.PUBLICATION_RULES))
def test_a_publication_rule_is_a_function_of_readings_and_an_event(rule):
    """An importer stood among them: a recording that named it would have been handed to its constructor."""
    function = registry.load(registry.PUBLICATION_RULES[rule])
    assert list(inspect.signature(function).parameters) == ["times_ns", "codes", "scale", "event", "fact"]
