"""A chunk as it is stored, which a copy takes over without decoding it: only its source and its number are written anew."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """The cells of a row of `chunk` from `start_ns` on, and those of its `block`.

    Attributes:
        start_ns, end_ns, count: First and last time, number of samples.
        read_ns: Mean duration of a read, where the source is polled.
        data_crc, fine_crc: CRC-32 of either blob.
        hash: SHA-256 of both.
        summary: An entry for each channel and product.
        fine, data: The blobs.
    """

    start_ns: int
    end_ns: int
    count: int
    read_ns: int | None
    data_crc: int
    fine_crc: int
    hash: bytes
    summary: bytes
    fine: bytes
    data: bytes

    def __len__(self) -> int:
        return self.count

    @property
    def cells(self) -> tuple[object, ...]:
        """What follows source and number in the row."""
        return (
            self.start_ns,
            self.end_ns,
            self.count,
            self.read_ns,
            self.data_crc,
            self.fine_crc,
            self.hash,
            self.summary,
        )
