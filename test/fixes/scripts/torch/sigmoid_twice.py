import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for inputs, labels in [(torch.randn(8, 8), torch.rand(8, 1).round()) for _ in range(4)]:
    optimizer.zero_grad()
    outputs = torch.sigmoid(net(inputs))
    loss = criterion(outputs, labels)
    loss.backward()
    optimizer.step()
