"""Energy of an inference somewhere else: cited figures, and a model of a language-model request: what it promises."""

from __future__ import annotations

import math

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.cloud import inference, request, tasks


def test_cited_tasks_and_requests() -> None:
    assert inference("image_generation").central > 1000 * inference("text_classification").central
    assert "voice" in tasks()
    with pytest.raises(ConfigurationError, match="chat_prompt"):
        inference("chat_promt")
    with pytest.raises(ConfigurationError):
        request(0, 100, 1.0)


@pytest.mark.parametrize("gpus", [1, 4])
def test_a_request_is_its_share_of_the_server_and_of_the_gpus(gpus: int) -> None:
    """7.2 s of 1.2 kW are 2.4 Wh, of which each of eight GPUs answers for an eighth, a request for 1/64; see the formula above."""
    found = request(10, 100, 7.2, gpus=gpus)
    assert found.server_kwh == pytest.approx(2.4e-3 * gpus / 8 / 64)
    token_wh = 1.1665e-6 * math.exp(-0.011206 * 64) * 10 + 4.0529e-5
    assert found.gpu_kwh == pytest.approx(gpus * 100 * token_wh / 1000, rel=1e-3)
