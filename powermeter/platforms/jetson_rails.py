"""Which power rails each NVIDIA Jetson has, which feeds which, and which may be summed.

The tables are facts of the boards, gathered from NVIDIA's documentation and device trees and from
public logs; the live sources (sysfs, tegrastats, jtop) and the importers read them.  Three kinds of
board exist: one rail is the module's input and the others are parts of it (Nano, TX1, TX2, Xavier
NX, Orin Nano and NX), there is no such rail and some of the rails may be added (AGX Xavier, AGX
Orin), or the carrier measures the whole input (Thor).  Rails that are not in a board's table are
recorded and never added to anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from powermeter.channel import Accuracy, Boundary, Rail
from powermeter.platforms.assumptions import SHUNT_TOLERANCE, SHUNTS, assumed
from powermeter.platforms.tegrastats import is_connected

SUM_RAIL = "MODULE"
"""The parent, measured by nothing, of the rails that may be added up; `powermeter.signals.headline_rail` adds them."""

# INA3221 datasheet SBOS576A: offset 80 µV, gain 0.25 % (limits), step 40 µV.
_OFFSET_V, _GAIN, _STEP_V = 80e-6, 0.0025, 40e-6
_ASSUMED_SHUNT, _ASSUMED_SHUNT_SOURCE = 0.005, assumed("resistance")


@dataclass(frozen=True, slots=True)
class RailFacts:
    """One rail of a board: what feeds it, what it covers, its nominal voltage in V."""

    parent: str | None
    boundary: Boundary
    covers: str
    nominal_v: float | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """The rails of one family of boards.

    Attributes:
        title: The boards it stands for.
        models: What the device tree's `model` holds on them.
        lines: Rail name → what is known of it.
        summed: The rails whose sum is the best total where no rail measures it; all must be there.
        uncovered: What no rail here measures.
        shunt_ohm: Of its power monitors; None where it is not known.
        shunt_source: Where that comes from.
    """

    title: str
    models: tuple[str, ...]
    lines: Mapping[str, RailFacts]
    summed: tuple[str, ...] = ()
    uncovered: str = ""
    shunt_ohm: float | None = None
    shunt_source: str = ""


@dataclass(frozen=True, slots=True)
class BoardRails:
    """How the rails found on one machine hang together.

    Attributes:
        board: The board's title, or empty where the names fit no table.
        rails: One per name asked for, in that order.
        total: The rail that measures the most, or None.
        summed: The rails that may be added, where `total` is None; `SUM_RAIL` is then their parent.
        uncovered: What neither covers, in words.
        refusal: Why there is neither a total nor a sum, or empty.
        accuracies: Limits of each rail's power reading, in the order of `rails`.
        shunt_ohm: Of the board's power monitors, assumed 5 mohm where not known.
        shunt_source: Where that comes from.
    """

    board: str
    rails: tuple[Rail, ...]
    total: str | None
    summed: tuple[str, ...]
    uncovered: str
    refusal: str
    accuracies: tuple[Accuracy, ...] = ()
    shunt_ohm: float = _ASSUMED_SHUNT
    shunt_source: str = _ASSUMED_SHUNT_SOURCE


_M, _P = Boundary.MODULE, Boundary.PART
_CARRIER = "the carrier board: USB ports, SSD, fan, HDMI, its regulators"
_MODULE_IN = "everything the module draws, with its memory and storage; not the carrier board"

_TX_CARRIER = {
    "VDD_MUX": RailFacts(
        None, Boundary.BOARD, "the carrier board's main input: module, ports and regulators", 19.0
    ),
    "VDD_5V_IO_SYS": RailFacts("VDD_MUX", _P, "the carrier's 5 V supply", 5.0),
    "VDD_5V0_IO_SYS": RailFacts("VDD_MUX", _P, "the carrier's 5 V supply", 5.0),
    "VDD_3V3_SYS": RailFacts("VDD_MUX", _P, "the carrier's 3.3 V supply", 3.3),
    "VDD_3V3_IO": RailFacts("VDD_3V3_SYS", _P, "3.3 V for the carrier's ports", 3.3),
    "VDD_3V3_IO_SLP": RailFacts("VDD_3V3_SYS", _P, "3.3 V for the carrier's ports, off in sleep", 3.3),
    "VDD_1V8_IO": RailFacts("VDD_MUX", _P, "the carrier's 1.8 V supply", 1.8),
    "VDD_M2_IN": RailFacts("VDD_MUX", _P, "the M.2 slot", 3.3),
    "VDD_3V3_SYS_M2": RailFacts("VDD_3V3_SYS", _P, "3.3 V for the M.2 slot", 3.3),
}

BOARDS: tuple[Board, ...] = (
    Board(
        "Jetson Xavier NX, Orin NX or Orin Nano",
        ("Xavier NX", "Xavier-NX", "Orin NX", "Orin Nano"),
        {
            "VDD_IN": RailFacts(None, _M, _MODULE_IN, 5.0),
            "VDD_CPU_GPU_CV": RailFacts(
                "VDD_IN", _P, "CPU cores, GPU, vision and deep-learning accelerators", 5.0
            ),
            "VDD_SOC": RailFacts("VDD_IN", _P, "the rest of the chip", 5.0),
        },
        uncovered=_CARRIER,
        shunt_ohm=0.005,
        shunt_source="NVIDIA's device tree for tegra234-p3767",
    ),
    Board(
        "Jetson Nano",
        ("Jetson Nano", "jetson-nano"),
        {
            "POM_5V_IN": RailFacts(None, _M, _MODULE_IN, 5.0),
            "POM_5V_GPU": RailFacts("POM_5V_IN", _P, "GPU", 5.0),
            "POM_5V_CPU": RailFacts("POM_5V_IN", _P, "CPU cores", 5.0),
        },
        uncovered=_CARRIER,
        shunt_ohm=0.005,
        shunt_source="steps of 40 mW at 5 V in public logs",
    ),
    Board(
        "Jetson TX1",
        ("jetson_tx1", "Jetson TX1", "jetson-tx1"),
        {
            **_TX_CARRIER,
            "VDD_IN": RailFacts("VDD_MUX", _M, _MODULE_IN, 19.0),
            "VDD_GPU": RailFacts("VDD_IN", _P, "GPU", 19.0),
            "VDD_CPU": RailFacts("VDD_IN", _P, "CPU cores", 19.0),
        },
        uncovered=_CARRIER,
    ),
    Board(
        "Jetson TX2",
        ("quill", "Jetson TX2", "Jetson-TX2", "lightning"),
        {
            **_TX_CARRIER,
            "VDD_IN": RailFacts("VDD_MUX", _M, _MODULE_IN, 19.0),
            "VDD_CPU": RailFacts("VDD_IN", _P, "CPU cores", 19.0),
            "VDD_GPU": RailFacts("VDD_IN", _P, "GPU", 19.0),
            "VDD_SOC": RailFacts("VDD_IN", _P, "the rest of the chip", 19.0),
            "VDD_WIFI": RailFacts("VDD_IN", _P, "Wi-Fi", 4.8),
            "VDD_DDR": RailFacts("VDD_IN", _P, "memory", 4.8),
            "VDD_SYS_CPU": RailFacts("VDD_IN", _P, "CPU cores", 19.0),
            "VDD_SYS_GPU": RailFacts("VDD_IN", _P, "GPU", 19.0),
            "VDD_SYS_SOC": RailFacts("VDD_IN", _P, "the rest of the chip", 19.0),
            "VDD_SYS_DDR": RailFacts("VDD_IN", _P, "memory", 4.8),
            "VDD_4V0_WIFI": RailFacts("VDD_IN", _P, "Wi-Fi", 4.0),
        },
        uncovered=_CARRIER,
    ),
    Board(
        "Jetson TX2 NX",
        ("TX2 NX",),
        {
            "VDD_IN": RailFacts(None, _M, _MODULE_IN, 5.0),
            "VDD_CPU_GPU": RailFacts("VDD_IN", _P, "CPU cores and GPU", 5.0),
            "VDD_SOC": RailFacts("VDD_IN", _P, "the rest of the chip", 5.0),
        },
        uncovered=_CARRIER,
        shunt_ohm=0.005,
        shunt_source=_ASSUMED_SHUNT_SOURCE,
    ),
    Board(
        "Jetson AGX Xavier",
        ("AGX Xavier", "Jetson-AGX"),
        {
            "GPU": RailFacts(None, _P, "GPU", 19.0),
            "CPU": RailFacts(None, _P, "CPU cores", 19.0),
            "SOC": RailFacts(None, _P, "the rest of the chip", 19.0),
            "CV": RailFacts(None, _P, "vision and deep-learning accelerators", 19.0),
            "VDDRQ": RailFacts(None, _P, "memory", 19.0),
            "SYS5V": RailFacts(None, _P, "the module's 5 V supply", 5.0),
        },
        summed=("GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"),
        uncovered=f"regulators before the six rails and {_CARRIER}",
        shunt_ohm=0.005,
        shunt_source="steps in public logs",
    ),
    Board(
        "Jetson AGX Orin",
        ("AGX Orin",),
        {
            "VDD_GPU_SOC": RailFacts(None, _P, "GPU and the rest of the chip", 19.5),
            "VDD_CPU_CV": RailFacts(None, _P, "CPU cores, vision and deep-learning accelerators", 19.5),
            "VIN_SYS_5V0": RailFacts(None, _P, "the module's 5 V supply, with its memory", 5.0),
            "VDDQ_VDD2_1V8AO": RailFacts(
                "VIN_SYS_5V0", _P, "memory; fed from VIN_SYS_5V0, so inside it", 5.0
            ),
        },
        summed=("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"),
        uncovered=f"regulators before the three rails and {_CARRIER} (60 W at the input beside 26 W "
        "of rails has been reported)",
        shunt_ohm=0.002,
        shunt_source="NVIDIA's device tree for tegra234-p3701",
    ),
    Board(
        "Jetson AGX Thor",
        ("Thor",),
        {
            "VIN": RailFacts(None, Boundary.BOARD, "everything the developer kit draws at its input", 19.5),
            "VDD_GPU": RailFacts("VIN", _P, "GPU", 19.5),
            "VDD_CPU_SOC_MSS": RailFacts("VIN", _P, "CPU cores and the rest of the chip", 19.5),
            "VIN_SYS_5V0": RailFacts("VIN", _P, "the module's 5 V supply, with its memory", 5.0),
        },
        summed=("VDD_GPU", "VDD_CPU_SOC_MSS", "VIN_SYS_5V0"),
        uncovered="the power supply's loss",
        shunt_ohm=0.002,
        shunt_source="from steps of 20 mA in public logs",
    ),
)

# What is left out where Thor's input sensor is not there and its three module rails are added.
_WITHOUT_INPUT = f"regulators before the rails and {_CARRIER}"


def layout(names: Iterable[str], model: str = "") -> BoardRails:
    """Return how these rails hang together: parents, boundaries, the total or what may be summed.

    Args:
        names: Rails as a Jetson names them, in any order; `NC` inputs are allowed and belong nowhere.
        model: The machine's own name from its device tree, where known; decides between boards that
            the names alone leave open.
    """
    listed = tuple(names)
    real = [name for name in listed if is_connected(name)]
    board = _board(real, model)
    if board is None:
        rails = tuple(_unknown(name) for name in listed)
        refusal = (
            "no rail with power" if not real else f"rails of no known board ({', '.join(real)}): never added"
        )
        return BoardRails("", rails, None, (), "unknown", refusal, tuple(Accuracy() for _ in listed))
    present = set(real)
    rails = tuple(_rail(board, name, present) for name in listed)
    total = _total(board, present)
    missing = [name for name in board.summed if name not in present]
    summed: tuple[str, ...] = ()
    refusal, uncovered = "", board.uncovered
    if total is None:
        if not board.summed:
            refusal = (
                f"{board.title}: the rail of the whole module is missing and its parts do not add up to it"
            )
        elif missing:
            refusal = f"{board.title}: no total without {', '.join(missing)}"
        else:
            summed = board.summed
            uncovered = _WITHOUT_INPUT if board.title.endswith("Thor") else board.uncovered
            rails = tuple(
                replace(rail, parent=SUM_RAIL, sum_lacks=uncovered) if rail.name in summed else rail
                for rail in rails
            )
    shunt, source = board.shunt_ohm or _ASSUMED_SHUNT, board.shunt_source or _ASSUMED_SHUNT_SOURCE
    accuracies = tuple(_power_accuracy(board, name, shunt, source) for name in listed)
    return BoardRails(board.title, rails, total, summed, uncovered, refusal, accuracies, shunt, source)


def _board(names: list[str], model: str) -> Board | None:
    """Return the board that knows most of the names; among equals the one the model names, then the first."""
    scored = [(sum(name in board.lines for name in names), board) for board in BOARDS]
    best = max(score for score, _ in scored)
    if not best:
        return None
    equals = [board for score, board in scored if score == best]
    named = [board for board in equals if any(part in model for part in board.models)]
    return (named or equals)[0]


def _total(board: Board, present: set[str]) -> str | None:
    for name, line in board.lines.items():
        if name in present and line.boundary in (Boundary.BOARD, Boundary.MODULE):
            return name
    return None


def _rail(board: Board, name: str, present: set[str]) -> Rail:
    line = board.lines.get(name)
    if line is None:
        return _unknown(name)
    parent = line.parent
    while parent is not None and parent not in present:
        above = board.lines.get(parent)
        parent = above.parent if above is not None else None
    return Rail(name, parent, line.boundary, line.covers, line.nominal_v)


def _unknown(name: str) -> Rail:
    if not is_connected(name):
        return Rail(name, None, Boundary.PART, "an input that is not connected")
    return Rail(name, None, Boundary.PART, "not in the table of known rails; never added to another")


def _power_accuracy(board: Board, name: str, shunt_ohm: float, shunt_source: str) -> Accuracy:
    """Return the limits of a power reading by an INA3221 at the rail's nominal voltage."""
    line = board.lines.get(name)
    if line is None or line.nominal_v is None:
        return Accuracy(gain=2 * _GAIN + SHUNT_TOLERANCE, source=f"an INA3221 (datasheet SBOS576A); {SHUNTS}")
    current = current_accuracy(shunt_ohm, shunt_source)
    return Accuracy(
        gain=_GAIN + current.gain,
        offset=current.offset * line.nominal_v,
        step=current.step * line.nominal_v,
        source=current.source,
    )


def current_accuracy(shunt_ohm: float, shunt_source: str) -> Accuracy:
    """Return the limits of an INA3221's current reading in A over such a shunt (datasheet SBOS576A)."""
    where = f"shunt {shunt_ohm * 1e3:g} mohm ({shunt_source}), {SHUNTS}"
    return Accuracy(
        gain=_GAIN + SHUNT_TOLERANCE,
        offset=_OFFSET_V / shunt_ohm,
        step=_STEP_V / shunt_ohm,
        source=f"INA3221 datasheet SBOS576A; {where}",
    )


VOLTAGE_ACCURACY = Accuracy(gain=_GAIN, offset=0.016, step=0.008, source="INA3221 datasheet SBOS576A")
"""Limits of an INA3221's bus voltage reading in V."""
