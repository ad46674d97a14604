"""Fixtures shared by all tests; also says in one line when the checkout is not installed."""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

# Before anything imports numpy: small products of matrices, of which there are many, take longer with a thread for each
# core that waits for the others, on a busy machine six times as long.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine must not fail a test: how fast examples come is not what is tested.  What a change is judged by takes the same
# examples each time; the long proofs (`-m slow`) take others each time and print how to repeat what fails.
patience = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", patience, derandomize=True)
settings.register_profile("others", patience, print_blob=True)
settings.load_profile("same")

REQUIRE = "POWERMETER_TESTS_REQUIRE_ALL"
"""Set by continuous integration: what would be skipped because something is absent fails instead."""

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free in memory before the tests' files are kept there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "of the tests in costly.csv run one share alone, as 1/4 (python3 tasks.py due)"
    parser.addoption("--share", metavar="K/N", help=what)


def pytest_configure(config: pytest.Config) -> None:
    if serves_as_a_disk(MEMORY):  # recordings wait for the disk at each commitment, a few thousand times
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    gc.disable()  # what is imported and collected stays; `pytest_collection_finish` turns it on again
    if find_spec("powermeter") is None or find_spec("powermeter.drivers") is None:
        raise pytest.UsageError("powermeter is not installed here; run: python3 tasks.py test")
    # A suite started in the background of a shell inherits that Ctrl-C is ignored, and so would every child.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.pop(
        "COLUMNS", None
    )  # what verbs print is wrapped where it is set; tests that look at widths set it
    if not config.option.markexpr:
        config.option.markexpr = expression(config.args)
    elif config.option.markexpr == "slow":
        settings.load_profile("others")


def expression(asked: Sequence[str]) -> str:
    """Return which marks are left out: a file that is named is run with what is thorough in it."""
    named = asked and all(each.partition("::")[0].endswith(".py") for each in asked)
    return "not device and not slow" + ("" if named else " and not thorough")


def serves_as_a_disk(folder: Path) -> bool:
    """Return whether the tests' files fit into a folder, and programs among them may be started there."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC and shutil.disk_usage(folder).free > ROOM


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    share: str | None = config.option.share
    if share is None:
        return
    import costly

    table = costly.seconds()
    other = [
        item
        for item in items
        if item.get_closest_marker("thorough") and not costly.is_due(item.nodeid, table, share)
    ]
    config.hook.pytest_deselected(items=other)
    left_out = set(other)
    items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was imported for the tests out of every collection of garbage, and collect seldom: tests are small."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 50)


ABSENT = re.compile(r"not installed|could not import|pip install|apt install|no shared|No module named")


def _fail_instead(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (os.environ.get(REQUIRE) and report.skipped and isinstance(report.longrepr, tuple)):
        return
    reason = str(report.longrepr[2])
    if ABSENT.search(reason):
        report.outcome = "failed"
        report.longrepr = f"{reason} ({REQUIRE} is set: nothing may be absent)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip because something is absent into a failure where everything must be there."""
    report = yield
    _fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file."""
    report = yield
    _fail_instead(report)
    return report


@pytest.fixture(autouse=True, scope="session")
def patient() -> Iterator[None]:
    """A program waits as long as it takes for its recorder's start and end: how long that is, is the machine's affair.

    The tests of how long a program may be held up set these limits themselves.
    """
    from powermeter.recorder import waiting_at_end, waiting_at_start

    with pytest.MonkeyPatch.context() as patches:  # once, not before each of thirteen thousand tests
        patches.setattr(waiting_at_start, "READY_S", 100.0)
        for limit in ("HELD_UP_S", "WORKING_S", "ANSWERS_S"):
            patches.setattr(waiting_at_end, limit, 100.0)
        yield


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `powermeter` with these words in this process, an interpreter's start and imports cheaper than in one of its own.

    What it and the programs that it starts print is what a process would have printed.
    """
    from powermeter import cli

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        arguments = [str(word) for word in words]
        capfd.readouterr()
        status = cli.run(arguments)
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of other people's recordings that lies beside the checkout, where there is one."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data" / "recordings").is_dir():
            return parent / "shared"
    pytest.skip("no shared/data/recordings beside the checkout")


@pytest.fixture(scope="session")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of forty hand-ins, six of them dishonest; beside the folder lies `rubric.toml`."""
    import class_of_forty

    folder = tmp_path_factory.mktemp("class")
    (folder / "rubric.toml").write_text(class_of_forty.RUBRIC)
    return class_of_forty.make_class(folder / "hand-ins")
