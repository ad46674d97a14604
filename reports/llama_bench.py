"""llama-bench's table with joules per token beside tokens per second.

powermeter record -o run.power --events-from llama-bench -- llama-bench --progress -o jsonl -m model.gguf
python -m powermeter.reports.llama_bench run.power
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.tokens import measures as token_measures
from powermeter.errors import DataError, PowermeterError
from powermeter.recording import Recording
from powermeter.result import Result
from powermeter.units import format_number

_TESTS = {token_measures.PREFILL: "pp", token_measures.DECODE: "tg"}


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One row: `pp512` or `tg128` of a model.

    Attributes:
        model: Its name.
        test: `pp` or `tg` with the number of tokens.
        runs: How many.
        tokens_per_s: In all runs.
        per_token: In J; None where it is not known.
    """

    model: str
    test: str
    runs: int
    tokens_per_s: float
    per_token: Result | None


def bench_rows(recording: Recording) -> list[BenchRow]:
    """Return the rows of a recording of llama-bench.

    Raises:
        DataError: It holds no events of llama-bench.
    """
    a = analyse(recording)
    groups: dict[tuple[str, str], list[int]] = {}
    for i, event in enumerate(a.events):
        if event.name in _TESTS and event.count and a.energies.seconds[i] > 0:
            key = (str(event.attributes.get("model", "")), f"{_TESTS[event.name]}{event.count:g}")
            groups.setdefault(key, []).append(i)
    if not groups:
        raise DataError(
            f"{recording.path.name}: no tests of llama-bench; record with --events-from llama-bench -- llama-bench --progress …"
        )
    return [_test(a, model, test, index) for (model, test), index in groups.items()]


def _test(a: Analysis, model: str, test: str, index: Sequence[int]) -> BenchRow:
    known = [i for i in index if a.energies.known[i]]
    tokens = sum(a.events[i].count or 0 for i in index)
    seconds = float(a.energies.seconds[list(index)].sum())
    energy = None
    if known and len(known) == len(index):
        weights = np.zeros(len(a.energies))
        weights[known] = 1.0
        energy = a.energies.combine(weights, f"{model} {test}").scaled(1 / tokens)
    return BenchRow(model, test, len(index), tokens / seconds, energy)


def to_markdown(found: Sequence[BenchRow]) -> str:
    """Return the table as llama-bench writes it, with energy."""
    lines = ["| model | test | t/s | J/t | t/J | grade |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for one in found:
        cells = ["–", "–", "–"]
        if one.per_token is not None:
            rate = format_number(1 / one.per_token.value, 3) if one.per_token.value > 0 else "–"
            cells = [one.per_token.show().text, rate, one.per_token.grade.value]
        name = "".join(c if c.isprintable() and c != "|" else " " for c in one.model) or "–"
        lines.append(f"| {name} | {one.test} | {format_number(one.tokens_per_s, 4)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of a recording; returns the exit status."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if len(typed) != 1:
        print("usage: python -m powermeter.reports.llama_bench RUN.power", file=sys.stderr)
        return 2
    try:
        with Recording.open(Path(typed[0])) as recording:
            print(to_markdown(bench_rows(recording)))
    except PowermeterError as error:
        print(f"powermeter: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
