"""Trains a small residual network on 32x32 images with mixed precision.

    pip install torch torchvision
    python train.py --data ./data --epochs 60
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.amp import GradScaler, autocast
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class ResidualBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class SmallResNet(nn.Module):
    def __init__(self, classes, width=32):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.blocks = nn.Sequential(
            ResidualBlock(width, width),
            ResidualBlock(width, 2 * width, stride=2),
            ResidualBlock(2 * width, 4 * width, stride=2),
        )
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = self.blocks(F.relu(self.stem(x)))
        return self.head(x.mean(dim=(2, 3)))


def loaders(folder, batch_size):
    augment = transforms.Compose([
        transforms.RandomCrop(32, padding=4),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
    ])
    train = datasets.CIFAR10(folder, train=True, download=True, transform=augment)
    held_out = datasets.CIFAR10(folder, train=False, download=True, transform=transforms.ToTensor())
    return (
        DataLoader(train, batch_size, shuffle=True, num_workers=2, pin_memory=True),
        DataLoader(held_out, batch_size, num_workers=2, pin_memory=True),
    )


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    loss, right, seen = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    model.train()
    return loss / seen, right / seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", default="runs/train")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-2)
    args = parser.parse_args()

    device = "cuda" if torch.cuda.is_available() else "cpu"
    train_loader, held_out_loader = loaders(args.data, args.batch_size)
    model = SmallResNet(classes=10).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    scaler = GradScaler(device)

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    log = open(out / "metrics.jsonl", "w", buffering=1)
    step = 0
    for epoch in range(args.epochs):
        started, epoch_loss = time.time(), 0.0
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad(set_to_none=True)
            with autocast(device, dtype=torch.float16):
                loss = F.cross_entropy(model(images), labels)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            epoch_loss += loss
            step += 1
            if step % 20 == 0:
                record = {"step": step, "train/loss": loss.item(), "lr": args.lr, "loss_scale": scaler.get_scale()}
                log.write(json.dumps(record) + "\n")
        val_loss, val_accuracy = evaluate(model, held_out_loader, device)
        record = {"step": step, "epoch": epoch, "val/loss": val_loss, "val/accuracy": val_accuracy}
        log.write(json.dumps(record) + "\n")
        mean = epoch_loss / len(train_loader)
        print(f"epoch {epoch} loss {mean:.4f} val_loss {val_loss:.4f} {time.time() - started:.1f} s", flush=True)
    torch.save(model.state_dict(), out / "model.pt")


if __name__ == "__main__":
    main()
