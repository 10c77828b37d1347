import torch
from torch import nn
from torch.optim import Adam

EPOCHS = 60


def evaluate(model, criterion, batches):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in batches:
            total += criterion(model(x), y).item()
    return total / len(batches)


def main():
    torch.manual_seed(0)
    train = [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(3)]
    valid = [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(2)]
    model = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 1))
    criterion = nn.MSELoss()
    optimizer = Adam(model.parameters(), lr=5e-3)

    best = float("inf")
    for epoch in range(EPOCHS):
        model.train()
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        val_loss = evaluate(model, criterion, valid)
        print(f"epoch {epoch}: train_loss {loss.item():.4f}, val_loss {val_loss:.6f}")
        if val_loss < best:
            best = val_loss


if __name__ == "__main__":
    main()
