import torch
from torch import nn

torch.manual_seed(0)

model = nn.Linear(6, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(5)]
history = []

for epoch in range(2):
    total_loss = 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total_loss += loss
        history.append(loss)
    print(f"epoch {epoch}: {total_loss / len(loader):.4f}")
