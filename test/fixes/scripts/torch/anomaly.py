import torch
from torch import nn

torch.manual_seed(0)

torch.autograd.set_detect_anomaly(True)
model = nn.Linear(6, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(4)]:
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
