"""llama-cpp-python: what its `generate` evaluates and returns; the real one counts alike where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import powermeter


class Llama:
    """Evaluates as llama-cpp-python 0.3.36 does: a prefix that it knows is cut off."""

    model_path = "/models/tiny.gguf"

    def __init__(self) -> None:
        self._known: list[int] = []

    def eval(self, tokens: list[int]) -> None:
        self._known += tokens

    def generate(self, tokens: list[int], top_k: int = 40) -> Iterator[int]:
        prefix = next(
            (i for i, (a, b) in enumerate(zip(tokens[:-1], self._known, strict=False)) if a != b), 0
        )
        self._known, tokens = self._known[:prefix], list(tokens[prefix:])
        while True:
            self.eval(tokens)
            more = yield len(self._known)
            tokens = [len(self._known), *(more or ())]

    def __call__(self, prompt: list[int], most: int) -> list[int]:
        made: list[int] = []
        for token in self.generate(prompt, top_k=1):
            made.append(token)
            if len(made) >= most:
                break
        return made


Llama.__module__ = "llama_cpp.llama"


def test_what_the_cache_holds_is_not_counted_as_processed(running) -> None:
    model = powermeter.watch(Llama(), variant="q4")
    plain = Llama()
    assert model([1, 2, 3, 4], 5) == plain([1, 2, 3, 4], 5)
    assert model([1, 2, 9, 9, 9], 1) == plain([1, 2, 9, 9, 9], 1)
    first, second, third, fourth = running.end()
    assert (first.name, first.count, first.measures["cached_tokens"]) == ("prefill", 4, 0)
    assert (second.count, second.measures["generated_tokens"]) == (4, 5)
    assert (third.count, third.measures["cached_tokens"], fourth.count) == (3, 2, 0)
    assert second.attributes == {"model": "tiny.gguf", "variant": "q4"}


def test_what_is_sent_into_the_generator_arrives(running) -> None:
    stream = powermeter.watch(Llama()).generate([1])
    assert [next(stream), stream.send([7, 7]), next(stream)] == [1, 4, 5]
    stream.close()
    assert [event.name for event in running.end()] == ["prefill", "decode"]


def test_outside_a_recording_it_is_as_it_was() -> None:
    assert powermeter.watch(Llama())([1, 2], 3) == Llama()([1, 2], 3)


if (
    find_spec("llama_cpp") is not None and find_spec("gguf") is not None
):  # it has no wheels: built by whoever wants to

    def test_the_real_one_counts_alike(running, tmp_path: Path) -> None:
        import llama_cpp
        import tiny_gguf

        path = tmp_path / "tiny.gguf"
        tiny_gguf.write(path)
        model = powermeter.watch(
            llama_cpp.Llama(str(path), n_ctx=256, verbose=False, n_threads=1, no_perf=False)
        )
        own: list[tuple[int, int]] = []
        for prompt, most in (("abc def", 9), ("abc def ghi", 4), ("xyz xyz", 3)):
            llama_cpp.llama_perf_context_reset(model._ctx.ctx)
            model.create_completion(prompt, max_tokens=most)
            found = llama_cpp.llama_perf_context(model._ctx.ctx)
            own.append((found.n_p_eval, found.n_eval))
        events = running.end()
        prefills = [event.count for event in events if event.name == "prefill"]
        decodes = [event.count for event in events if event.name == "decode"]
        assert own == list(zip(prefills, decodes, strict=True))
