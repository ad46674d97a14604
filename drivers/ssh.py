"""`ssh://user@board`: a board's own sensors, read there and recorded here, their stamps on this machine's clock."""

from __future__ import annotations

import json
import queue
import time
from functools import partial
from typing import Any, ClassVar

import numpy as np

from powermeter.errors import OpenError, ReadError, Reason
from powermeter.recorder.remote.link import RemoteLink, check_target
from powermeter.recording import json_validation
from powermeter.source import Address, Block, Gap, Option, StreamingSource
from powermeter.units import parse_rate

_OPEN_S = 20.0
_QUEUE = 4096
_WAIT_S = 0.2


class Ssh(StreamingSource):
    """Starts an agent on the board over ssh: its python3 (3.6 or later) is enough; with powermeter there, any of its sources."""

    scheme = "ssh"
    summary = "a board's own sensors, over ssh"
    example = "ssh://user@board?source=auto"
    patience_s = 5.0
    OPTIONS: ClassVar[dict[str, Option]] = {
        "source": Option(
            str, "auto", "what to read there: auto, sysfs, or a URL if powermeter is installed on the board"
        ),
        "rate": Option(parse_rate, None, "how often: 10Hz; as the source there is read by itself otherwise"),
    }

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._target = check_target(address.location)
        self._link: RemoteLink | None = None
        self._frames: queue.Queue[tuple[bytes, bytes]] = queue.Queue(_QUEUE)
        self._row = np.dtype([])
        self._info: dict[str, Any] = {}
        self._dropped = 0
        self._failed = 0
        self._failing_since: int | None = None

    def open(self) -> None:
        self.close()
        # A queue of its own for each connection: what the last one still sends as it ends is not for this one.
        frames: queue.Queue[tuple[bytes, bytes]] = queue.Queue(_QUEUE)
        self._frames = frames
        order = {"source": self.options["source"], "period_s": self.options["rate"]}
        self._link = RemoteLink(self._target, order, partial(self._take, frames), ask=False)
        deadline = time.monotonic() + _OPEN_S
        while time.monotonic() < deadline:
            try:
                kind, data = self._frames.get(timeout=_WAIT_S)
            except queue.Empty:
                if self._link.ended.is_set():
                    break
                continue
            if kind == b"D":
                self._describe(data)
                return
            if kind == b"X":
                text = str(_json(data).get("error") or "it ended")
                self.close()
                raise OpenError(f"{self.address}: {text[:300]}", Reason.ABSENT)
        self.close()
        raise OpenError(f"{self.address}: the board sent no reading", Reason.NO_ANSWER)

    def _describe(self, data: bytes) -> None:
        found = _json(data)
        try:
            channels = tuple(json_validation.channel(spec) for spec in found["channels"])
        except (KeyError, TypeError, ValueError) as error:
            self.close()
            raise OpenError(
                f"{self.address}: the board described no channels ({error})", Reason.BAD_DATA
            ) from error
        if not channels or len(channels) > 256:
            self.close()
            raise OpenError(f"{self.address}: the board has no sensor to read", Reason.ABSENT)
        if self.channels and channels != self.channels:
            self.close()
            raise ReadError(f"{self.name} came back with other channels", Reason.WRONG_DEVICE)
        self.channels = channels
        self._info = {"board": found.get("info") or {}, "python": found.get("python")}
        self._row = np.dtype([("at", "<i8"), ("flags", "<i8"), ("codes", "<i8", (len(channels),))])

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.send(b"S")
            link.close()

    def info(self) -> dict[str, Any]:
        return {**self._info, "clock": "exchanges over ssh"}

    def counts(self) -> dict[str, int]:
        return {"frames dropped": self._dropped, "readings that failed on the board": self._failed}

    @property
    def clock_doubt_ns(self) -> float:
        return 0.0 if self._link is None else float(self._link.clock.doubt_ns)

    def _take(self, frames: queue.Queue[tuple[bytes, bytes]], kind: bytes, data: bytes) -> None:
        try:
            frames.put_nowait((kind, data))
        except queue.Full:
            self._dropped += 1

    def read_block(self, timeout_s: float) -> Block | None:
        link = self._link
        if link is None:
            raise ReadError(f"{self.name} is closed", Reason.NO_ANSWER)
        try:
            kind, data = self._frames.get(timeout=timeout_s)
        except queue.Empty:
            if link.ended.is_set():
                raise ReadError(
                    f"the connection to {self._target} broke{': ' + link.why if link.why else ''}",
                    Reason.NO_ANSWER,
                ) from None
            return None
        if kind == b"G":
            self._failed += 1
            if self._failing_since is None:
                self._failing_since = time.monotonic_ns()
            return None
        if kind == b"X":
            raise ReadError(
                f"{self.name}: {_json(data).get('error') or 'it ended on the board'}", Reason.NO_ANSWER
            )
        if kind != b"V" or not data or len(data) % self._row.itemsize:
            return None
        rows = np.frombuffer(data, self._row)
        times = np.array([link.clock.here(at) for at in rows["at"].tolist()], np.int64)
        gaps: tuple[Gap, ...] = ()
        if self._failing_since is not None:
            gaps = (
                Gap(
                    min(self._failing_since, int(times[0])),
                    int(times[0]),
                    Reason.NO_ANSWER.value,
                    "failed on the board",
                ),
            )
            self._failing_since = None
        return Block(
            np.maximum.accumulate(times),
            np.ascontiguousarray(rows["codes"]),
            rows["flags"].astype(np.uint8),
            gaps,
        )


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
