import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", default=0.05, type=float, help="learning rate")
args = parser.parse_args()
torch.manual_seed(0)
model = nn.Linear(6, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
for x, y in [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(4)]:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
