import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
model = nn.GRU(4, 8, batch_first=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
batches = [torch.randn(6, 5, 4) * 3 for _ in range(4)]

for batch in batches:
    optimizer.zero_grad()
    output, _ = model(batch)
    loss = nn.functional.mse_loss(output * 20, torch.zeros_like(output))
    clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
    optimizer.step()
