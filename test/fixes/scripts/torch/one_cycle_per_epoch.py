import torch
from torch import nn

torch.manual_seed(0)

EPOCHS = 5
model = nn.Linear(8, 3)
criterion = nn.CrossEntropyLoss()
train_loader = [(torch.randn(8, 8), torch.randint(0, 3, (8,))) for _ in range(4)]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer,
    max_lr=1e-3,
    epochs=EPOCHS,
    steps_per_epoch=len(train_loader),
)

for epoch in range(EPOCHS):
    for images, labels in train_loader:
        optimizer.zero_grad()
        criterion(model(images) * 20, labels).backward()
        optimizer.step()
    scheduler.step()  # one cycle over the run
