"""Training with Lightning: epochs, steps and validations are events, what is logged stands beside the energy."""

import tempfile

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

import powermeter


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(64, 1)

    def training_step(self, batch, index):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.layer(x), y)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.layer(batch[0]).square().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def loader(samples: int) -> DataLoader:
    return DataLoader(TensorDataset(torch.randn(samples, 64), torch.randn(samples, 1)), batch_size=16)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, default_root_dir=folder
        )
        powermeter.watch(trainer).fit(Module(), loader(100), loader(20))


if __name__ == "__main__":
    main()
