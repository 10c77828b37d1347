import torch
import torch.nn as nn

torch.manual_seed(0)


def train_one_epoch(model, loader, optimizer, criterion):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()


model = nn.Linear(6, 2)
loader = [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(5)]
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(2):
    train_one_epoch(model, loader, optimizer, nn.CrossEntropyLoss())
