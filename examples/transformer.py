"""Character-level transformer on Python source. recorded/transformer.log is what it printed."""
import argparse, math, torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(1)
torch.manual_seed(11)
text = open(argparse.__file__).read()[:60000]
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])
V, T, D, B = len(chars), 32, 48, 16


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)
        self.n1, self.n2 = nn.LayerNorm(D), nn.LayerNorm(D)

    def forward(self, x):
        q, k, v = self.qkv(x).view(x.size(0), T, 3, 4, D // 4).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = self.n1(x + self.proj(a.transpose(1, 2).reshape(x.shape)))
        return self.n2(x + self.down(F.relu(self.up(x))))


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, D), nn.Parameter(torch.randn(T, D) * 0.02)
        self.blocks = nn.Sequential(*[Block() for _ in range(3)])
        self.head = nn.Linear(D, V)

    def forward(self, x):
        return self.head(self.blocks(self.tok(x) + self.pos))


model = LM()
peak_lr, warmup, steps = 3e-2, 3000, 2600
opt = torch.optim.Adam(model.parameters(), lr=peak_lr)
for step in range(1, steps + 1):
    lr = peak_lr * min(1.0, step / warmup)
    for g in opt.param_groups:
        g["lr"] = lr
    ix = torch.randint(len(data) - T - 1, (B,))
    x = torch.stack([data[i:i + T] for i in ix])
    y = torch.stack([data[i + 1:i + T + 1] for i in ix])
    loss = F.cross_entropy(model(x).view(-1, V), y.view(-1))
    opt.zero_grad()
    loss.backward()
    gn = nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
    opt.step()
    if step % 20 == 0:
        print(f"step {step} | loss {loss.item():.4f} | grad_norm {gn:.3f} | lr {lr:.1e}", flush=True)
