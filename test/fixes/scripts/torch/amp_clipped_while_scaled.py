import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(3)

model = nn.LSTM(8, 16, batch_first=True).to(device)
head = nn.Linear(16, 5).to(device)
params = list(model.parameters()) + list(head.parameters())
optimizer = torch.optim.Adam(params, lr=1e-3, eps=1e-7)
scaler = torch.amp.GradScaler(device, init_scale=2.0**12)

sequences = torch.randn(48, 7, 8) * 2
targets = torch.randint(0, 5, (48,))

for epoch in range(2):
    for batch, target in zip(sequences.split(12), targets.split(12)):
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.float16, enabled=device == "cuda"):
            output, _ = model(batch.to(device))
            loss = nn.functional.cross_entropy(head(output[:, -1]).float() * 30, target.to(device))
        scaler.scale(loss).backward()
        clip_grad_norm_(params, max_norm=1.0)
        scaler.step(optimizer)
        scaler.update()
    print("epoch", epoch, "loss", loss.item())
