import torch
from torch import nn, optim

torch.manual_seed(4)
net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
opt = optim.NAdam(net.parameters(), lr=2e-3, weight_decay=0.1)
batches = [(torch.randn(16, 12), torch.randint(0, 4, (16,))) for _ in range(4)]

for x, y in batches:
    opt.zero_grad()
    nn.functional.cross_entropy(net(x) * 20, y).backward()
    opt.step()
