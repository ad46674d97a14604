"""What engines report, each in its own names; a count that cannot be right is not one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.hooks.tokens.reported_counts import Usage, has_text, is_begun

# As llama-server (build of October 2026) sent it.
LLAMA = {
    "choices": [],
    "model": "tiny.gguf",
    "usage": {
        "completion_tokens": 3,
        "prompt_tokens": 56,
        "total_tokens": 59,
        "prompt_tokens_details": {"cached_tokens": 55},
    },
    "timings": {
        "cache_n": 55,
        "prompt_n": 1,
        "prompt_ms": 0.224,
        "predicted_n": 3,
        "predicted_ms": 0.33,
        "draft_n": 10,
        "draft_n_accepted": 7,
    },
}
OLLAMA = {
    "model": "llama3.2",
    "done": True,
    "total_duration": 4_883_583_458,
    "load_duration": 1_334_875,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 342_546_000,
    "eval_count": 282,
    "eval_duration": 4_535_599_000,
}


def taken(*pieces: object) -> Usage:
    usage = Usage()
    for piece in pieces:
        usage.take(piece)
    return usage


def test_llama_cpp_reports_processed_and_cached_tokens_apart() -> None:
    found = taken(LLAMA)
    assert (found.model, found.prompt, found.cached, found.generated) == ("tiny.gguf", 1, 55, 3)
    assert (found.drafted, found.accepted) == (10, 7)
    assert found.prompt_s == pytest.approx(0.000224)


def test_a_prompt_of_openai_holds_its_cached_tokens_and_one_of_anthropic_does_not() -> None:
    openai = taken(
        {
            "usage": {
                "prompt_tokens": 50,
                "completion_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 40},
            }
        }
    )
    assert (openai.prompt, openai.cached, openai.generated) == (10, 40, 9)
    anthropic = taken(
        {
            "type": "message_start",
            "message": {"usage": {"input_tokens": 10, "cache_read_input_tokens": 40, "output_tokens": 1}},
        },
        {"type": "message_delta", "usage": {"output_tokens": 9}},
    )
    assert (anthropic.prompt, anthropic.cached, anthropic.generated) == (10, 40, 9)


def test_durations_of_ollama_are_nanoseconds_and_a_count_of_zero_is_left_out_by_it() -> None:
    found = taken({"model": "llama3.2", "response": "a", "done": False}, OLLAMA)
    assert (found.prompt, found.generated) == (26, 282)
    assert (found.prompt_s, found.generated_s) == pytest.approx((0.342546, 4.535599))
    assert taken({"done": True, "total_duration": 5}).generated == 0


def test_tokens_that_ollama_reads_from_its_cache_are_not_processed() -> None:
    """From docs.ollama.com/api/usage: the count is the whole prompt's, the duration that of the tokens not cached."""
    found = taken({**OLLAMA, "prompt_eval_cached_count": 8})
    assert (found.prompt, found.cached) == (18, 8)
    assert taken(OLLAMA).cached is None


def test_objects_with_attributes_are_read_alike() -> None:
    usage = SimpleNamespace(prompt_tokens=7, completion_tokens=2, prompt_tokens_details=None)
    assert taken(SimpleNamespace(model="m", usage=usage)).generated == 2


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e12, "12", True, None, [3]])
def test_what_is_no_count_is_not_taken(value: object) -> None:
    assert taken({"usage": {"completion_tokens": value}}).generated is None
    assert taken({"timings": {"predicted_n": value}}).generated is None
    assert taken({"eval_count": value}).generated is None


def test_pieces_without_tokens_are_none() -> None:
    for piece in (None, "text", 7, [], {}, {"usage": "many"}, {"choices": []}, {"error": {"message": "no"}}):
        assert not taken(piece).is_counted
        assert not has_text(piece)


def test_the_role_comes_with_the_first_token_and_progress_before_it() -> None:
    assert is_begun({"choices": [{"delta": {"role": "assistant", "content": None}}]})
    assert not has_text({"choices": [{"delta": {"role": "assistant", "content": None}}]})
    assert not is_begun({"choices": [{"delta": {}}], "prompt_progress": {"processed": 3}})
    assert has_text({"choices": [{"delta": {"reasoning_content": "hm"}}]})
    assert has_text({"type": "content_block_delta", "delta": {"text": "a"}})
