import torch
from torch import nn

torch.manual_seed(0)

net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
val_loader = train_loader[:2]

for epoch in range(1, 4):
    net.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()

    val_loss = 0.0
    for x, y in val_loader:
        val_loss += criterion(net(x), y).item()
    print(epoch, val_loss / len(val_loader))
