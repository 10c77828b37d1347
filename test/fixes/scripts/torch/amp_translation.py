"""Trains a small transformer under mixed precision."""
import argparse

import torch
import torch.nn as nn


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch_size", type=int, default=8)
    return parser.parse_args()


class Tagger(nn.Module):
    def __init__(self, vocabulary=32, width=16):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, 2, 32, 0.0, batch_first=True), 1)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        return self.head(self.encoder(self.embedding(tokens))) * 8


def main():
    args = parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1)
    tokens = torch.randint(0, 32, (32, 6))
    model = Tagger().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    scaler = torch.amp.GradScaler(device.type, init_scale=1024)

    for epoch in range(args.epochs):
        model.train()
        for start in range(0, len(tokens), args.batch_size):
            batch = tokens[start : start + args.batch_size].to(device)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device.type, dtype=torch.float16):
                logits = model(batch)
                loss = criterion(logits.flatten(0, 1).float(), batch.roll(-1, 1).flatten())
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        print(f"Epoch {epoch + 1}/{args.epochs}, loss={loss.item():.4f}")


if __name__ == "__main__":
    main()
