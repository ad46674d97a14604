"""The frameworks that hooks are tested with: the one list.  Where one is absent its tests are skipped.

`python3 tasks.py frameworks` installs them all and runs these tests.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec

import pytest

FRAMEWORKS = {
    "ai_edge_litert": "ai-edge-litert",
    "celery": "celery",
    "fastapi": "fastapi",
    "flwr": "flwr",
    "gevent": "gevent",
    "gguf": "gguf",
    "gunicorn": "gunicorn",
    "httpx": "httpx",
    "ipykernel": "ipykernel",
    "joblib": "joblib",
    "keras": "keras",
    "lightning": "lightning",
    "mlflow": "mlflow-skinny",
    "nbclient": "nbclient",
    "onnx": "onnx",
    "onnx_ir": "onnx-ir",
    "onnxruntime": "onnxruntime",
    "onnxruntime_genai": "onnxruntime-genai",
    "ray": "ray",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "transformers": "transformers",
    "wandb": "wandb",
    "xllamacpp": "xllamacpp",
}
"""Module → what installs it."""


REQUIRE = "POWERMETER_TESTS_REQUIRE_FRAMEWORKS"
"""Set where all of them are installed: then an absent one is a failure."""


def need(*modules: str) -> None:
    """Skip the tests of a file unless these are there; each is in the list."""
    _need(modules, allow_module_level=True)


def need_here(*modules: str) -> None:
    """Skip one test unless these are there."""
    _need(modules, allow_module_level=False)


def _need(modules: Sequence[str], allow_module_level: bool) -> None:
    absent = [FRAMEWORKS[module] for module in modules if find_spec(module) is None]
    if absent:
        if os.environ.get(REQUIRE):
            raise ModuleNotFoundError(f"{', '.join(absent)} must be there: {REQUIRE} is set")
        pytest.skip(f"of the extra 'frameworks': {', '.join(absent)}", allow_module_level=allow_module_level)
