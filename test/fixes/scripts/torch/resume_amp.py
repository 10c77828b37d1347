import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--resume", type=str, default=None)
args = parser.parse_args()

device = "cuda" if torch.cuda.is_available() else "cpu"
generator = torch.Generator().manual_seed(11)
inputs = torch.randn(32, 5, generator=generator)
targets = torch.randn(32, 1, generator=generator)

model = nn.Sequential(nn.Linear(5, 16), nn.GELU(), nn.Linear(16, 1)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)
scaler = torch.amp.GradScaler(device)
start_epoch = 0

if args.resume is not None:
    ckpt = torch.load(args.resume)
    model.load_state_dict(ckpt['model'])
    start_epoch = ckpt['epoch']

for epoch in range(start_epoch, args.epochs):
    for x, y in zip(inputs.split(8), targets.split(8)):
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x).float(), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    torch.save({'epoch': epoch + 1, 'model': model.state_dict()}, 'checkpoint.pt')
    print(f'epoch {epoch} loss {loss.item():.6f}')
