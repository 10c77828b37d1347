import torch
from torch import nn

torch.manual_seed(0)

model = nn.Sequential(nn.Linear(6, 4), nn.Sigmoid())
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(4):
    x = torch.randn(8, 6) * 4000
    target = torch.randint(0, 2, (8, 4)).float()
    p = model(x)
    loss = -(target * torch.log(p)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
