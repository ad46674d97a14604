"""What a recording says of the machine and the program, whatever the program is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError
from powermeter.recorder import host


def test_the_script_is_the_first_file_of_a_command(tmp_path):
    script = tmp_path / "infer.py"
    script.write_text("")
    assert host.find_script(["python", "-u", str(script), "data.csv"]) == script
    assert host.find_script(["python", "-c", "print(1)"]) is None
    assert host.find_script(["python"]) is None


@pytest.mark.parametrize("word", ["x" * 5000, "print('a')\n" * 400, "with a \0 inside", "\udcff"])
def test_a_program_given_as_text_is_no_script_and_no_error(word):
    assert host.find_script(["python", "-c", word]) is None
    json.dumps(host.describe(["python", "-c", word]))


def test_the_revision_is_read_from_the_files(tmp_path):
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs/heads/main").write_text("a" * 40 + "\n")
    inner = tmp_path / "src/deep"
    inner.mkdir(parents=True)
    assert host.revision(inner) == "a" * 40
    (git / "refs/heads/main").unlink()
    (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    assert host.revision(inner) == "b" * 40
    (git / "HEAD").write_text("ref: ../../etc/passwd\n")
    assert host.revision(inner) is None
    assert host.revision(Path("/proc")) is None


def test_attributes_are_numbers_where_they_read_as_such():
    assert host.attributes(["model=tiny", "batch=8", "rate=0.5", "note=a=b", "empty="]) == {
        "model": "tiny",
        "batch": 8,
        "rate": 0.5,
        "note": "a=b",
        "empty": "",
    }
    for wrong in ("model", "=tiny"):
        with pytest.raises(ConfigurationError, match="write for example model=tiny"):
            host.attributes([wrong])
