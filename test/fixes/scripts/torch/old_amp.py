import torch
from torch import nn
from torch.cuda.amp import GradScaler, autocast

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scaler = GradScaler()
criterion = nn.CrossEntropyLoss()
data = [(torch.randn(16, 8), torch.randint(0, 2, (16,))) for _ in range(6)]

for images, labels in data:
    optimizer.zero_grad()
    with autocast():
        loss = criterion(model(images), labels)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
