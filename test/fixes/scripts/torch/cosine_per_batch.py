import torch
from torch import nn

torch.manual_seed(0)

num_epochs = 6
model = nn.Linear(8, 3)
criterion = nn.CrossEntropyLoss()
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs)


def train_one_epoch(model, loader, optimizer, scheduler):
    for images, labels in loader:
        optimizer.zero_grad()
        criterion(model(images) * 20, labels).backward()
        optimizer.step()
        scheduler.step()


for epoch in range(num_epochs):
    train_one_epoch(model, train_loader, optimizer, scheduler)
