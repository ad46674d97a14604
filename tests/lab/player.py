"""The second process: sets the stub chips' registers on order, or plays a power profile into them.

::

    player.py BUS                 orders as JSON lines on standard input
    player.py BUS PROFILE LOG     plays a profile file and logs when each step was written

It writes with plain SMBus words and knows nothing of the drivers under test.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from smbus2 import SMBus


def swapped(word: int) -> int:
    """Return a word with its bytes the other way round: the chips are big-endian, SMBus is not."""
    return (word & 0xFF) << 8 | word >> 8 & 0xFF


def obey(bus: SMBus, order: dict[str, Any]) -> Any:
    """Do one order and give the answer."""
    if "write" in order:
        for address, register, value in order["write"]:
            bus.write_word_data(address, register, swapped(value & 0xFFFF))
        return len(order["write"])
    return [swapped(bus.read_word_data(address, register)) for address, register in order["read"]]


def play(bus: SMBus, profile: Path, log: Path) -> None:
    """Write each step `[seconds, [[address, register, value], …]]` at its time; log when it was done."""
    steps = json.loads(profile.read_text())
    started = time.monotonic_ns() + 200_000_000
    done = []
    for seconds, writes in steps:
        wait = (started - time.monotonic_ns()) / 1e9 + seconds
        if wait > 0:
            time.sleep(wait)
        before = time.monotonic_ns()
        for address, register, value in writes:
            bus.write_word_data(address, register, swapped(value & 0xFFFF))
        done.append((before + time.monotonic_ns()) // 2)
    log.write_text(json.dumps(done))


def main() -> None:
    """Obey or play."""
    with SMBus(int(sys.argv[1]), force=True) as bus:
        if len(sys.argv) == 4:
            play(bus, Path(sys.argv[2]), Path(sys.argv[3]))
            return
        for line in sys.stdin:
            print(json.dumps(obey(bus, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
