"""What programs around language models print, as their own versions of October 2026 and before print it."""

from __future__ import annotations

import json

import pytest

from powermeter.hooks.tokens.printed import FORMATS, ExecuTorch, LlamaCpp, Ollama
from powermeter.marking.printed_lines import PrintedEvent

# The example of ExecuTorch's documentation: 14 prompt tokens and 54 steps.
OBSERVED = {
    "prompt_tokens": 14,
    "generated_tokens": 54,
    "model_load_start_ms": 1760077800721,
    "model_load_end_ms": 1760077802998,
    "inference_start_ms": 1760077802998,
    "prompt_eval_end_ms": 1760077803162,
    "first_token_ms": 1760077803162,
    "inference_end_ms": 1760077804187,
    "aggregate_sampling_time_ms": 9,
    "SCALING_FACTOR_UNITS_PER_SECOND": 1000,
}


def test_the_observer_line_of_executorch_gives_its_phases_with_their_own_edges():
    offset = -1_760_077_000_000_000_000
    load, prefill, decode = ExecuTorch()(f"I 00:00:04 PyTorchObserver {json.dumps(OBSERVED)}", 0, offset)
    assert (load.name, load.start_ns, load.end_ns) == ("load", 800_721_000_000, 802_998_000_000)
    assert (prefill.name, prefill.count, prefill.end_ns - prefill.start_ns) == ("prefill", 14, 164_000_000)
    assert (decode.name, decode.count, decode.end_ns) == ("decode", 54, 804_187_000_000)
    assert decode.attributes["@measures"]["generated_tokens"] == 55, "the first is not among those it counts"


def test_a_model_that_answers_again_was_loaded_once():
    read = ExecuTorch()
    line = f"PyTorchObserver {json.dumps(OBSERVED)}"
    names = [one.name for _ in range(3) for one in read(line, 0, 0)]
    assert names == ["load", *["prefill", "decode"] * 3]
    again = {**OBSERVED, "model_load_start_ms": 1760077900000, "model_load_end_ms": 1760077900100}
    assert [one.name for one in read(f"PyTorchObserver {json.dumps(again)}", 0, 0)] == [
        "load",
        "prefill",
        "decode",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "nothing",
        "PyTorchObserver {",
        "PyTorchObserver 7",
        "PyTorchObserver []",
        "PyTorchObserver {}",
        'PyTorchObserver {"inference_start_ms": "x", "prompt_eval_end_ms": null}',
        'PyTorchObserver {"inference_start_ms": 9, "prompt_eval_end_ms": 5, "inference_end_ms": 9}',
        'PyTorchObserver {"inference_start_ms": 1e300, "prompt_eval_end_ms": 1e301}',
        "PyTorchObserver " + "[" * 5000,
    ],
)
def test_a_line_that_is_no_observers_gives_nothing(line):
    assert ExecuTorch()(line, 0, 0) == []


def test_phases_that_were_not_measured_are_left_out():
    without_load = {**OBSERVED, "model_load_start_ms": 0, "model_load_end_ms": 0}
    names = [one.name for one in ExecuTorch()(f"PyTorchObserver {json.dumps(without_load)}", 0, 0)]
    assert names == ["prefill", "decode"]


SERVER = """0.00.002.553 I srv    load_model: loading model 'models/tiny.gguf'
0.00.005.758 W llama_context: n_ctx_seq (2048) > n_ctx_train (512) -- possible training context overflow
0.00.015.347 I srv          init: model loaded
0.03.821.393 I slot launch_slot_: id  0 | task 0 | processing task, is_child = 0
0.03.823.931 I slot print_timing: id  0 | task 0 | prompt eval time =       1.76 ms /    56 tokens (    0.03 ms per token, 31782.07 tokens per second)
0.03.823.953 I slot print_timing: id  0 | task 0 |        eval time =       0.75 ms /     8 tokens (    0.11 ms per token,  9345.79 tokens per second)
0.03.823.965 I slot print_timing: id  0 | task 0 |       total time =       2.51 ms /    64 tokens
0.03.823.970 I slot print_timing: id  0 | task 0 | draft acceptance rate = 0.57576 (   19 accepted /    33 generated)
0.03.824.274 I slot      release: id  0 | task 0 | stop processing: n_tokens = 63, truncated = 0"""

