import torch
from torch import nn

torch.manual_seed(0)

model = nn.Linear(6, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(4):
    x = torch.randn(8, 6) * 4000
    target = torch.randint(0, 4, (8,))
    log_probs = torch.log(torch.softmax(model(x), dim=-1))
    loss = nn.functional.nll_loss(log_probs, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
