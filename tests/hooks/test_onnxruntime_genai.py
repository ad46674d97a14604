"""ONNX Runtime GenAI's generator, as its documentation and benchmark use it."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from frameworks import need_here

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


@pytest.mark.thorough
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


def tiny_model(folder: Path) -> Path:
    """Return the folder of a Llama of 4 layers with random weights, made and converted on the spot."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE(unk_token="<unk>"))
    words.pre_tokenizer, words.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    words.train_from_iterator(["the quick brown fox jumps over the lazy dog"] * 20, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    torch.manual_seed(0)
    sizes = {"vocab_size": 400, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4}
    heads = {"num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 512}
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, bos_token_id=1, eos_token_id=2))
    model.save_pretrained(folder / "hugging_face")
    tokenizer.save_pretrained(folder / "hugging_face")
    made = folder / "genai"
    convert = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-p", "fp32", "-e", "cpu"]
    places = ["-i", str(folder / "hugging_face"), "-o", str(made), "-c", str(folder / "cache")]
    done = subprocess.run([*convert, *places], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.timeout(400)
def test_a_real_model_counts_as_it_does_itself(running, tmp_path) -> None:
    need_here("onnxruntime_genai", "onnx_ir", "torch", "transformers")
    import onnxruntime_genai as og

    model = og.Model(str(tiny_model(tmp_path)))
    prompt = og.Tokenizer(model).encode("the quick brown fox")
    made = []
    for wanted in (5, 8):
        parameters = og.GeneratorParams(model)
        parameters.set_search_options(min_length=len(prompt) + wanted, max_length=len(prompt) + wanted)
        generator = powermeter.watch(og.Generator(model, parameters), "tiny")
        generator.append_tokens(prompt)
        while not generator.is_done():
            generator.generate_next_token()
        made.append(len(generator.get_sequence(0)) - len(prompt))
    found = running.end()
    assert made == [5, 8]
    assert [(event.name, event.count) for event in found if event.name == "prefill"] == [
        ("prefill", len(prompt))
    ] * 2
    assert [event.measures["generated_tokens"] for event in found if event.name == "decode"] == made
    assert [event.count for event in found if event.name == "decode"] == [4, 7]
