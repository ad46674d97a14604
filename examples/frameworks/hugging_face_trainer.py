"""Training with Hugging Face's Trainer: train, epochs, steps and evaluations are events, the loss stands beside the energy."""

import tempfile

import torch
from transformers import Trainer, TrainingArguments

import powermeter


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(64, 4)

    def forward(self, x, labels=None):
        logits = self.layer(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


DATA = [{"x": torch.randn(64), "labels": torch.tensor(i % 4)} for i in range(100)]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            per_device_train_batch_size=16,
            num_train_epochs=2,
            eval_strategy="epoch",
            save_strategy="no",
            report_to=[],
            use_cpu=True,
        )
        trainer = powermeter.watch(Trainer(Model(), arguments, train_dataset=DATA, eval_dataset=DATA[:20]))
        trainer.train()


if __name__ == "__main__":
    main()
