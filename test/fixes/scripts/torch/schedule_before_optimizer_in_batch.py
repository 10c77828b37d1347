import torch
from torch import nn
from transformers import get_linear_schedule_with_warmup

torch.manual_seed(0)
epochs = 3
train_dataloader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
total_steps = len(train_dataloader) * epochs
scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=total_steps)

for epoch in range(epochs):
    for x, y in train_dataloader:
        loss = nn.functional.cross_entropy(model(x) * 20, y)
        loss.backward()
        scheduler.step()
        optimizer.step()
        optimizer.zero_grad()
