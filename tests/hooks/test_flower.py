"""Clients of Flower: a round is one, whatever the samples in it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from frameworks import need

import powermeter
from powermeter.errors import ConfigurationError

need("flwr")

from flwr.client import NumPyClient

from powermeter.hooks.flower import power_mod


class Client(NumPyClient):
    def fit(self, parameters, config):
        return [array + 1 for array in parameters], 300, {"accuracy": 0.5, "device": "pi"}

    def evaluate(self, parameters, config):
        return 0.25, 100, {"accuracy": 0.75}


WEIGHTS = [np.zeros((8, 4), np.float32), np.zeros(4, np.float32)]


def test_rounds_count_as_one_and_carry_samples_bytes_and_metrics(running):
    client = powermeter.watch(powermeter.watch(Client(), device="pi-4"))
    for number in (1, 2):
        client.fit(WEIGHTS, {"server_round": number})
    client.evaluate(WEIGHTS, {})
    first, second, evaluated = running.end()
    assert (first.name, first.count, first.attributes) == ("fit", 1, {"round": 1, "device": "pi-4"})
    assert second.attributes["round"] == 2
    assert first.measures == {"received_b": 144, "sent_b": 144, "samples": 300, "accuracy": 0.5}
    assert evaluated.measures == {"received_b": 144, "loss": 0.25, "samples": 100, "accuracy": 0.75}


def test_the_mod_makes_each_message_an_event(running):
    from flwr.app import ArrayRecord, MetricRecord, RecordDict

    message = SimpleNamespace(
        metadata=SimpleNamespace(message_type="train", group_id="3"),
        content=RecordDict({"arrays": ArrayRecord(WEIGHTS)}),
    )

    def train(message, context):
        content = RecordDict({"arrays": ArrayRecord(WEIGHTS), "metrics": MetricRecord({"loss": 0.5})})
        return SimpleNamespace(content=content, has_error=lambda: False)

    reply = power_mod(message, None, train)
    assert reply.content.metric_records
    (event,) = running.end()
    assert (event.name, event.count, event.attributes) == ("train", 1, {"round": "3"})
    assert event.measures["loss"] == 0.5 and event.measures["sent_b"] >= event.measures["received_b"] > 144


def test_what_is_no_client_is_refused():
    from flwr.clientapp import ClientApp

    with pytest.raises(ConfigurationError, match="power_mod"):
        powermeter.watch(ClientApp())
