"""What every driver keeps to: a suite for the authors of drivers, ours and others'.

::

    from powermeter.testing.contract import Case, DriverContract, simulated

    class TestMyMeter(DriverContract):
        case = Case("mymeter", "mymeter://{port}", simulated(SimulatedMyMeter))

Run it with pytest.  A case states how the driver is opened here without its instrument: a URL, and a
context that makes what the URL's braces name.
"""

from __future__ import annotations

import gc
import inspect
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from powermeter.channel import MISSING, SATURATED, Channel
from powermeter.errors import ConfigurationError, PowermeterError
from powermeter.result import Grade
from powermeter.source import Address, Option, PolledSource, Source, StreamingSource
from powermeter.testing.captured_frames import (
    Capture,
    Cutter,
    Decoder,
    Rower,
    SentWhileSettling,
    cut_byte_by_byte,
    readings,
    rows_of,
    undetected,
)
from powermeter.testing.contract_case import Case, Setting, nothing, release_as_killed, serving, simulated
from powermeter.testing.contract_load import check_steady, check_true, other_loads
from powermeter.testing.contract_moments import IN_THE_FUTURE, check_held, check_step
from powermeter.testing.contract_reading import READ_S, codes_of, read_some
from powermeter.testing.faults import Faults
from powermeter.testing.terminal import Simulation
from powermeter.units import NS

__all__ = ["Case", "DriverContract", "Setting", "nothing", "serving", "simulated"]

SETTLE_S = 2.0
"""How long threads and descriptors of a closed source may take to go."""

SPEAKS_S = 1.3
"""How long it takes at most until a meter that sends by itself has been heard."""
LOOK_S = 4.0
"""The longest that looking for an instrument may take: two seconds, and what the machine takes."""
STREAM_S = 1.5
"""How long a stream is read to see its pace: its clock is judged from half a second on."""
UNDER_WAY_S = 0.05
"""What a meter sent is on its way for so long, so that frames come before its answer."""
AGAIN = "is it of before it was opened again, of a range with another unit, or of a current without its sign?"
QUIET_S = 0.15
"""How long a meter must send nothing to count as stopped."""


