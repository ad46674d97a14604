"""Monsoon's .pt5, checked against its own header."""

import pytest

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.errors import DataError
from powermeter.importers import Choices
from powermeter.importers.time_zones import LogZone
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


@pytest.mark.thorough
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


@pytest.mark.parametrize(
    ("kind", "zone", "shifted_s"), [(0, "+02:00", -7200), (1, "+02:00", 0), (2, "+02:00", 0), (1, None, 0)]
)
def test_a_start_of_no_kind_is_in_the_zone_that_is_said(tmp_path, kind, zone, shifted_s):
    """.NET's date has two bits for its kind: 0 unspecified, 1 UTC, 2 local that was turned into UTC."""
    import struct

    data = bytearray(pt5([100_000] * 50, [32_000] * 50))
    struct.pack_into("<Q", data, 28, (621_355_968_000_000_000 + 17_800_000_000_000_000) | kind << 62)
    path = tmp_path / "m.pt5"
    path.write_bytes(bytes(data))
    said = Choices(zone=LogZone.parse(zone)) if zone else Choices()
    log = importers.open_log(path, choices=said)
    assert log.clock == "utc"
    assert abs(log.sources[0].ends_ns[0] - (1_780_000_000 + shifted_s) * 10**9) < 10**9


def test_a_start_of_no_kind_and_no_zone_is_no_time_of_day(tmp_path):
    import struct

    data = bytearray(pt5([100_000] * 50, [32_000] * 50))
    struct.pack_into("<Q", data, 28, 621_355_968_000_000_000 + 17_800_000_000_000_000)
    (tmp_path / "m.pt5").write_bytes(bytes(data))
    log = importers.open_log(tmp_path / "m.pt5")
    assert log.clock == "relative" or any(note.code == "no-zone" for note in log.warnings)
