"""`with Meter() as meter:` around inference code: record, and know what it used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import powermeter
from powermeter import registry
from powermeter.errors import ConfigurationError, DataError, OpenError, Reason
from powermeter.marking import accelerators, api, destinations
from powermeter.marking import span as spans
from powermeter.marking.child_environment import ChildEnvironment
from powermeter.marking.each import DETECT, Each
from powermeter.marking.event_log import EventLog
from powermeter.marking.event_span import MeterSpan, count_begun_outside
from powermeter.recorder import host
from powermeter.recorder.parent import Listener, Recorder
from powermeter.recording.output_file import default_path, numbered

T = TypeVar("T")


class Meter:
    """Records power around a block of code, and what the code was doing.

    ::

        with powermeter.Meter("ina219://1/0x40?shunt=0.1ohm", battery="4Ah") as meter:
            with meter.event("infer"):
                model(x)
        print(meter.summary())

    Inside a recording that runs already, a Meter without sources or a path of its own starts nothing: its events go
    into that recording, with its attributes, and `choice` states it.  It can be entered again; each time writes a file
    of its own.  Once the block runs, nothing here raises into it; `problem` states what went wrong.

    Args:
        sources: URLs of what to record; the best this machine has where none is given.
        path: The recording to write; a dated name in the working directory where None.
        battery: What energies are set against, for example `4Ah` or a `Battery`.
        place: Where the electricity comes from: `FRA`, `USA-CA`.
        force: Whether an existing file is replaced.
        dither: Whether sources that are asked are read at a random moment of each interval, so that a
            loop in step with the meter cannot mislead it; False reads on an even grid.
        attributes: Free facts about the run: model, variant, batch, input size.
        synchronise: Whether the edges of events wait for accelerators (CUDA and the like).

    Raises (on entering, before the block runs):
        ConfigurationError: A URL or option is not usable; at once where a source is not text.
        OpenError: A source you named cannot be opened.
        ExistsError: The file exists.
    """

    def __init__(
        self,
        *sources: str,
        path: str | Path | None = None,
        battery: str | powermeter.Battery | None = None,
        place: str | None = None,
        force: bool = False,
        attributes: Mapping[str, Any] | None = None,
        synchronise: bool = True,
        dither: bool = True,
    ) -> None:
        for source in sources:
            if not isinstance(source, str):
                raise ConfigurationError(
                    f"{source!r} is not a URL of a source; the file to record into is path=…"
                )
        self.sources = sources
        self.path = self._first = Path(path) if path is not None else default_path()
        self.battery = battery
        self.place = place
        self.attributes = dict(attributes or {})
        self.choice = ""
        self._is_named = path is not None
        self._force = force
        self._dither = dither
        self._synchronise = synchronise
        self._process = os.getpid()
        self._runs = 0
        self._entered: list[Callable[[], None]] = []
        self._recorder: Recorder | None = None
        self._log: EventLog | None = None
        self._joined: dict[str, Any] = {}
        self._problem = ""
        self._begun_outside = 0  # events of its own that run and began while its block did not

    def __repr__(self) -> str:
        return f"<Meter {', '.join(self.sources) or 'of the best source'} into {self.path}>"

    def __getstate__(self) -> dict[str, Any]:
        if self._runs or self._entered:
            raise TypeError(
                "a Meter that has recorded belongs to its process and cannot be pickled: hand on its path; "
                "powermeter.event in a process that this one starts goes into its recording"
            )
        return self.__dict__

    def _repr_html_(self) -> str | None:
        """Return what a notebook shows of it: the energies, once there are any."""
        if not self._runs and self._log is None:
            return None
        html: str = registry.load(registry.NOTEBOOK["meter"])(self)
        return html

    def __enter__(self) -> Meter:
        outer = spans.innermost()
        if self._log is not None and self._process == os.getpid():
            self._entered.append(lambda: None)  # once more around itself
            return self
        self._process = os.getpid()
        self._problem = ""
        if outer is None or self.sources or self._is_named:
            try:
                self._record()
            except OpenError as error:
                if outer is None or error.reason is not Reason.BUSY:
                    raise error.with_traceback(
                        None
                    ) from None  # what to do stands below the caller's own line
                self._join(outer, f"{error}; ")
        else:
            self._join(outer)
        return self

    def _record(self) -> None:
        """Start a recording of its own."""
        urls = self.sources
        if not urls:
            from powermeter.recorder.source_choice import best_sources

            urls, self.choice = best_sources()
        metadata = {**host.describe(), "attributes": self.attributes}
        for key in ("battery", "place"):
            if isinstance(getattr(self, key), str):
                metadata[key] = getattr(self, key)
        if self._runs:
            self.path = numbered(self._first) if self._is_named else default_path()
        recorder = Recorder(
            self.path,
            urls,
            metadata,
            force=self._force,
            numbered=not self._is_named,
            dither=self._dither,
            listener=Listener(on_notice=_log_notice),
        )
        recorder.start()
        self.path = recorder.path
        self._runs += 1
        self._recorder, self._log = recorder, EventLog(recorder.marks, str(self.path))
        self._log.open()
        token = spans.attach(self._log)
        children = ChildEnvironment(self._log, str(self.path.absolute()))
        if not self._synchronise:
            accelerators.turn_off()
            spans.know_modules()

        def leave() -> None:
            if not self._synchronise:
                accelerators.turn_on()
                spans.know_modules()
            children.restore()
            count_begun_outside(self)
            log, self._log = self._log, None
            assert log is not None
            spans.detach(log, token)
            problem = log.problem
            log.close()
            recorder.stop()
            self.path = recorder.path
            self._problem = recorder.problem or problem or accelerators.problem

        self._entered.append(leave)

    def _join(self, outer: EventLog, why: str = "") -> None:
        """Let events go to a recording that runs already."""
        self.path = Path(outer.path)
        self.choice = f"{why}joined the recording that was running: {outer.path}"
        self._log, self._joined = outer, self.attributes
        token = spans.join(self.attributes)

        def leave() -> None:
            spans.leave(token)
            count_begun_outside(self)
            outer.flush()
            self._log, self._joined = None, {}

        self._entered.append(leave)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process != os.getpid():  # a forked child leaves the block; the recording is its parent's
            return
        if self._entered:
            self._entered.pop()()  # the first one in is the last one out

    def event(self, name: str = api.NAMED, /, n: float | None = 1, **attributes: Any) -> MeterSpan:
        """Return an event in this meter's recording; see `powermeter.event`.  It does nothing after the block."""
        made = MeterSpan()
        if name is api.NAMED:
            name = attributes.pop("name", "")
        made.name, made._count, made.log, made.meter = name, n, None, self
        made.attributes = {**self._joined, **attributes}
        return made

    def mark(self, name: str = api.NAMED, /, **attributes: Any) -> None:
        """Record an instant."""
        log = destinations.living(self._log)
        if log is not None:
            if name is api.NAMED:
                name = attributes.pop("name", "")
            spans.instant(name, {**self._joined, **attributes}, log)

    def track(self, function: Any = None, /, *, n: Any = 1, **attributes: Any) -> Any:
        """Return a function or other callable whose calls inside the block are events; see `powermeter.track`."""
        return api.track(function, n=n, **attributes)

    def each(
        self, items: Iterable[T], name: str = api.NAMED, /, n: Any = DETECT, **attributes: Any
    ) -> Each[T]:
        """Return the items of a loader; what the loop does with each is one event; see `powermeter.each`."""
        return api.each(items, name, n, **attributes)

    def repeat(
        self,
        name: str,
        *,
        precision: float = 0.05,
        at_most: str | float = "10m",
        most: int | None = None,
        n: int = 1,
        at_least: int | None = None,
        rail: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> powermeter.RepeatLoop:
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
            at_least: Passes before the first look.
            n: Items of one pass.
            rail: The rail to count.
            attributes: Of the events.

        Raises:
            ConfigurationError: An argument is out of its range.
        """
        from powermeter.analysis.repeat_loop import LoopLimits, RepeatLoop
        from powermeter.analysis.stopping import LEAST

        limits = LoopLimits(at_most, most, LEAST if at_least is None else at_least)
        return RepeatLoop(
            self, name, precision=precision, limits=limits, n=n, rail=rail, attributes=attributes
        )

    @property
    def problem(self) -> str:
        """What went wrong with the recording, or which events are not whole in it; one line, empty where all is well."""
        if self._problem or self._recorder is None or self._log is not None:
            return self._problem
        from powermeter.analysis.event_accounts import not_whole

        try:
            with self.recording() as recording:
                found = not_whole(recording.process_counts())
        except DataError:  # it has been moved away since
            return ""
        more = f"; powermeter show prints {len(found) - 1} more" if len(found) > 1 else ""
        return f"{found[0]}{more}" if found else ""

    def ended_with(self, status: int) -> None:
        """Note the exit status of the program that is measured: every report states one that is not 0.

        Nothing is noted where the events go to another's recording, which is of another program.
        """
        from powermeter.recording.facts import STATUS

        if self._recorder is not None:
            self._recorder.note({STATUS: status})

    def recording(self) -> powermeter.Recording:
        """Open the recording, which may still be growing; the events marked so far are in it.

        Raises:
            DataError: There is none yet.
        """
        from powermeter.recording import Recording

        if self._log is not None:
            self._log.flush()
        return Recording.open(self.path)

    def analysis(
        self,
        *,
        rail: str | None = None,
        baseline: str | float | powermeter.Result | tuple[int, int] | None = None,
        by: str | Sequence[str] = (),
    ) -> powermeter.Analysis:
        """Return the energies of the run, its events and its labels; the keywords are those of `powermeter.analyse`.

        Raises:
            DataError: The recording holds no power.
        """
        if self._log is not None:
            self._log.flush()
        with self.recording() as recording:
            return powermeter.analyse(recording, rail=rail, baseline=baseline, by=by)

    def summary(
        self,
        *,
        rail: str | None = None,
        baseline: str | float | None = None,
        by: str | Sequence[str] = (),
        rail_voltage_v: float | str | None = None,
        width: int | None = None,
    ) -> str:
        """Return the table that `powermeter show` prints, as text.

        Args:
            rail, baseline, by: As for `analysis`.
            rail_voltage_v: Of the counted rail in volt, where the recording does not know it.
            width: In characters; the terminal's where None and it is printed to one, else 100.
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
        joined = self.choice if self._recorder is None else ""
        return "\n".join(line for line in (text, joined, self._problem) if line)


def _log_notice(text: str) -> None:
    """Log what happens to a source while it is recorded; a program that sets up no logging sees it on standard error."""
    import logging

    logging.getLogger("powermeter").warning("%s", text)
