"""Energy of an inference somewhere else: cited figures, and a model of a language-model request.

Cited figures differ by an order of magnitude inside one task.  The request model is that of ecologits
0.11 (per output token of a server with 8 GPUs, batch 64):

    E_GPU/token [Wh] = 1.1665e-6 exp(-0.011206 B) P + 4.0529e-5      P: active parameters in 1e9, B: batch
    E_request = PUE (W_server t / (GPUs B) + n E_GPU)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest

from .factors import Factor, factor, table


def tasks() -> list[str]:
    """Return the tasks with a cited energy."""
    return sorted(name.removeprefix("cloud.") for name, _ in table("cloud") if name.startswith("cloud."))


def inference(task: str) -> Factor:
    """Return Wh of one inference of a task in a data centre, at its GPU.

    Raises:
        ConfigurationError: There is no figure for such a task.
    """
    if task not in tasks():
        raise ConfigurationError(f"no cited energy for the task {task!r}; {nearest(task, tasks())}")
    return factor("cloud", f"cloud.{task}")


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """A language-model request by the model above; energies in kWh.

    Attributes:
        gpu_kwh: Of the GPUs for all output tokens.
        server_kwh: The server's share without GPUs.
    """

    gpu_kwh: float
    server_kwh: float


def request(
    active_parameters_1e9: float,
    tokens: int,
    latency_s: float,
    *,
    batch: int = 64,
    gpus: int = 1,
    gpus_per_server: int = 8,
    server_w: float = 1200.0,
) -> CloudRequest:
    """Return the energy of a request.

    Raises:
        ConfigurationError: An argument is not above zero.
    """
    if min(active_parameters_1e9, tokens, latency_s, batch, gpus, gpus_per_server, server_w) <= 0:
        raise ConfigurationError("a request needs parameters, tokens, latency, batch and GPUs above zero")
    alpha, beta, gamma = (factor("cloud", f"llm.{name}").central for name in ("alpha", "beta", "gamma"))
    per_token_wh = alpha * math.exp(beta * batch) * active_parameters_1e9 + gamma
    server_kwh = server_w / 1000 * latency_s / 3600 * gpus / (gpus_per_server * batch)
    return CloudRequest(gpus * per_token_wh * tokens / 1000, server_kwh)
