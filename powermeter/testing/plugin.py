"""Energy in tests: the `power` fixture of pytest, with budgets and regressions against stored recordings.

::

    def test_an_inference_stays_cheap(power):
        used = power.measure(lambda: model(x), budget="5mJ")
        power.budget(used, "5mJ")

A test fails only where the interval shows it: a budget that the interval holds is neither kept nor broken, and is warned of.
Where nothing can be measured the test is skipped, with the reason.  pytest loads this file in every run, so it imports nothing
heavy until the fixture is used.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from powermeter.errors import plural
from powermeter.testing.energy_budget import PowerWarning, check_budget, joules

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from powermeter.comparison.benchmark import Benchmark
    from powermeter.comparison.contrast import Contrast
    from powermeter.meter import Meter
    from powermeter.result import Result

_LEAST_RUNS = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("powermeter", "energy of tests (the power fixture)")
    group.addoption(
        "--power-source", action="append", default=[], metavar="URL", help="what to record; the best there is"
    )
    group.addoption(
        "--power-save", metavar="DIR", help="keep this run's recording there, as one of the baseline"
    )
    group.addoption(
        "--power-baseline", metavar="DIR", help="the recordings that power.regression compares with"
    )
    group.addoption(
        "--power-margin",
        type=float,
        default=0.05,
        metavar="SHARE",
        help="growth that is allowed (default: 0.05)",
    )
    parser.addini("power_baseline", "the recordings that power.regression compares with")


class Power:
    """What a test measures, and asserts of it.

    Args:
        meter: The session's, running.
        label: The test's own.
        lines: What is printed at the end of the session.
        config: The options.
    """

    def __init__(self, meter: Meter, label: str, lines: list[str], config: pytest.Config) -> None:
        self.meter = meter
        self.label = label
        self._lines = lines
        self._config = config

    def event(self, name: str = "", n: float | None = 1, **attributes: Any) -> AbstractContextManager[Any]:
        """Return an event of this test, for `with`."""
        return self.meter.event(self._named(name), n, **attributes)

    def measure(
        self,
        function: Callable[[], Any],
        *,
        name: str = "",
        precision: float = 0.05,
        at_most: str | float = "30s",
        most: int | None = None,
        at_least_s: float = 0.2,
        budget: str | float | None = None,
    ) -> Benchmark:
        """Return what one call of a function uses, repeated until that is known, 30 times at least.

        With a budget it ends too as soon as it is known whether a call uses more, after 15 repeats at least: 3 s and what the
        recorder takes to write them.

        Args:
            name: Where a test measures several things.
            precision: Half-width of the 95 % interval over the mean.
            at_most: The longest it may take.
            most: The largest number of repeats.
            at_least_s: A function is called so often in a row that one event lasts this long, in s.
            budget: What a call may use: `5mJ`, or J; to be handed to `budget` as well.
        """
        from powermeter.analysis.stopping import LEAST, LEAST_TO_DECIDE
        from powermeter.comparison.experiments import Setup, bench

        least = LEAST if budget is None else LEAST_TO_DECIDE
        made = bench(
            function,
            precision=precision,
            at_most=at_most,
            most=most,
            at_least=min(least, most or least),
            name=self._named(name),
            setup=Setup(meter=self.meter, at_least_s=at_least_s),
            budget_j=None if budget is None else joules(budget),
        )
        self._lines.append(f"{self._named(name)}: {made.per_item or 'not known'} per call")
        return made

    def budget(self, used: Benchmark | Result, limit: str | float, *, strict: bool = False) -> None:
        """Fail where more is used than a limit, beyond doubt.

        Args:
            used: What `measure` returned, or an energy.
            limit: `5mJ`, or J.
            strict: Whether to fail unless it is shown to be less, too.
        """
        energy: Any = getattr(used, "per_item", used)
        check_budget(self.label, energy, limit, strict=strict)

    def regression(self, used: Benchmark | None = None, *, margin: float | None = None) -> Contrast | None:
        """Fail where this test's energy has grown beyond a margin, against the recordings of `--power-baseline`.

        It compares with the runs of the baseline and what they differ by among themselves; one alone shows nothing of that, and is
        only warned of.  Return the comparison; None where there is nothing to compare with.

        Args:
            used: What `measure` returned; all of the test's own events where None.
            margin: Growth that is allowed, as a share; that of `--power-margin` where None.
        """
        from powermeter.comparison.compare import compare
        from powermeter.comparison.options import CompareOptions
        from powermeter.comparison.verdict import Verdict
        from powermeter.errors import DataError
        from powermeter.units import format_percent

        label = self.label if used is None else used.loop.name
        stored = self._baseline(label)
        if not stored:
            warnings.warn(
                f"no stored recording has {label}; run pytest with --power-save DIR",
                PowerWarning,
                stacklevel=2,
            )
            return None
        allowed = self._config.getoption("power_margin") if margin is None else margin
        try:
            row = compare(
                stored, [str(self.meter.path)], label=label, options=CompareOptions(margin=allowed)
            ).row()
        except DataError as error:
            warnings.warn(f"{label}: {error}", PowerWarning, stacklevel=2)
            return None
        text = f"{label}: {row.text}; {plural(len(stored), 'stored run')}"
        self._lines.append(text)
        # The interval of the change holds what the stored runs differ by among themselves.
        has_grown = row.ratio is not None and row.ratio.low - 1 > allowed
        if has_grown and len(stored) >= _LEAST_RUNS:
            pytest.fail(f"{text}; {format_percent(allowed)} more is allowed", pytrace=False)
        if has_grown or row.verdict is Verdict.CANNOT_TELL:
            warnings.warn(text, PowerWarning, stacklevel=2)
        return row

    def _named(self, name: str) -> str:
        return f"{self.label} {name}".rstrip()

    def _baseline(self, label: str) -> list[str]:
        """Return the stored recordings that have the label."""
        from powermeter.errors import PowermeterError
        from powermeter.recording import Recording

        folder = self._config.getoption("power_baseline") or self._config.getini("power_baseline")
        found = []
        for path in sorted(Path(folder).glob("*.power")) if folder else ():
            try:
                with Recording.open(path) as recording:
                    if any(event.name == label for event in recording.events()):
                        found.append(str(path))
            except PowermeterError as error:
                warnings.warn(str(error), PowerWarning, stacklevel=3)
        return found


class _Session:
    """The one recording of a session, started by the first test that measures."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        self._folder = folder
        self._meter: Meter | None = None
        self._why_not = ""
        self._skipped = 0
        self.lines: list[str] = []

    def meter(self) -> Meter:
        """Return the running meter; skips the test where there is none."""
        if self._meter is None and not self._why_not:
            self._why_not = self._start()
        if self._meter is None:
            self._skipped += 1
            pytest.skip(self._why_not)
        return self._meter

    def _start(self) -> str:
        from powermeter.errors import PowermeterError
        from powermeter.meter import Meter
        from powermeter.recorder.source_choice import best_sources

        if os.environ.get("PYTEST_XDIST_WORKER"):
            return "power: tests that run beside each other cannot be distinguished by a meter; run pytest with -n 0"
        sources = self._config.getoption("power_source")
        try:
            if not sources:
                sources, _ = best_sources()
                if all(url.startswith("estimate:") for url in sources):
                    return "power: nothing here can be measured (powermeter devices); an estimate is used with --power-source estimate://"
            meter = Meter(*sources, path=_numbered(self._folder))
            meter.__enter__()
        except PowermeterError as error:
            return f"power: {error}"
        self._meter = meter
        return ""

    def stop(self) -> str:
        """Stop the recording; return what went wrong with it, or how many tests measured nothing and why."""
        if self._meter is None:
            return f"{plural(self._skipped, 'test')} skipped, {self._why_not}" if self._skipped else ""
        self._meter.__exit__(None, None, None)
        return self._meter.problem

    @property
    def path(self) -> Path | None:
        """The recording; None where nothing was measured."""
        return None if self._meter is None else self._meter.path


def _numbered(folder: Path) -> Path:
    import time

    from powermeter.recording.output_file import numbered

    folder.mkdir(parents=True, exist_ok=True)
    return numbered(folder / time.strftime("tests-%Y%m%d-%H%M%S.power"))


_SESSION = pytest.StashKey[_Session]()


@pytest.fixture(scope="session")
def _power_session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Session]:
    save = request.config.getoption("power_save")
    folder = Path(save) if save else tmp_path_factory.mktemp("power")
    session = request.config.stash[_SESSION] = _Session(request.config, folder)
    yield session
    problem = session.stop()
    if problem:
        session.lines.append(f"problem: {problem}" if session.path is not None else problem)
    if save and session.path is not None:
        session.lines.append(f"wrote {session.path}")


@pytest.fixture
def power(request: pytest.FixtureRequest, _power_session: _Session) -> Power:
    """Measure what parts of a test use: `power.measure(f)`, `power.budget(used, "5mJ")`, `power.regression(used)`."""
    return Power(_power_session.meter(), request.node.nodeid, _power_session.lines, request.config)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was measured."""
    session = config.stash.get(_SESSION, None)
    if session is not None and session.lines:
        terminalreporter.section("power")
        for line in session.lines:
            terminalreporter.write_line(line)
