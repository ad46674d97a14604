"""Lists in JSON whose interval or rate stands beside them."""

import json

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import open_log


@pytest.mark.parametrize(
    ("beside", "step_s"),
    [
        ({"interval_s": 0.5}, 0.5),
        ({"sampling_interval_ms": 500}, 0.5),
        ({"sample_rate_hz": 2}, 0.5),
        ({"dt_s": 0.01, "name": "x"}, 0.01),
        ({"interval": 5}, None),
        ({"cpu_frequency_hz": 2e9}, None),
        ({"interval_s": 0.5, "sample_rate_hz": 2}, None),
        ({"interval_s": True}, None),
    ],
)
def test_an_interval_with_its_unit_places_the_values(tmp_path, beside, step_s):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"power_w": [5.0, 6.0, 7.0, 5.0, 6.0], **beside}))
    if step_s is None:
        with pytest.raises(ConfigurationError, match="--rate"):
            open_log(path)
        return
    (source,) = open_log(path).sources
    assert source.ends_ns[1] - source.ends_ns[0] == round(4 * step_s * 1e9)
