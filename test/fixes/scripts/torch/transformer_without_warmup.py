import torch
from torch import nn

torch.manual_seed(0)
model = nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
criterion = nn.MSELoss()
train_loader = [(torch.randn(5, 4, 8), torch.randn(5, 4, 8)) for _ in range(2)]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)

for epoch in range(20):
    for source, target in train_loader:
        optimizer.zero_grad()
        criterion(model(source, target[:-1]), target[1:]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
