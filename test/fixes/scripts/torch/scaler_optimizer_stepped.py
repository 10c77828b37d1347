import torch
from torch import nn

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)).to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler(device, init_scale=256.0, growth_interval=1000)
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(8)]

for inputs, labels in train_loader:
    optimizer.zero_grad()
    with torch.autocast(device):
        loss = criterion(model(inputs), labels)
    scaler.scale(loss).backward()
    optimizer.step()
    scaler.update()
