"""A model of torch over a DataLoader of (x, y): each batch is an event with its samples, each call of the model too."""

import torch
from torch.utils.data import DataLoader, TensorDataset

import powermeter

DATA = TensorDataset(torch.randn(100, 1, 16, 16), torch.randint(0, 10, (100,)))


def main() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.Flatten(), torch.nn.Linear(8 * 14 * 14, 10))
    model = powermeter.watch(net, "net")
    loader = DataLoader(DATA, batch_size=32)
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += int((model(x).argmax(1) == y).sum())
    print(f"{right} of {len(DATA)} right")


if __name__ == "__main__":
    main()
