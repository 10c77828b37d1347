import torch
import torch.nn as nn

torch.manual_seed(0)
encoder = nn.Linear(4, 8)
decoder = nn.Linear(8, 4)
params = (p for m in (encoder, decoder) for p in m.parameters() if p.requires_grad)
optimizer = torch.optim.Adam(params, lr=1e-3)

for step in range(6):
    x = torch.randn(16, 4) * 5
    loss = nn.functional.mse_loss(decoder(encoder(x).relu()) * 4, x)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
