"""The `power` fixture, in sessions of pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import numpy  # noqa: F401 – a session inside of this process cannot load it a second time
import pytest
import scipy.special
import scipy.stats  # noqa: F401

import powermeter.comparison.compare
import powermeter.comparison.experiments

pytestmark = pytest.mark.thorough

pytest_plugins = ["pytester"]

SOURCE = "virtual://?rate=500Hz&shape=constant&high={watts}W"
MEASURED = """
    import itertools, time
    import pytest
    from powermeter.comparison import experiments, taking_turns
    from powermeter.marking import event_log, span

    def test_sleep(power, monkeypatch):
        assert power.meter.path  # it records from here on
        clock, lasts = [time.monotonic_ns()], itertools.cycle([4_000_000, 4_010_000, 4_030_000])

        def call():
            time.sleep(0.0041)  # never behind the clock
            clock[0] += next(lasts)

        for module in (experiments, taking_turns):
            monkeypatch.setattr(module, "now_ns", lambda: clock[0])
        for module in (span, event_log):
            monkeypatch.setattr(module, "_clock", lambda: clock[0])
        for _ in range(50):
            used = power.measure(call, most=10, at_least_s=0.02)
            if used.per_item is not None and used.per_item.low > 0.5 * used.per_item.value:
                break  # the recorder was not held up: the readings have no hole
        assert power.label.endswith("::test_sleep")
        {then}
"""
"""At a constant power a call uses what it lasts, on a clock that only it moves, however busy the machine is."""


def registered() -> Sequence[str]:
    """What brings the plugin into a session: nothing where an installation has registered it."""
    return (
        ()
        if any(e.name == "powermeter" for e in entry_points(group="pytest11"))
        else ("-p", "powermeter.testing.plugin")
    )


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Have the inner sessions not take themselves for workers of the outer one."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.fixture
def run(pytester: pytest.Pytester):
    def run(then: str = "", *options: str, watts: float = 3) -> pytest.RunResult:
        if then is not None:
            pytester.makepyfile(MEASURED.format(then=then))
        return pytester.runpytest_inprocess(
            *registered(),
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--power-source",
            SOURCE.format(watts=watts),
            *options,
        )

    return run


def test_what_was_measured_is_printed(run):
    result = run("assert 0.005 < used.per_item.value < 0.1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= power =*", "*::test_sleep: * mJ*per call"])


def test_a_budget_fails_only_beyond_doubt(run):
    run('power.budget(used, "1J"); power.budget(used, 1.0)').assert_outcomes(passed=1)
    result = run('power.budget(used, "0.1mJ")')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_sleep uses * mJ*per call, more than the 100 *J allowed*"])


def test_a_budget_inside_of_the_interval_is_a_warning_or_strict(run):
    inside = "power.budget(used.per_item, used.per_item.value{})"
    run(inside.format("")).assert_outcomes(passed=1, warnings=1)
    run(inside.format(", strict=True")).assert_outcomes(failed=1)


def test_growth_against_stored_runs_fails(run, pytester):
    stored = str(pytester.path / "stored")
    for _ in range(2):
        run("", "--power-save", stored).assert_outcomes(passed=1)
    assert len(list(Path(stored).glob("*.power"))) == 2
    same = "row = power.regression(used, margin=0.5); assert row is not None"
    run(same, "--power-baseline", stored).assert_outcomes(passed=1)
    result = run(same, "--power-baseline", stored, watts=9)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_sleep: *more*; 2 stored runs; 50 % more is allowed*"])


def test_one_stored_run_shows_no_spread_and_is_only_warned_of(run, pytester):
    stored = str(pytester.path / "stored")
    run("", "--power-save", stored)
    run("power.regression(used)", "--power-baseline", stored, watts=9).assert_outcomes(passed=1, warnings=1)


def test_without_a_baseline_it_is_named_how_to_make_one(run):
    result = run("assert power.regression(used) is None")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*no stored recording has*--power-save DIR*"])


def test_where_nothing_can_be_measured_it_is_skipped_with_the_reason(pytester):
    pytester.makepyfile("def test_it(power): raise AssertionError\ndef test_too(power): raise AssertionError")
    result = pytester.runpytest_inprocess(*registered(), "-p", "no:xdist", "--power-source", "rapl://nowhere")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(
        ["*= power =*", "2 tests skipped, power: *rapl*"]
    )  # without -rs, which few add


def test_an_estimate_is_no_measurement(pytester, monkeypatch):
    from powermeter.recorder import source_choice

    monkeypatch.setattr(source_choice, "best_sources", lambda: (("estimate://",), ""))
    pytester.makepyfile("def test_it(power): raise AssertionError")
    result = pytester.runpytest_inprocess(*registered(), "-rs", "-p", "no:xdist")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*nothing here can be measured*"])


def test_tests_beside_each_other_are_not_measured(run, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    result = run("", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*run pytest with -n 0*"])


def test_an_event_of_the_test_is_in_the_recording(run, pytester):
    run('with power.event("load", n=4): time.sleep(0.01)', "--power-save", str(pytester.path / "kept"))
    (path,) = (pytester.path / "kept").glob("*.power")
    with powermeter.open(path) as recording:
        names = {event.name.partition("::")[2]: event.count for event in recording.events()}
    assert names["test_sleep load"] == 4 and "test_sleep" in names


def test_the_plugin_imports_nothing_heavy():
    code = "import sys, pytest; before = set(sys.modules); import powermeter.testing.plugin; print(sorted(m for m in set(sys.modules) - before if m in {'numpy', 'scipy', 'click', 'rich', 'powermeter.meter'}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
