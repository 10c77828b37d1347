import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.LSTM(4, 8, batch_first=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in [torch.randn(6, 5, 4) * 3 for _ in range(4)]:
    output, _ = model(batch)
    loss = nn.functional.mse_loss(output * 20, torch.zeros_like(output))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=10000.0)
    optimizer.step()
