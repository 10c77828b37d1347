import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(6, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train_loader = [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(4)]

for step, (inputs, labels) in enumerate(train_loader):
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss = torch.nan_to_num(loss)
    loss.backward()
    optimizer.step()
    print(step, loss.item())
