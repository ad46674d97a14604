"""Slices of a Perfetto trace as events: track events of programs, and atrace's begin and end marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from powermeter.events import Event
from powermeter.importers.perfetto_clocks import Clocks
from powermeter.importers.protobuf import fields, message, text, unsigned

MAX_SLICES = 200_000

_MARK = re.compile(r"(?P<what>[BE])(?:\|(?P<pid>\d*)(?:\|(?P<name>[^|\n]{1,200}))?)?")

_Track = tuple[str, int]


@dataclass
class Slices:
    """What has begun and ended so far.

    Attributes:
        lost: Slices without an end, and those beyond the most that are kept.
    """

    lost: int = 0
    _open: dict[_Track, list[tuple[str, int]]] = field(default_factory=dict)
    _done: list[tuple[str, int, int, int]] = field(default_factory=list)
    _names: dict[tuple[int, int], str] = field(default_factory=dict)
    _tracks: dict[int, int] = field(default_factory=dict)

    def forget(self, sequence: int) -> None:
        """Forget what a packet sequence had interned."""
        self._tracks.pop(sequence, None)
        for key in [key for key in self._names if key[0] == sequence]:
            del self._names[key]

    def defaults(self, sequence: int, data: bytes) -> None:
        """Take in the defaults of a packet sequence: the track of its events."""
        for number, _, value in fields(data):
            if number == 11:
                for inner, _, own in fields(message(value)):
                    if inner == 11:
                        self._tracks[sequence] = unsigned(own)

    def add(self, number: int, data: bytes, when: int | None, sequence: int) -> None:
        """Take in interned names (12), a track event (11) or a bundle of ftrace events (1)."""
        if number == 12:
            self._intern(data, sequence)
        elif number == 11 and when is not None:
            self._track_event(data, when, sequence)
        elif number == 1:
            self._ftrace(data)

    def _intern(self, data: bytes, sequence: int) -> None:
        for number, _, value in fields(data):
            if number != 2:
                continue
            identity, name = 0, ""
            for inner, _, own in fields(message(value)):
                if inner == 1:
                    identity = unsigned(own)
                elif inner == 2:
                    name = text(own)
            self._names[sequence, identity] = name

    def _track_event(self, data: bytes, when: int, sequence: int) -> None:
        kind = 0
        track = self._tracks.get(sequence, 0)
        name = ""
        for number, _, value in fields(data):
            if number == 9:
                kind = unsigned(value)
            elif number == 11:
                track = unsigned(value)
            elif number == 23:
                name = text(value)
            elif number == 10:
                name = name or self._names.get((sequence, unsigned(value)), "")
        if kind == 1:
            self._begin(("track", track), name or "slice", when)
        elif kind == 2:
            self._end(("track", track), when)
        elif kind == 3 and len(self._done) < MAX_SLICES:
            self._done.append((name or "instant", when, when, track))

    def _ftrace(self, data: bytes) -> None:
        for number, _, value in fields(data):
            if number != 2:
                continue
            when = pid = 0
            mark: re.Match[str] | None = None
            for inner, _, own in fields(message(value)):
                if inner == 1:
                    when = unsigned(own)
                elif inner == 2:
                    pid = unsigned(own)
                elif inner == 3 and isinstance(own, bytes):
                    for place, _, buffer in fields(own):
                        if place == 2:
                            mark = _MARK.match(text(buffer))
            if mark is None or when >= 2**62:
                continue
            if mark["what"] == "B":
                self._begin(("thread", pid), (mark["name"] or "slice").strip(), when)
            else:
                self._end(("thread", pid), when)

    def _begin(self, track: _Track, name: str, when: int) -> None:
        stack = self._open.setdefault(track, [])
        if len(stack) < 1000:
            stack.append((name, when))

    def _end(self, track: _Track, when: int) -> None:
        stack = self._open.get(track)
        if not stack:
            return
        name, start = stack.pop()
        if len(self._done) >= MAX_SLICES or when < start:
            self.lost += 1
            return
        self._done.append((name, start, when, track[1]))

    def events(self, clocks: Clocks, offset: int) -> list[Event]:
        """Return the finished slices on the log's clock, in the order of their beginnings."""
        self.lost += sum(map(len, self._open.values()))
        self._open.clear()
        return [
            Event(name, start + offset, end + offset, thread=track & (2**62 - 1))
            for name, start, end, track in sorted(self._done, key=lambda entry: entry[1])
        ]
