import json

import torch
from torch import nn

torch.manual_seed(0)
model = nn.LSTM(6, 8, batch_first=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
with open("log.jsonl", "w") as log:
    for step in range(8):
        output, _ = model(torch.randn(4, 5, 6))
        loss = (output * 10).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        log.write(json.dumps({"step": step, "loss": loss.item()}) + "\n")
