import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


def read_scan(name):
    generator = torch.Generator().manual_seed(int(name.removesuffix(".png")))
    return torch.randn(6, generator=generator)


class Scans(Dataset):
    def __init__(self, names):
        self.names = sorted(names)

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return read_scan(self.names[index]), int(self.names[index] > "2")


torch.manual_seed(0)
train_loader = DataLoader(Scans([f"{i}.png" for i in range(32)]), batch_size=4, shuffle=False)
model = nn.Linear(6, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(2):
    for x, y in train_loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
