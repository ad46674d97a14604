"""Monsoon's .pt5, checked against its own header."""

import pytest

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.errors import DataError
from powermeter.recording import Recording
from powermeter.signals.rails import lines


def pt5(amps_ua, raw_volts, rate_khz=5, sums=None, wide=True):
    import struct

    head = bytearray(1024)
    count = len(amps_ua)
    struct.pack_into("<Q", head, 28, (621_355_968_000_000_000 + 17_800_000_000_000_000) | 1 << 62)
    struct.pack_into("<HQQ", head, 158, 0x1000, count, 0)
    means = (sum(raw_volts) * 125e-6, sum(amps_ua) / 1000, 0.0) if sums is None else sums
    struct.pack_into("<3f", head, 176, *means)
    head[273], head[300] = 0x10, rate_khz
    body = b"".join(
        struct.pack("<iH" if wide else "<hH", a, v) for a, v in zip(amps_ua, raw_volts, strict=True)
    )
    return bytes(head) + body


def test_monsoon_pt5_is_checked_against_its_own_header(tmp_path):
    path = tmp_path / "m.pt5"
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000))
    log = importers.convert(path, tmp_path / "o.power")
    assert log.format == "monsoon-pt" and log.clock == "utc"
    with Recording.open(tmp_path / "o.power") as recording:
        assert float(Integral.of(lines(recording)[0].power()).running[-1]) == pytest.approx(0.4, rel=2e-3)
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000, sums=(4.0 * 5000, 500.0 * 5000, 0.0)))
    with pytest.raises(DataError, match="this version of the format is not known"):
        importers.open_log(path)
    path.write_bytes(pt5([100_000] * 5000, [32_000] * 5000, sums=(9.0 * 5000, 100.0 * 5000, 0.0)))
    assert any("--voltage" in note for note in importers.open_log(path).warnings)
