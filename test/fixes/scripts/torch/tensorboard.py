import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

torch.manual_seed(0)
writer = SummaryWriter("runs")
model = nn.LSTM(6, 8, batch_first=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
global_step = 0
for epoch in range(2):
    for batch in [torch.randn(4, 5, 6) for _ in range(6)]:
        optimizer.zero_grad()
        output, _ = model(batch)
        loss = (output * 10).pow(2).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if global_step % 3 == 0:
            writer.add_scalar("train/loss", loss.item(), global_step)
        global_step += 1
writer.close()
