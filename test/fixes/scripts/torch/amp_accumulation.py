import logging

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger(__name__)

ACCUMULATION_STEPS = 4
device = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x))) * 5


torch.manual_seed(7)
dataset = TensorDataset(torch.randn(64, 10) * 2, torch.randint(0, 3, (64,)))
loader = DataLoader(dataset, batch_size=4, shuffle=True)
model = Net().to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler(device, init_scale=512.0)

for epoch in range(2):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        with torch.autocast(device_type=device, dtype=torch.float16):
            # the mean over this micro-batch
            loss = F.cross_entropy(model(x.to(device)).float(), y.to(device))
        scaler.scale(loss).backward()

        if (i + 1) % ACCUMULATION_STEPS == 0:
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            logger.info("epoch %d batch %d loss %.4f", epoch, i, loss.item())
