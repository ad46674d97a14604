"""What is compared, as it is typed: paths, labels, patterns, folders, lists."""

from __future__ import annotations

import pytest
from compared_recordings import watts, write

from powermeter.comparison.arguments import recordings, recordings_of
from powermeter.comparison.compare import compare
from powermeter.errors import ConfigurationError


def test_sides_as_they_are_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a1", "a2", "b"):
        (tmp_path / f"{name}.power").write_text("")
    assert recordings("b.power:infer[model=x,batch=2]") == (["b.power"], "infer[model=x,batch=2]")
    assert recordings("a*.power:infer") == (["a1.power", "a2.power"], "infer")
    assert recordings("a1.power,b.power") == (["a1.power", "b.power"], None)
    assert len(recordings(str(tmp_path))[0]) == 3
    with pytest.raises(ConfigurationError, match="no recording"):
        recordings("z*.power")
    with pytest.raises(ConfigurationError, match="one label"):
        recordings("a1.power:x,a2.power:y")


@pytest.mark.parametrize(
    ("text", "paths", "label"),
    [
        ("b.power:infer", ["b.power"], "infer"),
        ("b.power:infer[x=1],a1.power", ["b.power", "a1.power"], "infer[x=1]"),
        ("missing.power", ["missing.power"], None),  # opening it reports that it is missing
        ("?1.power", ["a1.power"], None),
    ],
)
def test_commas_colons_and_patterns(tmp_path, monkeypatch, text, paths, label):
    monkeypatch.chdir(tmp_path)
    for name in ("a1", "b"):
        (tmp_path / f"{name}.power").write_text("")
    assert recordings(text) == (paths, label)


def test_a_file_may_be_named_like_a_list_or_a_pattern(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a,b.power", "a[1].power"):
        (tmp_path / name).write_text("")
        assert recordings(name) == ([name], None)


def test_an_empty_side_and_a_folder_without_recordings_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="without recordings"):
        recordings_of([], None, None, None, ())
    with pytest.raises(ConfigurationError, match="no recording"):
        recordings(str(tmp_path))


def test_a_file_named_in_another_encoding_can_be_compared(tmp_path):
    """Its name is part of which instrument an unnamed one is: `café.power` of Latin-1 ended in a traceback."""
    odd = write(tmp_path / "caf\udce9.power", watts(1, 40, 6.0), serial=None)
    found = compare(odd, write(tmp_path / "b.power", watts(2, 40, 5.0), serial=None))
    assert found.left == "caf\udce9.power" and found.rows
