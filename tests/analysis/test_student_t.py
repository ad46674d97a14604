"""Student's t against the tables of any textbook (two-sided 95 %)."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from powermeter.analysis.student_t import student_95, t_quantile, t_tail
from powermeter.result import COVERAGE_95
from powermeter.testing.boards import Run, simulate_run

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 10: 2.228, 30: 2.042, 120: 1.980}


@pytest.mark.parametrize(("freedom", "factor"), TABLE.items())
def test_the_factor_is_that_of_the_table(freedom: int, factor: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(factor, abs=6e-4)
    assert student_95(float(freedom)) == pytest.approx(factor, rel=0.007)
    assert t_tail(factor, freedom) == pytest.approx(0.05, abs=2e-4)


@pytest.mark.parametrize("share", [1e-9, 0.001, 0.025, 0.4, 0.6, 0.8, 0.975, 0.9999])
def test_of_one_and_two_degrees_it_is_the_closed_form(share: float) -> None:
    """ν = 1: tan(π (p − ½)); ν = 2: (2p − 1)/√(2 p (1 − p))."""
    assert t_quantile(share, 1) == pytest.approx(math.tan(math.pi * (share - 0.5)), rel=1e-7)
    assert t_quantile(share, 2) == pytest.approx(
        (2 * share - 1) / math.sqrt(2 * share * (1 - share)), rel=1e-12
    )


@pytest.mark.parametrize("freedom", [1.2, 2.5, 4, 7.3, 30, 99, 100, 101, 1e3, 1e5, 9e5])
def test_it_is_scipys_on_either_side(freedom: float) -> None:
    for share in (1e-9, 1e-4, 0.01, 0.1, 0.4, 0.5, 0.6, 0.9, 0.975, 0.9999):
        found = t_quantile(share, freedom)
        assert found == pytest.approx(float(stats.t.ppf(share, freedom)), rel=1e-10, abs=1e-15)
        assert t_tail(found, freedom) == pytest.approx(2 * float(stats.t.sf(abs(found), freedom)), rel=1e-9)


def test_the_ends_of_student_s_t() -> None:
    assert (t_quantile(0.0, 3), t_quantile(0.5, 3), t_quantile(1.0, 3)) == (-math.inf, 0.0, math.inf)
    assert (t_tail(0.0, 5), t_tail(math.inf, 5), t_tail(-2.0, 0.2)) == (1.0, 0.0, t_tail(2.0, 1.0))
    assert math.isnan(t_quantile(0.975, math.nan)) and t_quantile(0.975, 0.2) == t_quantile(0.975, 1.0)


@pytest.mark.thorough
def test_a_recording_that_is_known_well_is_shown_without_what_takes_long_to_import(tmp_path: Path) -> None:
    simulate_run(tmp_path / "run.power", "pi-4", run=Run(inferences=6))
    code = "import sys\nfrom powermeter import cli\nassert cli.run(sys.argv[1:]) == 0\nassert 'scipy' not in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code, "show", tmp_path / "run.power"], stdout=subprocess.PIPE, check=True
    )


@pytest.mark.parametrize("freedom", [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0, 50.0])
def test_the_quick_factor_is_as_near_as_it_states(freedom: float) -> None:
    """Against scipy's: 0.02 at 3, 0.001 at 6; what the series leaves out is of the order of ν⁻⁵."""
    off = float(student_95(freedom)) - float(stats.t.ppf(0.975, freedom))
    if freedom < 3:
        assert abs(off) < 0.03 * float(stats.t.ppf(0.975, freedom))
    else:
        assert abs(off) < max(1.2 / freedom**5, 1e-12)


def test_many_degrees_of_freedom_are_the_normal() -> None:
    assert t_quantile(0.975, math.inf) == pytest.approx(COVERAGE_95, rel=1e-12)
    assert student_95(1e9) == pytest.approx(COVERAGE_95, rel=1e-8)
    assert t_tail(COVERAGE_95, math.inf) == pytest.approx(0.05, rel=1e-9)


def test_arrays_give_arrays_that_fall_with_freedom() -> None:
    factors = student_95(np.arange(1.0, 200.0, 0.25))
    assert factors.shape == (796,) and bool(np.all(np.diff(factors) < 0.02)) and factors[-1] < 1.98
