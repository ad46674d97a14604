"""A .jls file of a Joulescope: energy, charge and the very floats; a cut one is an error."""

import json

import numpy as np
import pytest
from tool_log import convert

from powermeter.analysis.energy import analyse
from powermeter.errors import DataError

RECORDINGS = "data/recordings"


@pytest.mark.thorough
def test_joulescope_gives_energy_charge_and_the_very_floats(shared, tmp_path):
    pyjls = pytest.importorskip("pyjls", reason="pyjls is not installed (extra: joulescope)")
    folder = shared / RECORDINGS / "joulescope_jls"
    expected = json.loads((folder / "expected.json").read_text())
    _, recording = convert(folder / "event-B.jls", tmp_path)
    with recording:
        source = recording.sources[0]
        samples = recording.samples(1)
        found = analyse(recording)
        with pyjls.Reader(str(folder / "event-B.jls")) as reader:
            for signal in (s for s in reader.signals.values() if s.name in expected["signals"]):
                values = samples.values(source.channel(f"supply.{signal.name}"))
                truth = expected["signals"][signal.name]
                assert values.astype(np.float32).tolist() == reader.fsr(signal.signal_id, 0, 6000).tolist()
                assert values.mean() == pytest.approx(truth["mean"], rel=1e-6)
                assert (values.min(), values.max()) == pytest.approx((truth["min"], truth["max"]), rel=1e-7)
        assert (samples.values(source.channel("supply.power")) < 0).sum() == expected[
            "negative_power_samples"
        ]
        assert (np.diff(samples.times_ns) == 1000).all()
        assert recording.metadata["clock"] == "utc"
    assert found.plain_energy * 1e6 == pytest.approx(expected["energy_uJ_sum_power"], rel=1e-7)
    whole = np.array([found.charge_integral.start_ns]), np.array([found.charge_integral.end_ns])
    assert found.charge_integral.between(*whole)[0] * 1e6 == pytest.approx(
        expected["charge_uC_sum_current"], rel=1e-7
    )
    # 2026-04-15, as the capture's own notes say.
    assert 1_776_200_000 < samples.times_ns[0] / 1e9 < 1_776_300_000


@pytest.mark.thorough
def test_a_cut_jls_file_is_an_error_and_not_a_crash(shared, tmp_path):
    pytest.importorskip("pyjls", reason="pyjls is not installed (extra: joulescope)")
    whole = (shared / RECORDINGS / "joulescope_jls" / "event-B.jls").read_bytes()
    (tmp_path / "cut.jls").write_bytes(whole[:40])
    with pytest.raises(DataError):
        convert(tmp_path / "cut.jls", tmp_path)
