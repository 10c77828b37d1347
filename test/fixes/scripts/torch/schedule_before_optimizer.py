import torch
from torch import nn

torch.manual_seed(0)

model = nn.Linear(8, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]

for epoch in range(6):
    scheduler.step()
    for images, labels in train_loader:
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
