import torch
from torch import nn

torch.manual_seed(0)

model = nn.Linear(6, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(4)]:
    optimizer.zero_grad()
    with torch.autograd.detect_anomaly():
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
    optimizer.step()
