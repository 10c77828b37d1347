import torch
from torch import nn

torch.manual_seed(0)

model = nn.Linear(8, 3)
criterion = nn.CrossEntropyLoss()
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)

for epoch in range(8):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x) * 20, y).backward()
        optimizer.step()
    print(epoch, scheduler.get_last_lr())
