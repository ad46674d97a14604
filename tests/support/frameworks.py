"""The frameworks that hooks are tested with: the one list.  Where one is absent its tests are skipped.

`pip install "powermeter[frameworks]"` installs them all.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

FRAMEWORKS = {
    "ai_edge_litert": "ai-edge-litert",
    "fastapi": "fastapi",
    "flwr": "flwr",
    "gguf": "gguf",
    "httpx": "httpx",
    "ipykernel": "ipykernel",
    "keras": "keras",
    "lightning": "lightning",
    "nbclient": "nbclient",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "transformers": "transformers",
    "xllamacpp": "xllamacpp",
}
"""Module → what installs it."""


def need(*modules: str) -> None:
    """Skip the tests of a file unless these are installed; each is in the list."""
    absent = [FRAMEWORKS[module] for module in modules if find_spec(module) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}", allow_module_level=True)
