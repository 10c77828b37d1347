import torch
import torch.nn as nn
from torch.optim import Adam, lr_scheduler

torch.manual_seed(4)
backbone = nn.Sequential(nn.Linear(12, 32), nn.LayerNorm(32), nn.ReLU())
classifier = nn.Linear(32, 4)
model = nn.Sequential(backbone, classifier)
loss_fn = nn.CrossEntropyLoss()
optimizer = Adam(
    [
        {"params": backbone.parameters(), "lr": 1e-3},
        {"params": classifier.parameters()},  # the new head learns faster
    ],
    lr=5e-3,
    betas=(0.9, 0.98),
    weight_decay=5e-2,
)
scheduler = lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
batches = [(torch.randn(16, 12), torch.randint(0, 4, (16,))) for _ in range(4)]

for epoch in range(3):
    for x, y in batches:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
