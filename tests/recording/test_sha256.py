"""The hash of a recording: the same by both implementations, and the recorder does without OpenSSL."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from powermeter.recording import sha256

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of "abc", FIPS 180-2, appendix B.1."""


@pytest.fixture
def chosen(monkeypatch):
    """Nothing is chosen yet; what the test chooses is forgotten."""
    monkeypatch.setattr(sha256, "chosen_implementation", [])


@pytest.mark.parametrize("is_small", [False, True])
def test_both_implementations_are_sha_256(chosen, is_small):
    if is_small:
        sha256.prefer_small()
        assert sha256.chosen_implementation[0] is not hashlib.sha256
    running = sha256.sha256(b"a")
    running.update(b"bc")
    assert running.copy().hexdigest() == running.hexdigest() == ABC


def test_an_interpreter_without_an_implementation_of_its_own_uses_openssl(chosen, monkeypatch):
    monkeypatch.setattr(sha256, "OWN", ("_no_such_module",))
    sha256.prefer_small()
    assert sha256.sha256(b"abc").hexdigest() == ABC


WRITES = """
import sys
from powermeter import registry
from powermeter.recorder import __main__, process
from powermeter.recording import Writer
from powermeter.recording.sha256 import prefer_small
import numpy as np

prefer_small()
source = registry.source("virtual://?rate=10Hz")
source.open()
with Writer.create(sys.argv[1]) as writer:
    number = writer.add_source("virtual://", "x", "virtual", source.channels)
    times = np.arange(70_000) * 1000
    writer.append(number, times, np.zeros((len(times), len(source.channels)), np.int64))
heavy = {"_hashlib", "ssl", "socket", "email", "importlib.metadata", "zipfile", "csv", "tempfile", "scipy", "click", "rich"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.thorough
def test_a_recorder_of_our_own_drivers_loads_nothing_heavy(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", WRITES, str(tmp_path / "a.power")],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (found.stdout, found.stderr) == ("[]\n", "")
