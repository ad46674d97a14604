"""`TokenStreamer`: as transformers' `generate` calls it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from running_recording import Running, running_in

import powermeter


@pytest.fixture
def running(tmp_path) -> Iterator[Running]:
    with running_in(tmp_path) as one:
        yield one


class Kept:
    def __init__(self) -> None:
        self.values: list[object] = []

    def put(self, value: object) -> None:
        self.values.append(value)

    def end(self) -> None:
        self.values.append("end")


def test_the_first_put_is_the_prompt_and_each_further_one_a_step(running: Running) -> None:
    kept = Kept()
    streamer = powermeter.TokenStreamer("m", kept)
    prompt, step = np.zeros((2, 7), np.int64), np.zeros(2, np.int64)
    for value in (prompt, step, step, step):
        streamer.put(value)
    streamer.end()
    streamer.put([1, 2, 3])
    streamer.put(np.zeros(1, np.int64))
    streamer.end()
    first, second, third, fourth = running.end()
    assert (first.name, first.count, second.name, second.count) == ("prefill", 14, "decode", 4)
    assert second.measures["generated_tokens"] == 6
    assert (third.count, fourth.count, fourth.measures["generated_tokens"]) == (3, 0, 1)
    assert kept.values == [prompt, step, step, step, "end", [1, 2, 3], kept.values[6], "end"]


def test_an_end_without_tokens_is_nothing(running: Running) -> None:
    streamer = powermeter.TokenStreamer()
    streamer.end()
    streamer.put([1])
    streamer.end()
    assert running.end() == []


def test_the_counts_of_a_real_generate(running: Running) -> None:
    from frameworks import need

    need("torch", "transformers")
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(n_layer=1, n_head=2, n_embd=16, vocab_size=50, bos_token_id=1, eos_token_id=None)
    model = GPT2LMHeadModel(config).eval()
    ids = torch.randint(0, 50, (1, 9))
    made = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=6,
        do_sample=False,
        pad_token_id=0,
        streamer=powermeter.TokenStreamer("gpt2"),
    )
    prefill, decode = running.end()
    assert (prefill.count, decode.measures["generated_tokens"]) == (9, made.shape[1] - 9)
