"""A trainer as a class: checkpoints, validation, a schedule that is stepped once an epoch."""
import argparse
import os

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, args):
        self.args = args
        self.model = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 3))
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = optim.Adam(self.model.parameters(), lr=args.lr)
        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, step_size=1, gamma=0.7)
        generator = torch.Generator().manual_seed(5)
        data = TensorDataset(torch.randn(40, 6, generator=generator) * 4, torch.randint(0, 3, (40,), generator=generator))
        self.train_loader = DataLoader(data, batch_size=10, shuffle=True)
        self.val_loader = DataLoader(data, batch_size=20)
        self.start_epoch = 0
        if args.resume:
            self.load(args.resume)

    def load(self, path):
        checkpoint = torch.load(path, map_location="cpu")
        self.model.load_state_dict(checkpoint["state_dict"])
        self.start_epoch = checkpoint["epoch"] + 1

    def save(self, epoch):
        torch.save(
            {
                "epoch": epoch,
                "state_dict": self.model.state_dict(),
            },
            os.path.join(self.args.out, "checkpoint.pt"),
        )

    def train_epoch(self, epoch):
        torch.manual_seed(epoch)
        self.model.train()
        running = 0.0
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            running += loss.item()
        return running / len(self.train_loader)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        losses = [self.criterion(self.model(x), y).item() for x, y in self.val_loader]
        return sum(losses) / len(losses)

    def fit(self):
        for epoch in range(self.start_epoch, self.args.epochs):
            train_loss = self.train_epoch(epoch)
            val_loss = self.validate()
            self.scheduler.step()
            print("epoch %d: train_loss %.5f, val_loss %.5f" % (epoch, train_loss, val_loss))
            self.save(epoch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--resume", default="")
    parser.add_argument("--out", default=".")
    Trainer(parser.parse_args()).fit()
