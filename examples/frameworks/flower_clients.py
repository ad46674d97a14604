"""Three clients of Flower over four rounds, in one process: each client's part of a round is an event that counts as one."""

import time

import numpy as np
from flwr.client import NumPyClient

import powermeter


class Client(NumPyClient):
    def __init__(self, samples: int) -> None:
        self.samples = samples

    def fit(self, parameters, config):
        time.sleep(0.01)  # your training
        return [array + 1 for array in parameters], self.samples, {"loss": 0.5}

    def evaluate(self, parameters, config):
        return 0.25, self.samples, {"accuracy": 0.9}


def main() -> None:
    clients = [powermeter.watch(Client(samples), client=i) for i, samples in enumerate((100, 200, 300))]
    weights = [np.zeros((64, 10), np.float32)]
    for number in range(1, 5):
        found = [client.fit(weights, {"server_round": number}) for client in clients]
        weights = [np.mean([arrays[0] for arrays, _, _ in found], axis=0)]
        for client in clients:
            client.evaluate(weights, {"server_round": number})


if __name__ == "__main__":
    main()
