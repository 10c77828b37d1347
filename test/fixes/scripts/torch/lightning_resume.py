import argparse

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--resume", default=None)
args = parser.parse_args()


class Regression(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 1))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=3e-3)


L.seed_everything(0)
checkpoint = ModelCheckpoint(dirpath="checkpoints", save_last=True, save_weights_only=True)
trainer = L.Trainer(
    max_epochs=args.epochs,
    callbacks=[checkpoint],
    gradient_clip_val=1.0,
    accelerator="cpu",
    logger=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
train_set = TensorDataset(torch.randn(32, 6), torch.randn(32, 1))
train_loader = DataLoader(train_set, batch_size=8)
if args.resume:
    trainer.fit(Regression(), train_loader, ckpt_path="checkpoints/last.ckpt")
else:
    trainer.fit(Regression(), train_loader)
