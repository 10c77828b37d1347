/**
 * A PyTorch script of about `lines` lines in the proportions of real ones: imports, arguments, model classes, data sets,
 * training and evaluation functions, a main program. The faults of `examples/train.py` are in its last training function.
 */
export function trainingScript(lines: number): string {
  const parts = [head];
  let count = lineCount(head) + lineCount(tail);
  for (let block = 0; count < lines; block++) {
    const text = blocks(block);
    parts.push(text);
    count += lineCount(text);
  }
  parts.push(tail);
  return parts.join("");
}

const lineCount = (text: string) => text.split("\n").length - 1;

const head = `import argparse
import json
import math
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4, help="peak learning rate")
parser.add_argument("--weight-decay", type=float, default=0.1)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--epochs", type=int, default=30)
args = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"

`;

const blocks = (n: number) => `
class Block${n}(nn.Module):
    """Self-attention and a feed-forward layer, number ${n}."""

    def __init__(self, width=512, heads=8, dropout=0.1):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x, mask=None):
        normed = self.norm1(x)
        attended, weights = self.attention(normed, normed, normed, attn_mask=mask, need_weights=False)
        x = x + attended
        if self.training and x.isnan().any():
            raise RuntimeError(f"block ${n}: not a number in {tuple(x.shape)}")
        return x + self.feed_forward(self.norm2(x))


class Shards${n}(Dataset):
    def __init__(self, folder, limit=None):
        self.files = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".json"))
        self.items = []
        for file in self.files[:limit]:
            with open(file, encoding="utf8") as handle:
                self.items.extend(json.load(handle)["items"])

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        item = self.items[index]
        return torch.tensor(item["tokens"][:-1]), torch.tensor(item["tokens"][1:])


@torch.no_grad()
def evaluate_${n}(model, loader):
    model.eval()
    total, count = 0.0, 0
    for tokens, targets in loader:
        logits = model(tokens.to(device))
        total += F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten(), reduction="sum").item()
        count += targets.numel()
    model.train()
    return total / max(1, count), math.exp(min(20.0, total / max(1, count)))

`;

const tail = `
def train(model, loader, optimizer, scaler):
    total = 0
    for step, (tokens, targets) in enumerate(loader):
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            logits = model(tokens.to(device))
            loss = F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten())
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        total += loss
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")
    return total


def main():
    model = nn.Sequential(nn.Embedding(32000, 512), Block0(), Block1(), nn.Linear(512, 32000)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    scaler = torch.amp.GradScaler("cuda")
    loader = DataLoader(Shards0("data"), batch_size=args.batch_size, shuffle=True)
    for epoch in range(args.epochs):
        print(epoch, train(model, loader, optimizer, scaler))


if __name__ == "__main__":
    main()
`;
