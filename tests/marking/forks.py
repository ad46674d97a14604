"""Forks at random moments while threads mark events and Meters come and go: `python forks.py COUNT SEED FOLDER`.

Prints how many events the children marked inside the recording that lasts, and how many its threads marked.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

import powermeter

URL = "virtual://?rate=100Hz"
LIMIT_S = 20.0


def child(how: int) -> None:
    """Mark an event in a new process, and leave it in one of three ways."""
    with powermeter.event("child"):
        pass
    if how == 0:
        os._exit(0)
    if how == 1:
        sys.exit(0)
    with powermeter.event("unfinished"):
        os._exit(0)


def main() -> None:
    count, seed, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    draw = random.Random(seed)
    stop = threading.Event()
    made = [0, 0]

    def mark(position: int) -> None:
        while not stop.is_set():
            with powermeter.event("thread", text="x" * (made[position] % 50)):
                made[position] += 1
            time.sleep(0.0005)

    def come_and_go() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with powermeter.Meter(URL, path=folder / f"short{number}.power"):
                time.sleep(0.05)

    others = [threading.Thread(target=mark, args=(i,), daemon=True) for i in range(2)]
    others.append(threading.Thread(target=come_and_go, daemon=True))
    hung = unfinished = 0
    with powermeter.Meter(URL, path=folder / "run.power"):
        for one in others:
            one.start()
        for number in range(count):
            time.sleep(draw.uniform(0, 0.004))
            process = os.fork()
            if not process:
                child(number % 3)
            unfinished += number % 3 == 2
            deadline = time.monotonic() + LIMIT_S
            while os.waitpid(process, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    hung += 1
                    os.kill(process, 9)
                    os.waitpid(process, 0)
                    break
                time.sleep(0.0005)
        stop.set()
        for one in others:
            one.join()
    print(count, unfinished, hung, sum(made), flush=True)


if __name__ == "__main__":
    main()
