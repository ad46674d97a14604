"""Frames and lines cut off the front of a stream that may start anywhere."""

from __future__ import annotations

from collections.abc import Callable


def cut_frames(
    buffer: bytearray, head: bytes, length: int, is_sound: Callable[[bytes], bool]
) -> tuple[list[bytes], int]:
    """Take frames of one length that begin with `head` off the front of a buffer.

    A frame that is not sound is looked through for the beginning of another one inside it; where there
    is none it is returned as it is, to be refused and counted.

    Returns:
        The frames, and how many bytes belonged to none.
    """
    frames: list[bytes] = []
    skipped = 0
    while True:
        start = buffer.find(head)
        if start < 0:
            keep = next((n for n in range(len(head) - 1, 0, -1) if buffer.endswith(head[:n])), 0)
            skipped += len(buffer) - keep
            del buffer[: len(buffer) - keep]
            return frames, skipped
        skipped += start
        del buffer[:start]
        if len(buffer) < length:
            return frames, skipped
        frame = bytes(buffer[:length])
        inner = -1 if is_sound(frame) else frame.find(head, 1)
        if inner > 0:
            skipped += inner
            del buffer[:inner]
            continue
        frames.append(frame)
        del buffer[:length]


def cut_lines(buffer: bytearray, longest: int) -> tuple[list[bytes], int]:
    """Take whole lines off the front of a buffer, without LF or CR LF; an endless line counts as skipped."""
    lines: list[bytes] = []
    skipped = 0
    while (end := buffer.find(b"\n")) >= 0:
        line = bytes(buffer[:end]).rstrip(b"\r")
        del buffer[: end + 1]
        if len(line) > longest:
            skipped += len(line)
        else:
            lines.append(line)
    if len(buffer) > longest:
        skipped += len(buffer)
        buffer.clear()
    return lines, skipped
