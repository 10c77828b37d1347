import torch
from torch import nn

torch.manual_seed(0)
BATCH_SIZE = 16
EPOCHS = 3
model = nn.Linear(6, 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1, eps=1e-6)
x, y = torch.randn(64, 6), torch.randint(0, 2, (64,))
for epoch in range(EPOCHS):
    for start in range(0, 64, BATCH_SIZE):
        loss = nn.functional.cross_entropy(model(x[start : start + BATCH_SIZE]), y[start : start + BATCH_SIZE])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
