"""`with Meter() as meter:` around inference code: record, and know what it used."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from powermeter import host, registry
from powermeter.errors import ConfigurationError, OpenError
from powermeter.marking import api as instrumentation
from powermeter.marking.event_log import EventLog
from powermeter.marking.span import NOTHING, Nothing, Span
from powermeter.recorder.parent import Recorder
from powermeter.recording.file import SUFFIX

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis
    from powermeter.battery.battery import Battery
    from powermeter.comparison.repeat_loop import RepeatLoop
    from powermeter.marking.span import Log
    from powermeter.recording import Recording

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Meter:
    """Records power around a block of code, and what the code was doing.

    Inside a `powermeter record` it starts nothing of its own: its events go into that recording.
    Once the block runs, nothing here raises into it; `problem` says what went wrong.

    Args:
        sources: URLs of what to record; the best this machine has where none is given.
        path: The recording to write; a dated name in the working directory where None.
        battery: What energies are set against, for example `4Ah` or a `Battery`.
        place: Where the electricity comes from: `FRA`, `USA-CA`.
        force: Whether an existing file is replaced.
        dither: Whether sources that are asked are read at a random moment of each interval, so that a
            loop in step with the meter cannot mislead it; False reads on an even grid.
        attributes: Free facts about the run: model, variant, batch, input size.

    Raises (on entering, before the block runs):
        ConfigurationError: A URL or option is not usable.
        OpenError: A source you named cannot be opened.
        ExistsError: The file exists.
    """

    def __init__(
        self,
        *sources: str,
        path: str | Path | None = None,
        battery: str | Battery | None = None,
        place: str | None = None,
        force: bool = False,
        dither: bool = True,
        **attributes: Any,
    ) -> None:
        self.sources = sources
        self.path = Path(path) if path is not None else default_path()
        self.battery = battery
        self.place = place
        self.attributes = attributes
        self.choice = ""
        self._force = force
        self._dither = dither
        self._recorder: Recorder | None = None
        self._log: Log | None = None
        self._outer: Log | None = None
        self._problem = ""

    def __repr__(self) -> str:
        return f"<Meter {', '.join(self.sources) or 'of the best source'} into {self.path}>"

    def __enter__(self) -> Meter:
        self._outer = instrumentation.attached()
        if self._outer is not None:
            self.path = self._outer.path
            self._log = self._outer
            return self
        urls = self.sources
        if not urls:
            urls, self.choice = best_sources()
        metadata = {**host.describe(), "attributes": self.attributes}
        for key in ("battery", "place"):
            if isinstance(getattr(self, key), str):
                metadata[key] = getattr(self, key)
        self._recorder = Recorder(self.path, urls, metadata, force=self._force, dither=self._dither)
        self._recorder.start()
        self._log = EventLog(self.path)
        instrumentation.attach(self._log)
        os.environ[instrumentation.ENVIRONMENT] = str(self.path.absolute())  # for child processes
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._recorder is None:
            return
        instrumentation.attach(self._outer)
        os.environ.pop(instrumentation.ENVIRONMENT, None)
        assert self._log is not None
        self._log.close()
        self._recorder.stop()
        self._problem = self._recorder.problem or self._log.problem

    def event(self, name: str, n: int = 1, **attributes: Any) -> Span | Nothing:
        """Return a context manager that marks its block as one event of `n` items; see `powermeter.event`."""
        if self._log is None:
            return NOTHING
        return Span(self._log, name, n, attributes)

    def mark(self, name: str, **attributes: Any) -> None:
        """Record an instant."""
        if self._log is not None:
            self._log.mark(name, **attributes)

    def track(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function so that each call inside the block is an event named after it."""
        return instrumentation.track(function)

    def each(self, items: Iterable[T], name: str = "item", **attributes: Any) -> Iterator[T]:
        """Return the items of a loader one by one; what the loop does with each is one event."""
        return instrumentation.each(items, name, **attributes)

    def repeat(
        self,
        name: str,
        *,
        precision: float = 0.05,
        at_most: str | float = "10m",
        most: int | None = None,
        n: int = 1,
        rail: str | None = None,
        **options: Any,
    ) -> RepeatLoop:
        """Return a loop that goes on until the mean energy of one pass is known to `precision`.

        ::

            for _ in meter.repeat("infer", precision=0.05, at_most="5m"):
                model(x)

        Each pass is an event of `n` items.  Warm-up is left out; memory between passes, rare expensive ones and the
        looking itself are allowed for; `.reached`, `.settled` and `.sentence()` of the loop report what was found.

        Args:
            precision: Half the width of the 95 % interval over the mean.
            at_most: The longest it may take.
            most: The largest number of passes.
            rail: The rail to count.
            options: `at_least` (passes before the first look), and attributes of the events.

        Raises:
            ConfigurationError: An argument is out of its range.
        """
        from powermeter.comparison.repeat_loop import Limits, RepeatLoop
        from powermeter.comparison.stopping import LEAST

        limits = Limits(at_most, most, options.pop("at_least", LEAST))
        return RepeatLoop(self, name, precision=precision, limits=limits, n=n, rail=rail, **options)

    @property
    def problem(self) -> str:
        """What went wrong with the recording, in one line; empty when nothing did."""
        return self._problem

    def recording(self) -> Recording:
        """Open the recording, which may still be growing; the events marked so far are in it.

        Raises:
            DataError: There is none yet.
        """
        from powermeter.recording import Recording

        if self._log is not None:
            self._log.flush()
        return Recording.open(self.path)

    def analysis(self, **options: Any) -> Analysis:
        """Return the energies of the run, its events and its labels; options as in `powermeter.analyse`.

        Raises:
            DataError: The recording holds no power.
        """
        from powermeter.analysis.energy import analyse

        if self._log is not None:
            self._log.flush()
        with self.recording() as recording:
            return analyse(recording, **options)

    def summary(
        self,
        *,
        rail: str | None = None,
        baseline: str | float | None = None,
        by: str | Sequence[str] = (),
        rail_voltage_v: float | str | None = None,
        width: int = 100,
    ) -> str:
        """Return the table that `powermeter show` prints, as text.

        Args:
            rail, baseline, by: As for `analysis`.
            rail_voltage_v: Of the counted rail in volt, where the recording does not know it.
            width: In characters.
        """
        if self._log is not None:
            self._log.flush()
        text: str = registry.load(registry.SUMMARY)(
            self.path,
            battery=self.battery,
            place=self.place,
            rail=rail,
            baseline=baseline,
            by=by,
            rail_voltage_v=rail_voltage_v,
            width=width,
        )
        return f"{text}\n{self._problem}" if self._problem else text


def default_path() -> Path:
    """Return a dated name in the working directory that is not taken."""
    stem = time.strftime("run-%Y%m%d-%H%M%S")
    path = Path(f"{stem}{SUFFIX}")
    number = 2
    while path.exists():
        path = Path(f"{stem}-{number}{SUFFIX}")
        number += 1
    return path


def best_sources() -> tuple[tuple[str, ...], str]:
    """Return the URLs to record when none was named, and the line that says why.

    Raises:
        OpenError: Nothing on this machine can be measured or estimated.
    """
    from powermeter import discovery as choice

    found = choice.search()
    chosen = choice.choose(found.findings, found.failures)
    if chosen is None:
        raise OpenError("nothing here can be measured or estimated; see: powermeter devices")
    line = chosen.line
    if chosen.better:
        line += f"\n{chosen.better}"
    return chosen.urls, line


def check_sources(urls: Iterable[str]) -> None:
    """Refuse URLs that cannot be meant, before a process is started for them.

    Raises:
        ConfigurationError, NotInstalledError: The first that is not usable.
    """
    for url in urls:
        if not url:
            raise ConfigurationError("an empty source; write for example virtual:// or ina219://1/0x40")
        registry.source(url)
