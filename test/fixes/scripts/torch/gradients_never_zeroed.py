import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Linear(6, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(5)]

for epoch in range(2):
    for x, y in loader:
        # forward
        out = model(x)
        loss = criterion(out, y)
        # backward
        loss.backward()
        optimizer.step()
