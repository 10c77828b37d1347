import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 32)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(32, 3)

    def forward(self, x):
        return self.fc2(self.dropout(torch.relu(self.fc1(x))))


def train(model, train_loader, optimizer):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()


def test(model, test_loader):
    correct = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x).argmax(1) == y).sum().item()
    return correct / 16


torch.manual_seed(0)
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
test_loader = train_loader[:2]
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
for epoch in range(4):
    train(model, train_loader, optimizer)
    print(epoch, test(model, test_loader))