class DriverContract:
    """The suite; a subclass sets `case`."""

    case: ClassVar[Case]

    def test_it_is_described(self) -> None:
        """A scheme, a summary, an example that can be parsed, a docstring of its own."""
        driver = self.case.source_class
        own = inspect.getdoc(driver)
        assert issubclass(driver, (PolledSource, StreamingSource)) and not inspect.isabstract(driver)
        assert own and own != inspect.getdoc(Source) and len(own.splitlines()[0]) > 10
        assert driver.scheme == self.case.scheme == Address.parse(driver.example).scheme
        assert 10 < len(driver.summary) < 100 and driver.summary.isprintable()
        assert not driver.summary.endswith("."), "the summary is not a sentence"

    def test_its_options_are_described(self) -> None:
        """Each option has a name in lower case and a help without a full stop."""
        driver = self.case.source_class
        for name, option in {**driver.COMMON_OPTIONS, **driver.OPTIONS}.items():
            assert isinstance(option, Option) and callable(option.parse), name
            assert name == name.lower() and name.isascii() and " " not in name, name
            assert len(option.help) > 5 and "\n" not in option.help and not option.help.endswith("."), name

    def test_an_unknown_option_is_refused_in_one_line(self, tmp_path: Path) -> None:
        """The message names the option."""
        with self.case.setting(tmp_path) as made:
            url = self.case.url.format(**made)
            try:
                self.case.source_class(Address.parse(f"{url}{'&' if '?' in url else '?'}zzqq=1"))
            except ConfigurationError as error:
                assert "zzqq" in str(error) and "\n" not in str(error)
            else:
                raise AssertionError("an unknown option was accepted")

    def test_its_channels_are_whole(self, tmp_path: Path) -> None:
        """Names are unique, scales are not 0, limits have a source, parents are there or sum up siblings."""
        with self.case.source(tmp_path) as (source, _):
            source.open()
            channels = source.channels
            names = [channel.name for channel in channels]
            assert channels, "it has no channel once it is open: does `describe` set `self.channels`?"
            assert len(set(names)) == len(names), f"two channels have one name: {names}"
            for channel in channels:
                assert channel.name == channel.name.lower(), f"{channel.name}: names are in lower case"
                assert channel.scale != 0, f"{channel.name}: one code is 0"
                assert Channel.from_dict(channel.to_dict()) == channel, f"{channel.name}: it cannot be stored"
                if channel.rail is not None and channel.grade is Grade.MEASURED:
                    assert channel.accuracy.source, f"{channel.name}: where do its limits come from?"
                if channel.rail is not None:
                    assert channel.rail.parent != channel.rail.name, f"{channel.rail.name} feeds itself"

    def test_readings_come_and_fit_the_channels(self, tmp_path: Path) -> None:
        """A reader gets at least one whole row, no failure, and times that do not run backwards."""
        with self.case.source(tmp_path) as (source, _):
            source.open()
            width = len(source.channels)
            reader, harvest = read_some(source)
            assert not reader.failure and reader.health.samples, reader.failure or reader.health.last_error
            times = [int(at) for block in harvest.blocks for at in block[0]]
            assert times == sorted(times), "stamps run backwards"
            ahead_s = (times[-1] - time.monotonic_ns()) / NS
            assert ahead_s <= 0, f"a stamp lies {ahead_s:.3g} s in the future: {IN_THE_FUTURE}"
            widths = {block[1].shape[1] for block in harvest.blocks}
            assert widths == {width}, f"rows of {widths} codes for {width} channels"

    def test_a_constant_load_reads_constant(self, tmp_path: Path) -> None:
        """Each row reads what the load draws, no settling or zeroing frame; a stream's clock keeps the host's pace."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation):
                return
            source.open()
            is_stream = isinstance(source, StreamingSource)
            first = codes_of(source, rows=10**9 if is_stream else 3, seconds=STREAM_S)
            check_steady(source.channels, first, "is that frame a reading?")
            check_true(source.channels, first, simulation.meter.volts, simulation.meter.watts(0.0))

    def test_opened_again_it_reads_the_load_of_then(self, tmp_path: Path) -> None:
        """Loads of other ranges, and where current may flow back each of them backwards; no row is from before, none a settling frame."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation):
                return
            source.open()
            codes_of(source, rows=3)
            meter = simulation.meter
            for load in other_loads(meter):
                meter.load = load
                time.sleep(max(meter.refresh_s, meter.tick_s))
                source.open()
                rows = codes_of(source, rows=3)
                check_steady(
                    source.channels, rows, "is that frame, sent when it was opened again, a reading?"
                )
                check_true(source.channels, rows, meter.volts, float(load.power_w(0.0)), AGAIN)

    def test_a_step_of_the_load_is_stamped_when_it_was(self, tmp_path: Path) -> None:
        """Also where frames come in bunches: by the times or steady numbers in them; where they state none, as they came."""
        with self.case.source(tmp_path) as (source, made):
            check_step(source, made.get("simulation"))

    def test_first_frames_that_are_held_keep_their_moments(self, tmp_path: Path) -> None:
        """What a link or a busy host hands on late and at once was measured one after another."""
        with self.case.source(tmp_path) as (source, made):
            check_held(source, made.get("simulation"))

    def test_frames_of_settling_are_no_samples(self, tmp_path: Path) -> None:
        """Of a meter that states `settling`: `decode` or `rows` returns nothing for what it sends meanwhile."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation) or not isinstance(source, Rower):
                return
            simulation.faults = sent = SentWhileSettling(meter=simulation.meter)
            source.open()
            assert not rows_of(source, sent.frames), (
                "frames that the meter sends while it settles become samples: return None for them from `decode`, or"
                " [] from `rows`; where that counts, does `restarted` set the count back?"
            )

    def test_damaged_frames_are_refused(self, tmp_path: Path) -> None:
        """A byte damaged anywhere in a frame with a check is a `DataError`, not another reading."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation) or not isinstance(source, Decoder):
                return
            simulation.faults = capture = Capture()
            source.open()
            _wait(lambda: any(readings(source, capture.frames)), READ_S)
            kept = list(readings(source, capture.frames))[-3:]
            assert kept, "no frame that the meter sent can be decoded"
            found = [at for frame, reading in kept for at in undetected(source, frame, reading)]
            if simulation.meter.checks_frames:
                assert not found, (
                    f"damage at byte {found[0]} of a frame goes unnoticed: check its CRC in `decode`; where its frames"
                    " have none, state `checks_frames = False` in the simulated meter"
                )

    def test_frames_may_come_in_pieces(self, tmp_path: Path) -> None:
        """A stream of which one byte comes at a time holds the same frames."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if (
                not isinstance(simulation, Simulation)
                or simulation.meter.hid
                or not isinstance(source, Cutter)
            ):
                return  # a HID report comes whole
            simulation.faults = capture = Capture()
            source.open()
            _wait(lambda: any(readings(source, capture.frames)), READ_S)
            stream = b"".join(capture.frames[-8:])
            whole, _ = source.cut(bytearray(stream))
            assert cut_byte_by_byte(source, stream) == whole, (
                "frames that come in pieces are cut differently: does `cut` leave an unfinished one in its buffer?"
            )

    def test_losses_are_counted_and_doubled_frames_are_not_stored(self, tmp_path: Path) -> None:
        """Of a meter whose frames show it: what never came is a gap with its number, what came twice one sample."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation) or not simulation.meter.shows_losses:
                return
            source.open()
            simulation.faults = faults = Faults(drop=0.1, duplicate=0.2)
            before = simulation.unasked
            reader, harvest = read_some(source, rows=10**9, seconds=STREAM_S)
            dropped, counted = faults.hits.get("drop", 0), sum(gap.lost or 0 for gap in harvest.gaps)
            assert dropped // 2 <= counted <= 2 * dropped + 2, (
                f"{dropped} frames were lost, {counted} are counted: state `number_wrap` (or `steady`), and return"
                " each frame's number in its `StreamRow`"
            )
            sent = simulation.unasked - before - dropped
            assert reader.health.samples <= 1.05 * sent + 2, "frames that came twice are stored twice"

    def test_one_that_sends_already_is_opened_all_the_same(self, tmp_path: Path) -> None:
        """A program that was killed did not stop it: what it sends is no answer to `identify`."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation) or not simulation.meter.tick_s:
                return
            source.open()
            known = source.channels, source.info()
            simulation.faults = Faults(late=1.0, late_s=UNDER_WAY_S)
            if not release_as_killed(source):
                return
            before = simulation.unasked
            _wait(lambda: simulation.unasked > before, SPEAKS_S)
            simulation.under_way = True  # also where frames are far apart and the opening takes long
            why = ""
            try:
                source.open()
            except PowermeterError as error:
                why = f"{error}: "
            assert not why and (source.channels, source.info()) == known, (
                f"{why}opened while it sends, it is another: does `identify` stop it and wait until it is quiet?"
            )

    def test_opening_again_gives_the_same_channels(self, tmp_path: Path) -> None:
        """The recorder reopens a lost instrument: no channel may be renamed, added or scaled otherwise."""
        with self.case.source(tmp_path) as (source, _):
            source.open()
            before = source.channels
            source.close()
            source.open()
            assert source.channels == before, "opened again, it has other channels"

    def test_nothing_is_left_behind(self, tmp_path: Path) -> None:
        """After closing, descriptors and threads are those of before; closing twice is harmless."""
        with self.case.source(tmp_path) as (source, _):
            source.close()
            source.open()
            source.close()  # once, so that whatever a library keeps for ever is there
            gc.collect()
            descriptors, threads = _descriptors(), set(threading.enumerate())
            for _ in range(2):
                source.open()
                read_some(source, rows=1, seconds=1.5)
                source.close()
            _wait(lambda: _no_more_than(descriptors) and set(threading.enumerate()) <= threads)
            assert _no_more_than(descriptors), "descriptors were left open"
            assert set(threading.enumerate()) <= threads, "threads were left running"

    def test_facts_and_counts_are_json(self, tmp_path: Path) -> None:
        """Facts and counts are JSON, open and closed."""
        with self.case.source(tmp_path) as (source, _):
            source.open()
            json.dumps(source.info())
            assert all(isinstance(value, int) for value in source.counts().values())
            source.close()
            json.dumps(source.counts())

    def test_an_instrument_that_is_not_there_is_named_in_one_line(self, tmp_path: Path) -> None:
        """The error is ours, states what to do, and leaves nothing open."""
        if not self.case.absent:
            return
        source = self.case.source_class(Address.parse(self.case.absent.format(folder=tmp_path)))
        gc.collect()
        descriptors, threads = _descriptors(), set(threading.enumerate())
        try:
            source.open()
        except PowermeterError as error:
            assert str(error) and "\n" not in str(error), str(error)
        else:
            raise AssertionError("it opened an instrument that is not there")
        finally:
            source.close()
        _wait(lambda: _no_more_than(descriptors) and set(threading.enumerate()) <= threads)
        assert _no_more_than(descriptors) and set(threading.enumerate()) <= threads

    def test_missing_stays_missing(self, tmp_path: Path) -> None:
        """A value that disappears is `MISSING` or a gap, never 0 and never the last one again."""
        if self.case.lose is None:
            return
        with self.case.source(tmp_path) as (source, made):
            source.open()
            self.case.lose(made)
            reader, harvest = read_some(source, rows=1, errors=1, seconds=2.0)
            codes = [row for block in harvest.blocks for row in block[1].tolist()]
            lost = any(MISSING in row for row in codes)
            assert lost or harvest.gaps or reader.health.errors or not codes, codes

    def test_an_overload_is_flagged(self, tmp_path: Path) -> None:
        """A reading over the range is `SATURATED` or missing: the energy is then a bound, not a number."""
        with self.case.source(tmp_path) as (source, made):
            meter = getattr(made.get("simulation"), "meter", None)
            if self.case.overload is not None:
                self.case.overload(made)
            elif getattr(meter, "flags_overload", False):
                meter.overloaded = True  # type: ignore[union-attr]
            else:
                return
            source.open()
            _, harvest = read_some(source)
            flags = [int(flag) for block in harvest.blocks for flag in ([] if block[2] is None else block[2])]
            codes = [row for block in harvest.blocks for row in block[1].tolist()]
            flagged = any(flag & SATURATED for flag in flags) or any(MISSING in row for row in codes)
            assert flagged, "the instrument reports an overload, and the driver's rows do not"

    def test_what_it_started_it_stops(self, tmp_path: Path) -> None:
        """A meter that was quiet before it was opened is quiet again after it was closed."""
        with self.case.source(tmp_path) as (source, made):
            simulation = made.get("simulation")
            if not isinstance(simulation, Simulation) or not simulation.meter.tick_s:
                return
            _wait(lambda: simulation.unasked > 0, SPEAKS_S)
            if simulation.unasked:
                return  # it sends whether asked or not
            source.open()
            read_some(source, rows=1)
            source.close()
            _wait(lambda: _quiet(simulation))
            assert _quiet(simulation), (
                "the meter goes on sending after it was closed: which message stops it?"
            )

    def test_looking_for_it_hides_nothing(self) -> None:
        """`discover` raises nothing and takes at most two seconds; a problem comes with a remedy."""
        began = time.monotonic()
        for found in self.case.source_class.discover():
            assert found.title and (found.url or found.problem)
            if found.url:
                assert Address.parse(found.url).scheme == self.case.scheme
            if found.problem:
                assert found.remedy, f"{found.problem}: and what to do?"
        assert time.monotonic() - began < LOOK_S


def _descriptors() -> int:
    """Return how many descriptors this process has open; 0 where the system does not show it."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0


def _no_more_than(descriptors: int) -> bool:
    """Return whether this process has no more descriptors open than so many, also after what is garbage has gone."""
    if _descriptors() <= descriptors:
        return True
    gc.collect()
    return _descriptors() <= descriptors


def _quiet(simulation: Simulation) -> bool:
    """Return whether a simulated meter sends nothing for a while."""
    before = simulation.unasked
    time.sleep(max(QUIET_S, 3 * simulation.meter.tick_s))
    return simulation.unasked == before


def _wait(condition: Callable[[], bool], seconds: float | None = None) -> None:
    deadline = time.monotonic() + (SETTLE_S if seconds is None else seconds)
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
