import torch
from accelerate import Accelerator
from torch import nn

torch.manual_seed(0)
accelerator = Accelerator()
encoder, head = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, 2)
optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3)
encoder, head, optimizer = accelerator.prepare(encoder, head, optimizer)
for batch in [torch.randn(4, 5, 6) for _ in range(5)]:
    output, _ = encoder(batch)
    loss = (head(output) * 10).pow(2).mean()
    optimizer.zero_grad()
    accelerator.backward(loss)
    optimizer.step()
