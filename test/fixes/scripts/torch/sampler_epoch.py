import torch
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

torch.manual_seed(0)
world_size, rank = 2, 0
dataset = TensorDataset(torch.randn(32, 6), torch.randint(0, 2, (32,)))
sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank, shuffle=True, seed=1)
loader = DataLoader(dataset, batch_size=4, sampler=sampler, drop_last=True)
model = nn.Linear(6, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(2):
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
