"""llama-bench: runs by its progress lines, tokens by its results."""

from __future__ import annotations

import json

import pytest

from powermeter.hooks.tokens.llama_bench import LlamaBench

MS = 1_000_000
PROGRESS = [
    (0, "llama-bench: benchmark 1/2: starting"),
    (5, "llama-bench: benchmark 1/2: warmup prompt run"),
    (10, "llama-bench: benchmark 1/2: prompt run 1/2"),
    (30, "llama-bench: benchmark 1/2: prompt run 2/2"),
]
RESULT = {"model_filename": "models/a.gguf", "n_prompt": 512, "n_gen": 0, "samples_ns": [18 * MS, 15 * MS]}


def run(lines):
    reader = LlamaBench()
    return [one for at, line in lines for one in reader(line, at * MS, 0)]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_result_names_the_tokens_and_the_lengths_of_its_runs(indent):
    text = json.dumps(RESULT, indent=indent).splitlines()
    found = run([*PROGRESS, *((60, line) for line in text)])
    assert [(one.name, one.start_ns // MS, one.end_ns // MS, one.count) for one in found] == [
        ("prefill", 10, 28, 512),
        ("prefill", 30, 45, 512),
    ]
    assert found[0].attributes["model"] == "a.gguf"


def test_a_row_of_the_table_has_no_lengths_so_a_run_ends_with_the_next():
    row = "| llama 1B Q4_0 | 600 MiB | 1.1 B | CPU | 4 | pp512 | 88.13 ± 0.5 |"
    assert [(one.start_ns // MS, one.end_ns // MS) for one in run([*PROGRESS, (60, row)])] == [
        (10, 30),
        (30, 60),
    ]


def test_steps_of_generation_are_all_counted_and_both_together_are_divided():
    lines = [
        (10, "llama-bench: benchmark 1/1: prompt run 1/1"),
        (30, "llama-bench: benchmark 1/1: generation run 1/1"),
        (99, json.dumps({"n_prompt": 32, "n_gen": 8, "samples_ns": [60 * MS]})),
    ]
    prefill, decode = run(lines)
    assert (prefill.name, prefill.end_ns // MS, prefill.count) == ("prefill", 30, 32)
    assert (decode.name, decode.end_ns // MS, decode.count) == ("decode", 70, 8)
    assert decode.attributes["@measures"]["generated_tokens"] == 8


@pytest.mark.parametrize(
    "line", ["{", "{}", '{"n_prompt": "x"}', "| a | b |", "{" * 5000, "| model | test | t/s |"]
)
def test_what_is_no_result_is_none(line):
    assert run([*PROGRESS, (60, line)]) == []
