import torch
from torch import nn

torch.manual_seed(0)


@torch.no_grad()
def evaluate(model, batches):
    model.eval()
    return sum(nn.functional.mse_loss(model(x), y).item() for x, y in batches) / len(batches)


model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
train_loader = [(torch.randn(8, 8), torch.randn(8, 1)) for _ in range(4)]
val_loader = [(torch.randn(8, 8), torch.randn(8, 1)) for _ in range(2)]
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)

for epoch in range(40):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    val_loss = evaluate(model, val_loader)
    scheduler.step()
    print(f"{epoch} val_loss {val_loss:.6f}")
