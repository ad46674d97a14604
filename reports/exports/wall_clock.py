"""Wall-clock stamps of samples, for formats that have no other time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.recording import Recording, Samples, SourceInfo

from ..export_columns import utc_ns
from ..sample_tables import pieces


def stamped(recording: Recording, about: SourceInfo) -> Iterator[tuple[NDArray[np.int64], Samples]]:
    """Yield (ns since 1970, samples) of one source, of bounded size, as recorded.

    Raises:
        DataError: The recording does not know the time of day.
    """
    for times, samples in pieces(recording, about):
        stamps = utc_ns(recording, times)
        if stamps is None:
            raise DataError(
                f"{recording.path.name}: the time of day is not known, which this format needs; export .csv or .parquet"
            )
        yield stamps, samples
