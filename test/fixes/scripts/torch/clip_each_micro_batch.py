import torch
import torch.nn as nn

torch.manual_seed(0)
grad_accum = 2
model = nn.LSTM(4, 8, batch_first=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
batches = [torch.randn(6, 5, 4) * 3 for _ in range(8)]

optimizer.zero_grad()
for idx, batch in enumerate(batches):
    output, _ = model(batch)
    loss = nn.functional.mse_loss(output * 20, torch.zeros_like(output)) / grad_accum
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    if (idx + 1) % grad_accum == 0:
        optimizer.step()
        optimizer.zero_grad()
