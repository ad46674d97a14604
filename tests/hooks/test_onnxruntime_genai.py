"""ONNX Runtime GenAI's generator, as its documentation and benchmark use it."""

from __future__ import annotations

import gc

import numpy as np

import powermeter


class Generator:
    """Done after so many tokens."""

    def __init__(self, most: int) -> None:
        self._left = most
        self.tokens: list[int] = []

    def append_tokens(self, tokens: object) -> None:
        self.tokens.append(len(np.atleast_2d(np.asarray(tokens))[0]))

    def generate_next_token(self) -> None:
        self._left -= 1

    def is_done(self) -> bool:
        return self._left <= 0

    def token_count(self) -> int:
        return 42


class Tokenizer:
    def encode(self, text: str) -> list[int]:
        return [1]


for kind in (Generator, Tokenizer):
    kind.__module__ = "onnxruntime_genai.onnxruntime_genai"


def test_the_first_token_ends_the_prefill(running) -> None:
    generator = powermeter.watch(Generator(5), "phi")
    generator.append_tokens([1, 2, 3])
    while not generator.is_done():
        generator.generate_next_token()
    assert generator.token_count() == 42
    prefill, decode = running.end()
    assert (prefill.count, decode.count, decode.measures["generated_tokens"]) == (3, 4, 5)
    assert decode.attributes["model"] == "phi"


def test_a_batch_counts_all_its_sequences_and_one_given_up_is_marked(running) -> None:
    generator = powermeter.watch(Generator(50))
    generator.append_tokens(np.zeros((2, 8), np.int32))
    for _ in range(3):
        generator.generate_next_token()
    del generator
    gc.collect()
    prefill, decode = running.end()
    assert (prefill.count, decode.count, decode.measures["generated_tokens"]) == (16, 4, 6)


def test_what_is_no_generator_stays_as_it_is() -> None:
    one = Tokenizer()
    assert powermeter.watch(one) is one