PYTHON = """Llama.generate: 9 prefix-match hit, remaining 5 prompt tokens to eval
llama_perf_context_print:        load time =      63.06 ms
llama_perf_context_print: prompt eval time =     216.86 ms /     5 tokens (   43.37 ms per token,    23.06 tokens per second)
llama_perf_context_print:        eval time =       0.33 ms /     2 runs   (    0.16 ms per token,  6134.97 tokens per second)
llama_perf_context_print:       total time =     217.57 ms /     7 tokens
llama_perf_context_print:    graphs reused =          1"""

OLD = """llama_print_timings:        load time =   576.45 ms
llama_print_timings:      sample time =   283.10 ms /   400 runs   (    0.71 ms per token,  1412.91 tokens per second)
llama_print_timings: prompt eval time =   599.83 ms /    19 tokens (   31.57 ms per token,    31.68 tokens per second)
llama_print_timings:        eval time = 24513.59 ms /   399 runs   (   61.44 ms per token,    16.28 tokens per second)
llama_print_timings:       total time = 25431.49 ms"""


def read(reader, text, step_ns=1_000_000):
    found: list[PrintedEvent] = []
    for number, line in enumerate(text.splitlines()):
        found += reader(line, 100_000_000_000 + number * step_ns, 0)
    return found + reader.flush()


def test_llama_server_prints_tokens_whose_first_came_with_the_prompt():
    load, prefill, decode = read(LlamaCpp(), SERVER)
    assert (load.name, load.end_ns - load.start_ns, load.attributes["model"]) == (
        "load",
        2_000_000,
        "tiny.gguf",
    )
    assert (prefill.count, decode.count) == (56, 7)
    assert decode.end_ns - decode.start_ns == 750_000
    assert prefill.end_ns == decode.start_ns == 100_000_000_000 + 4_000_000 - 750_000
    measures = decode.attributes["@measures"]
    assert (measures["generated_tokens"], measures["drafted_tokens"], measures["accepted_tokens"]) == (
        8,
        33,
        19,
    )


def test_other_programs_print_runs_which_are_steps():
    prefill, decode = read(LlamaCpp(), PYTHON)
    assert (prefill.count, prefill.attributes["@measures"]["cached_tokens"], decode.count) == (5, 9, 2)
    assert decode.attributes["@measures"]["generated_tokens"] == 3
    prefill, decode = read(LlamaCpp(), OLD)
    assert (prefill.count, decode.count, decode.end_ns - decode.start_ns) == (19, 399, 24_513_590_000)


def test_answers_of_several_slots_are_kept_apart():
    two = SERVER.splitlines()[4:6]
    mixed = [
        two[0],
        two[0].replace("task 0", "task 7").replace("56 tokens", "11 tokens"),
        two[1].replace("task 0", "task 7"),
        two[1],
    ]
    counts = sorted(one.count for one in read(LlamaCpp(), "\n".join(mixed)) if one.name == "prefill")
    assert counts == [11, 56]


def test_other_lines_about_time_are_nothing():
    assert (
        read(LlamaCpp(), "the prompt eval time was long\neval time = soon\ntotal time = 3 ms / 4 tokens")
        == []
    )


def test_ollama_prints_durations_as_go_does():
    text = """total duration:       1m4.648s
load duration:        2.5s
prompt eval count:    26 token(s)
prompt eval duration: 130.079ms
prompt eval rate:     199.88 tokens/s
eval count:           259 token(s)
eval duration:        1m1.004s
eval rate:            4.25 tokens/s"""
    load, prefill, decode = read(Ollama(), text)
    assert load.end_ns - load.start_ns == 2_500_000_000
    assert (prefill.count, prefill.end_ns - prefill.start_ns) == (26, 130_079_000)
    assert (decode.count, decode.end_ns - decode.start_ns) == (258, 61_004_000_000)
    assert read(Ollama(), text.replace("2.5s", "7.4ms"))[0].name == "prefill"
    assert read(Ollama(), "eval rate: 4") == []


def test_every_format_makes_a_reader_of_its_own():
    assert FORMATS["llama.cpp"]() is not FORMATS["llama.cpp"]()
    for make in FORMATS.values():
        assert make()("nothing of it", 0, 0) == []
