"""The events of a request: what counts as a step, and what is told of when it was."""

from __future__ import annotations

import pytest

from powermeter.hooks.tokens.prefill_and_decode import loading, phases_of
from powermeter.hooks.tokens.request import Request


def test_the_first_token_comes_with_the_prefill() -> None:
    request = Request(
        1_000, 9_000, prefill_ns=2_000, first_ns=4_000, model="/models/a.gguf", prompt=30, cached=12
    )
    request.generated = 8
    prefill, decode = phases_of(request)
    assert (prefill.name, prefill.start_ns, prefill.end_ns, prefill.count) == ("prefill", 2_000, 4_000, 30)
    assert (decode.name, decode.start_ns, decode.end_ns, decode.count) == ("decode", 4_000, 9_000, 7)
    assert prefill.attributes["model"] == "a.gguf"
    measures = prefill.attributes["@measures"]
    assert (measures["cached_tokens"], measures["first_tokens"]) == (12, 1)
    assert measures["waited_s"] == pytest.approx(1e-6)
    assert decode.attributes["@measures"]["generated_tokens"] == 8
    assert measures["request"] == decode.attributes["@measures"]["request"]


def test_an_answer_of_one_token_has_no_step_and_one_without_a_count_no_number() -> None:
    assert phases_of(Request(0, 5, first_ns=5, generated=1))[1].count == 0
    assert phases_of(Request(0, 5, first_ns=2))[1].count is None


def test_nobody_told_when_the_first_token_was() -> None:
    (one,) = phases_of(Request(0, 5, generated=4, prompt=9))
    assert (one.name, one.count, one.attributes["@measures"]["prompt_tokens"]) == ("request", 4, 9)


def test_times_never_run_backwards() -> None:
    prefill, decode = phases_of(Request(10, 5, prefill_ns=20, first_ns=8, generated=3))
    assert prefill.start_ns <= prefill.end_ns <= decode.start_ns <= decode.end_ns
    assert loading(5, 1).end_ns == 5
