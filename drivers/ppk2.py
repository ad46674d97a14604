"""Nordic Power Profiler Kit II: 100 000 currents a second with eight logic inputs in the same clock.

As an ampere meter it sits in the supply line of the device; as a source meter it is the supply.
What it calls its voltage is a set point in both: the energy is current × that voltage, and its grade
states so.  Raise a GPIO wired to D0 when an inference starts and the edge is in the current's clock.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from powermeter.channel import Accuracy, Channel, Quantity
from powermeter.errors import ConfigurationError, DataError, OpenError, ReadError, Reason
from powermeter.source import INTERPOLATED_TIME, Block, Found, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_quantity

from .links.link import RAIL_OPTIONS, Link, UsbId, rail_of
from .links.opening import closed_on_failure, open_link
from .links.serial_port import port_problem, usb_ports
from .meters.logic_edges import EVERY_INPUT, LogicEdges, parse_inputs
from .meters.losses import Losses
from .meters.tick_clock import TickClock, refuse, slewed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .meters.ppk2_stream import Calibration, Decoded, Decoder

USB = (UsbId(0x1915, 0xC00A, "Nordic PPK2"),)
START, STOP, OUTPUT, VOLTAGE, MODE, METADATA = 0x06, 0x07, 0x0C, 0x0D, 0x11, 0x19
MODES = {"ampere": 1, "source": 2}
LOWEST_V, HIGHEST_V = 0.8, 5.0
SAMPLE_NS = 10_000
BLOCK_S = 0.04
"""How much of the stream is collected before it is decoded."""
PAUSE_S, FULL_READ = 0.003, 2048
"""Between two reads, unless the last gave that much: a terminal hands over 4095 bytes at most, 10 ms of this."""
SETTLE_S = 0.2
SILENCE_S = 1.0
METADATA_S = 2.0
HIDDEN_LOSS_NS, HIDDEN_LOSS_S = 3_000_000, 3.0
"""The counter cannot show a loss of a multiple of 64; the clock can, when it stays this late for so long."""
KNOWN_LOSS_NS, KNOWN_LOSS_S = 320_000, 1.0
"""The same where the counter has just shown a loss: half of 64 samples, for so long."""

# Range → (up to ampere, step, typical gain error): Nordic's documentation as transcribed by ppk2lab.
RANGE_LIMITS = (
    (50e-6, 0.2e-6, 0.10),
    (500e-6, 0.5e-6, 0.10),
    (5e-3, 5e-6, 0.10),
    (50e-3, 50e-6, 0.10),
    (1.0, 1e-3, 0.15),
)


def _choice(text: str, *, names: tuple[str, ...]) -> str:
    if text not in names:
        raise ConfigurationError("write " + " or ".join(names))
    return text


def _volts(text: str) -> float:
    volts = parse_quantity(text, "V")
    if not LOWEST_V <= volts <= HIGHEST_V:
        raise ConfigurationError(f"a PPK2 knows {LOWEST_V:g} V to {HIGHEST_V:g} V")
    return volts


_on_off = partial(_choice, names=("on", "off"))


class PPK2(StreamingSource):
    """A PPK2 on its first serial port."""

    scheme = "ppk2"
    summary = "Nordic Power Profiler Kit II: current at 100 kS/s, D0–D7 in the same clock"
    example = "ppk2://?mode=ampere&voltage=3.3V"
    OPTIONS: ClassVar[dict[str, Option]] = {
        **RAIL_OPTIONS,
        "mode": Option(
            partial(_choice, names=("ampere", "source")),
            "ampere",
            "ampere (in the device's supply line) or source (it is the supply)",
        ),
        "voltage": Option(_volts, None, "the device's supply voltage; needed to be a source, 0.8V to 5V"),
        "output": Option(_on_off, "on", "whether current may flow through it: on or off"),
        "filter": Option(_on_off, "on", "Nordic's smoothing of the three samples at a range switch"),
        "raw": Option(_on_off, "off", "record the unsmoothed current beside it"),
        "logic": Option(_on_off, "on", "record the logic inputs D0 to D7"),
        "events": Option(
            parse_inputs, EVERY_INPUT, "what a high logic input means: D0:infer,D3:radio; none for nothing"
        ),
    }
    covers = "everything behind the PPK2's output, 1 A at most"

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        if self.options["mode"] == "source" and self.options["voltage"] is None:
            raise ConfigurationError(
                f"{address}: a source needs its voltage; add voltage=3.3V, what the device takes"
            )
        self._link: Link | None = None
        self._calibration: Calibration | None = None
        self._voltage_v = 0.0
        self._streaming = False
        self._edges = LogicEdges(self.options["events"])
        self.losses = Losses()
        self.refused = 0

    def open(self) -> None:
        self._link = self._open_link()
        with closed_on_failure(self, "is this the first port of a PPK2?"):
            calibration = self._ask_metadata(self._link)
            self._configure(self._link, calibration)

    def _open_link(self) -> Link:
        return open_link(self.address.location, instrument="PPK2", usb=USB)

    def _ask_metadata(self, link: Link) -> Calibration:
        """Stop what a crashed program may have left running, and ask for the calibration."""
        from .meters.ppk2_stream import parse_metadata

        problem, reason = "it answers nothing", Reason.NO_ANSWER
        for _ in range(3):
            link.write(bytes([STOP]))
            deadline = time.monotonic() + METADATA_S
            while time.monotonic() < deadline and link.read(65536, 0.1):
                pass
            link.write(bytes([METADATA]))
            text = b""
            deadline = time.monotonic() + METADATA_S
            while time.monotonic() < deadline and b"END" not in text and len(text) < 65536:
                text += link.read(4096, 0.2)
            if not text:
                continue
            try:
                return parse_metadata(text.decode("ascii", "replace"))
            except DataError as error:
                problem, reason = str(error), Reason.BAD_DATA
        raise ReadError(f"PPK2 on {link.where}: {problem}", reason)

    def _configure(self, link: Link, calibration: Calibration) -> None:
        from .meters.ppk2_stream import Decoder

        options = self.options
        voltage_v = options["voltage"] or (calibration.vdd_mv or 0) / 1000
        if not LOWEST_V <= voltage_v <= HIGHEST_V:
            raise OpenError(
                f"{self.address}: the PPK2 does not report its voltage; add voltage=3.3V, what the device is fed with",
                Reason.LOST_SETUP,
            )
        if not self.channels:
            self._calibration, self._voltage_v = calibration, voltage_v
            self._describe()
            self.channels = link.graded(self.channels)
        millivolt = round(self._voltage_v * 1000)
        if options["mode"] == "source":
            link.write(bytes([OUTPUT, 0]))  # it may still stand at the last user's voltage
        link.write(bytes([VOLTAGE]) + millivolt.to_bytes(2, "big"))
        link.write(bytes([MODE, MODES[options["mode"]]]))
        link.write(bytes([OUTPUT, options["output"] == "on"]))
        assert self._calibration is not None
        self._decoder: Decoder = Decoder(
            self._calibration, self._voltage_v, spike_filter=options["filter"] == "on"
        )
        self._edges.restart()
        self._clock = TickClock(SAMPLE_NS)
        self._late: deque[tuple[float, int]] = deque()
        self._loss_s = -1e9
        self._added = 0
        self._last_ns = self._last = 0
        self._streaming = False

    def _describe(self) -> None:
        rail = rail_of(self.options, self.covers, nominal_v=self._voltage_v)
        gain = max(limit for _, _, limit in RANGE_LIMITS)
        accuracy = Accuracy(
            gain=gain,
            step=RANGE_LIMITS[0][1],
            typical=True,
            source="Nordic's typical figures per range as transcribed by ppk2lab (10 % to 50 mA, 15 % above); "
            "calibrate to better them",
        )
        channels = [Channel("current", Quantity.CURRENT, 1e-9, rail, accuracy=accuracy)]
        if self.options["raw"] == "on":
            channels.append(Channel("current.unfiltered", Quantity.CURRENT, 1e-9, rail, accuracy=accuracy))
        if self.options["logic"] == "on":
            channels.append(Channel("logic", Quantity.MARKER, 1.0))
        self.channels = tuple(channels)

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            try:
                link.write(bytes([STOP]))
            except ReadError:
                pass  # pulled: it stops by itself
            link.close()

    def info(self) -> dict[str, Any]:
        calibration = self._calibration
        facts: dict[str, Any] = {"model": "PPK2", **(self._link.facts if self._link else {})}
        if calibration is not None:
            facts |= {
                "hardware": calibration.hardware,
                "firmware": None,
                "voltage_v": self._voltage_v,
                "voltage_from": "the URL"
                if self.options["voltage"]
                else "the PPK2's own setting, assumed to hold",
                "calibration": {name: list(values) for name, values in calibration.constants.items()},
            }
            if calibration.missing:
                facts["warning"] = "default constants stand in for " + ", ".join(calibration.missing)
        return {**facts, "mode": self.options["mode"], "spike_filter": self.options["filter"]}

    def counts(self) -> dict[str, int]:
        """Return what went wrong so far: samples lost and words refused."""
        return {
            "samples_lost": self.losses.lost,
            "words_refused": self.refused,
            "noisy_inputs": len(self._edges.noisy),
        }

    def read_block(self, timeout_s: float) -> Block | None:
        if self._link is None:
            raise ReadError("PPK2 is not open", Reason.NO_ANSWER)
        if not self._streaming:
            self._streaming = True  # not before someone reads: what piles up is lost
            self._heard_s = time.monotonic()
            self._link.clear()
            self._link.write(bytes([START]))
        data, arrival_ns = self._collect(self._link, timeout_s)
        if not data:
            if time.monotonic() - self._heard_s > SILENCE_S:
                self._heard_s = time.monotonic()
                raise ReadError(f"PPK2 on {self._link.where}: it sends nothing", Reason.NO_ANSWER)
            return None
        self._heard_s = time.monotonic()
        return self._block(data, arrival_ns)

    def _collect(self, link: Link, timeout_s: float) -> tuple[bytes, int]:
        """Read often enough that no buffer fills, and until there is enough to decode at once."""
        wanted = int(BLOCK_S * 4e9 / SAMPLE_NS)
        deadline = time.monotonic() + max(timeout_s, BLOCK_S)
        pieces: list[bytes] = []
        size = 0
        arrival_ns = now_ns()
        while size < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            piece = link.read(65536, left)
            arrival_ns = now_ns()
            pieces.append(piece)
            size += len(piece)
            if size < wanted and 0 < len(piece) < FULL_READ:
                time.sleep(PAUSE_S)
        return b"".join(pieces), arrival_ns

    def _block(self, data: bytes, arrival_ns: int) -> Block | None:
        import numpy as np

        decoded = self._decoder.feed(data)
        self.refused += decoded.refused
        if not len(decoded.index):
            return None
        self._settle(decoded, arrival_ns)
        last = int(decoded.index[-1])
        self._clock.arrived(last, arrival_ns)
        # Faster only: what is slower, `_settle` counts as lost.
        refuse(self._clock.mismatch, "PPK2", ", which a PPK2 does not do; is it one?")
        if last < SETTLE_S * NS / SAMPLE_NS:
            return None  # the first moments only set the clock
        end_ns = self._clock.time_ns(last)
        before = int(decoded.index[0]) - 1
        if self._last_ns:
            before = min(self._last, before)  # what is lost between two blocks took its time too
            end_ns = self._slewed(end_ns, last - before)
        else:
            self._last_ns = end_ns - (last - before) * SAMPLE_NS
        step_ns = (end_ns - self._last_ns) / (last - before)

        def at_ns(index: NDArray[np.int64]) -> NDArray[np.int64]:
            passed_ns: NDArray[np.int64] = np.rint((index - before) * step_ns).astype(np.int64)
            return passed_ns + self._last_ns

        gaps = []
        for first, count in decoded.losses:
            start, end = at_ns(np.array([first - 1, first + count])).tolist()
            gaps.append(self.losses.dropped(start, end, count))
        times = at_ns(decoded.index)
        self._last_ns, self._last = int(times[-1]), last
        columns = [decoded.current_na]
        if self.options["raw"] == "on":
            columns.append(decoded.unfiltered_na)
        if self.options["logic"] == "on":
            columns.append(decoded.logic)
        return Block(
            times,
            np.stack(columns, axis=1),
            decoded.flags | np.uint8(INTERPOLATED_TIME),
            tuple(gaps),
            self._edges.feed(times, decoded.logic),
        )

    def _slewed(self, end_ns: int, samples: int) -> int:
        """Return when the last of so many samples, lost ones counted, was taken.

        A better estimate of the clock makes no step, nor squeezes energy away.
        """
        passed_ns = samples * SAMPLE_NS
        nominal = self._last_ns + passed_ns
        return slewed(end_ns, nominal, passed_ns) if end_ns - nominal < NS else end_ns

    def _settle(self, decoded: Decoded, arrival_ns: int) -> None:
        """Find the part of a loss that the counter cannot show, a multiple of 64, by how late the stream is.

        Delay only ever adds, so lateness is at least what is missing: taken at once where the counter
        shows a loss, after a while where it does not, and given back when the stream turns out early.
        """
        late_ns = arrival_ns - self._clock.time_ns(int(decoded.index[-1])) if self._last_ns else 0
        now = time.monotonic()
        step_ns = 64 * SAMPLE_NS
        if decoded.losses:
            self._loss_s = now
            self._late.clear()
            hidden = max(0, round(late_ns / step_ns)) * 64
        elif self._added and late_ns < -step_ns / 2:
            hidden = -min(self._added, round(-late_ns / step_ns) * 64)
            self._late.clear()
        else:
            hidden = self._lasting(late_ns, now)
        if not hidden:
            return
        self._added += hidden
        self._decoder.next_index += hidden
        if decoded.losses:
            first, count = decoded.losses[-1]
            decoded.index[decoded.index >= first] += hidden
            decoded.losses[-1] = (first, count + hidden)
        else:
            decoded.index += hidden
            if hidden > 0:
                decoded.losses.append((int(decoded.index[0]) - hidden, hidden))
            else:
                self.losses.lost += hidden

    def _lasting(self, late_ns: int, now: float) -> int:
        self._late.append((now, late_ns))
        known = now - self._loss_s < 2 * KNOWN_LOSS_S
        limit_ns, window_s = (KNOWN_LOSS_NS, KNOWN_LOSS_S) if known else (HIDDEN_LOSS_NS, HIDDEN_LOSS_S)
        if now - self._late[0][0] < window_s:
            return 0
        least = min(late for _, late in self._late)
        while self._late and now - self._late[0][0] >= window_s:
            self._late.popleft()
        if least < limit_ns:
            return 0
        self._late.clear()
        return round(least / (64 * SAMPLE_NS)) * 64

    @classmethod
    def discover(cls) -> list[Found]:
        """List PPK2 by their USB ids; of the two ports of newer firmware the first."""
        found, seen = [], set()
        for port, _ in usb_ports(USB):
            if port.serial_number in seen:
                continue
            seen.add(port.serial_number)
            problem, remedy = port_problem(port.device)
            found.append(
                Found(
                    f"ppk2://{port.serial_number or port.device}?voltage=3.3V",
                    f"Nordic PPK2 {port.serial_number or ''} on {port.device}".replace("  ", " "),
                    rails=("input",),
                    rate_hz=NS / SAMPLE_NS,
                    resolution_w=RANGE_LIMITS[0][1] * 3.3,
                    covers=cls.covers,
                    problem=problem,
                    remedy=remedy,
                    rank=50,
                )
            )
        return found
