import torch
from torch import nn

torch.manual_seed(0)

net = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.2), nn.ReLU(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
val_loader = train_loader[:2]

net.train()
for epoch in range(3):
    for x, y in train_loader:
        loss = criterion(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    net.eval()
    with torch.no_grad():
        for x, y in val_loader:
            print(criterion(net(x), y).item())
