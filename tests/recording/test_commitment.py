"""What a recorder's notes commit it to: the same however samples are laid out, another one for any other sample or source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.recording.commitment import Commitment
from powermeter.result import Grade

CHANNEL = Channel("power", Quantity.POWER, 1e-3, Rail("in", covers="all"))
TIMES = np.arange(1, 5001, dtype=np.int64) * 10**7
CODES = (TIMES % 997).reshape(-1, 1)
FLAGS = (TIMES % 3 == 0).astype(np.uint8)


def digest(cut: int, channel: Channel = CHANNEL, driver: str = "ina219", codes: np.ndarray = CODES) -> str:
    found = Commitment(driver, [channel])
    for part in (slice(0, cut), slice(cut, None)):
        found.add(TIMES[part], FLAGS[part], codes[part])
    return found.digest


def test_it_does_not_depend_on_blocks_and_depends_on_everything_else() -> None:
    first = digest(1)
    assert digest(4999) == first
    changed = CODES.copy()
    changed[1234] += 1
    others = [
        digest(1, codes=changed),
        digest(1, driver="virtual"),
        digest(1, replace(CHANNEL, scale=2e-3)),
        digest(1, replace(CHANNEL, grade=Grade.SIMULATED)),
    ]
    assert len({first, *others}) == 5


def test_what_is_read_back_is_what_was_committed_to(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Also where a channel was made with whole numbers, and of a transaction that is undone nothing counts."""
    channel = replace(CHANNEL, scale=1, offset=0)
    with Writer.create(tmp_path / "a.power") as writer:
        source = writer.add_source("x://", "x", "x", [channel])
        writer.append(source, TIMES[:4000], CODES[:4000], FLAGS[:4000])
        try:
            with writer.transaction():
                writer.append(source, TIMES[4000:], CODES[4000:] + 1, FLAGS[4000:])
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        writer.append(source, TIMES[4000:], CODES[4000:], FLAGS[4000:])
        noted = writer.commitment(source)
    with Recording.open(tmp_path / "a.power") as recording:
        (read,) = recording.sources
        found = Commitment(read.driver, read.channels)
        for piece in recording.stream(read.id):
            found.add(piece.times_ns, piece.flags, piece.table())
    assert found.note() == noted and noted["written"] == 5000
