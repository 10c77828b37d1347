import torch
from torch import nn

torch.manual_seed(0)

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3)).half()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x.half()), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
