"""Scaphandre's JSON: microwatts, also cut or an object a line."""

import json

import pytest
from tool_log import load


def sample(t, watts):
    return {
        "host": {"consumption": watts * 1e6, "timestamp": t},
        "sockets": [{"id": 0, "consumption": watts * 0.9e6, "domains": []}],
    }


def test_scaphandre_is_in_microwatts(tmp_path):
    samples = [sample(1_780_000_000 + i, 10 + i % 2) for i in range(5)]
    _, energies, headline = load(tmp_path, json.dumps(samples), "s.json")
    assert (
        headline == "host"
        and energies["host"] == pytest.approx(42.0)
        and energies["socket0"] == pytest.approx(37.8)
    )


def test_a_cut_array_and_an_object_a_line_are_read_too(tmp_path):
    samples = [sample(1_780_000_000 + i, 10) for i in range(6)]
    cut = json.dumps(samples)[:-150]
    assert load(tmp_path, cut, "s.json")[1]["host"] == pytest.approx(30.0, abs=10.1)
    lines_ = "\n".join(json.dumps(entry) for entry in samples)
    assert load(tmp_path, lines_, "l.json")[1]["host"] == pytest.approx(50.0)
