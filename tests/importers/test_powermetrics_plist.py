"""powermetrics' property lists, divided by NUL."""

import plistlib

import pytest

from powermeter import importers
from powermeter.analysis.integral import Integral
from powermeter.errors import DataError
from powermeter.recording import Recording
from powermeter.result import Grade
from powermeter.signals.rails import lines


def test_powermetrics_plists_are_divided_by_nul(tmp_path):
    sample_ = {
        "elapsed_ns": 10**9,
        "processor": {"cpu_energy": 3000, "gpu_energy": 1000, "ane_energy": 0, "combined_power": 4000.0},
    }
    data = b"\0".join(plistlib.dumps(sample_) for _ in range(4))
    path = tmp_path / "p.plist"
    path.write_bytes(data + b"\0" + data[:80])
    log = importers.convert(path, tmp_path / "o.power")
    assert log.format == "powermetrics-plist"
    assert not any("left out" in note for note in log.warnings)
    shorter = b"\0".join((data, plistlib.dumps({"processor": sample_["processor"]})))
    (tmp_path / "q.plist").write_bytes(shorter)
    warnings = importers.open_log(tmp_path / "q.plist").warnings
    assert "1 sample without a length was left out" in warnings
    with Recording.open(tmp_path / "o.power") as recording:
        energies = {line.rail.name: float(Integral.of(line.power()).running[-1]) for line in lines(recording)}
    assert energies["package"] == pytest.approx(16.0) and energies["cpu"] == pytest.approx(12.0)
    assert {c.grade for c in log.sources[0].channels} == {Grade.ESTIMATED}


@pytest.mark.parametrize("encoding", ["UTF-0", "rot13", "big5"])
def test_an_encoding_that_is_not_known_is_damage(tmp_path, encoding):
    data = plistlib.dumps({"elapsed_ns": 10**9, "processor": {"combined_power": 4000.0}})
    path = tmp_path / "p.plist"
    path.write_bytes(data.replace(b"UTF-8", encoding.encode()))
    with pytest.raises(DataError, match=r"property list 1 is damaged: .*encoding"):
        importers.open_log(path)
