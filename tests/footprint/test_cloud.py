"""Energy of an inference somewhere else: cited figures, and a model of a language-model request: what it promises."""

from __future__ import annotations

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
