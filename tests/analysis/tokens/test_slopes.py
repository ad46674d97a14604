"""The energy of a further token by regression, against leaving out one request after the other."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.tokens import measures
from powermeter.analysis.tokens.slopes import LEAST, Slopes, slopes
from powermeter.result import Grade, Result

NS = 1_000_000_000
PROMPT = [10, 40, 20, 80, 30, 60, 15, 70, 25, 50, 35, 90]
MADE = [100, 20, 60, 30, 90, 10, 50, 70, 20, 80, 40, 60]
REST = [0.3, -0.2, 0.1, 0.4, -0.5, 0.2, -0.1, 0.3, -0.4, 0.1, -0.3, 0.1]


class _Energies(SimpleNamespace):
    def __len__(self) -> int:
        return int(self.value.size)

    def combine(self, weights: np.ndarray, _: str) -> Result:
        """Return the sum of what is asked for: 1 % of gain, a noise of 9 J and 7 J of edges."""
        joules = float(self.value @ weights)
        parts = {"gain:meter": 0.01 * joules, "noise:meter": 9.0, "edges:meter": 7.0}
        return Result.of(joules, "J", parts, Grade.MEASURED)


def found(
    prompt: Any = PROMPT, made: Any = MADE, rest: Any = REST, last_s: float = 5.0, known: Any = None
) -> Slopes:
    """Return the slopes of requests of 2 J, 0.05 J a prompt token and 0.4 J a generated one; the fifth lasts so long, of ten seconds."""
    n = len(prompt)
    start = np.arange(n) * 10 * NS
    end = start + 5 * NS
    end[4] = start[4] + round(last_s * NS)
    used = [2 + 0.05 * (p or 0) + 0.4 * (m or 0) + r for p, m, r in zip(prompt, made, rest, strict=True)]
    energies = _Energies(
        value=np.array(used),
        known=np.ones(n, bool) if known is None else np.array(known),
        start_ns=start,
        end_ns=end,
    )
    events = [
        SimpleNamespace(
            measures={
                name: value
                for name, value in ((measures.PROMPT, p), (measures.GENERATED, m))
                if value is not None
            }
        )
        for p, m in zip(prompt, made, strict=True)
    ]
    analysis: Any = SimpleNamespace(
        energies=energies, events=events, integral=SimpleNamespace(trace=SimpleNamespace(own="meter"))
    )
    return slopes(analysis, np.arange(n), None)


def test_energies_on_a_plane_have_its_slopes_and_only_the_gain_in_doubt() -> None:
    plane = found(rest=[0.0] * 12)
    for got, joules in ((plane.fixed, 2.0), (plane.prompt, 0.05), (plane.generated, 0.4)):
        assert got is not None and got.value == pytest.approx(joules)
        assert got.parts["gain:meter"] == pytest.approx(0.01 * joules)
        assert not any(part.startswith(("noise:", "edges:")) for part in got.parts)
        assert got.grade is Grade.DERIVED


def test_scatter_counts_as_leaving_out_each_request_shows_it() -> None:
    """HC3 is the sum of the squares by which the fit moves when one request is left out; 9 degrees of freedom are left of 12."""
    scattered = found()
    design = np.column_stack([np.ones(12), PROMPT, MADE])
    used = 2 + design[:, 1] * 0.05 + design[:, 2] * 0.4 + np.array(REST)
    whole = np.linalg.lstsq(design, used, rcond=None)[0]
    without = [np.linalg.lstsq(np.delete(design, i, 0), np.delete(used, i), rcond=None)[0] for i in range(12)]
    moved = np.sqrt(np.sum((np.array(without) - whole) ** 2, axis=0)) * student.ppf(0.975, 9) / 1.959964
    named = ((scattered.fixed, "request"), (scattered.prompt, "prompt token"))
    for k, (got, name) in enumerate((*named, (scattered.generated, "generated token"))):
        assert got is not None and got.value == pytest.approx(float(whole[k]))
        assert got.parts[f"repeats:{name} meter"] == pytest.approx(float(moved[k]), rel=1e-3)


def test_two_of_twelve_requests_at_the_same_time_cannot_be_divided() -> None:
    assert found(last_s=10.0).why == "", "one begins when the one before it ends"
    late = found(last_s=10.5)
    assert late.why == "requests ran at the same time" and late.prompt is late.generated is late.fixed is None


@pytest.mark.parametrize(
    ("changed", "requests"),
    [
        ({"known": [True] * 11 + [False]}, 11),
        ({"prompt": [None, *PROMPT[1:]]}, 11),
        ({"made": [*MADE[:10], None, None]}, 10),
    ],
)
def test_twelve_requests_whose_tokens_and_energies_are_known_are_the_least(
    changed: dict[str, Any], requests: int
) -> None:
    assert LEAST == 12
    assert found(**changed).why == f"{requests} requests with known tokens; at least 12 are needed"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("prompt", "made"),
    [
        (PROMPT, [50] * 12),  # all answers alike
        ([50] * 12, MADE),
        (PROMPT, [2 * p for p in PROMPT]),  # the longer the prompt, the longer the answer
        ([100, 110] * 6, MADE),  # a deviation of 5 of 105: 4.8 % of 10 %
    ],
)
def test_what_does_not_vary_by_itself_has_no_slope(prompt: list[int], made: list[int]) -> None:
    assert found(prompt, made).why == "prompts and answers must vary in length, each by itself"


def test_a_tenth_of_the_mean_is_variation_enough() -> None:
    """90 and 111: a deviation of 10.5 of a mean of 100.5."""
    assert math.isclose(np.std([90, 111]) / 100.5, 0.1045, rel_tol=1e-3)
    assert found([90, 111, 111, 90] * 3, MADE).why == ""


@pytest.mark.parametrize(("apart", "why"), [(0.31, "must vary"), (0.35, "")])
def test_answers_that_follow_prompts_but_for_a_tenth_of_their_variance_have_no_slope(
    apart: float, why: str
) -> None:
    """Two patterns at right angles, the second k times the first: 1 − r² is k²/(1 + k²), 8.8 % and 10.9 %."""
    along, across = np.array([1, 1, -1, -1] * 3), np.array([1, -1, 1, -1] * 3)
    made = 100 + 30 * (along + apart * across)
    assert (why in found((100 + 30 * along).tolist(), made.tolist()).why) and (
        bool(why) is (found((100 + 30 * along).tolist(), made.tolist()).prompt is None)
    )
