"""Trains small networks that fail, or do not, in known ways, and writes each run's log and what is true of it.

    python make.py            all runs, a few minutes on one core; needs torch and numpy
    python make.py NAME ...   those whose names begin so

Each run is a folder: its log as a CSV, JSONL or text file, and truth.json with the verdicts, their onsets and tolerances in
steps. Detectors' constants are chosen on these runs and on simulated curves, and scored on others.
"""
import json, math, os, sys
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = {}


def run(fn):
    RUNS[fn.__name__.replace("_", "-")] = fn
    return fn


def variants(**named):
    """One run for each set of arguments."""
    def wrap(fn):
        for name, kw in named.items():
            RUNS[name.replace("_", "-")] = (lambda kw: lambda log: fn(log, **kw))(kw)
        return fn
    return wrap


def number(v):
    return repr(v) if v != v or v in (math.inf, -math.inf) else f"{v:.5g}"


class Log:
    """Keeps the rows of one or more logs of a run and writes them in the wanted style."""
    def __init__(self, name):
        self.folder = os.path.join(HERE, name)
        self.files = {}
        self.style = "csv"
        self.every = 1
        self.truth = {"healthy": True, "step_unit": "optimizer step", "verdicts": [], "not": []}

    def row(self, step, file="log", **values):
        if step % self.every == 0 or "val_loss" in values:
            self.files.setdefault(file, []).append({"step": step, **{k: float(v) for k, v in values.items()}})

    def line(self, text, file="log"):
        self.files.setdefault(file, []).append(text)

    def fails(self, kind, onset, tolerance, **more):
        self.truth["healthy"] = False
        self.truth["verdicts"].append({"kind": kind, "onset_step": onset, "tolerance_steps": tolerance, **more})

    def wrong(self, *kinds):
        self.truth["not"] += kinds

    def fair(self, *kinds):
        self.truth.setdefault("debatable", []).extend(kinds)

    def save(self):
        os.makedirs(os.path.join(self.folder, "log"), exist_ok=True)
        for file, rows in self.files.items():
            ending = {"csv": "csv", "jsonl": "jsonl", "text": "log"}[self.style]
            with open(os.path.join(self.folder, "log", f"{file}.{ending}"), "w") as out:
                names = list(dict.fromkeys(k for r in rows if isinstance(r, dict) for k in r))
                if self.style == "csv":
                    out.write(",".join(names) + "\n")
                for r in rows:
                    if not isinstance(r, dict):
                        out.write(r + "\n")
                    elif self.style == "csv":
                        out.write(",".join(number(r[k]) if k in r and k != "step" else str(r.get(k, "")) for k in names) + "\n")
                    elif self.style == "jsonl":
                        out.write("{" + ", ".join(f'"{k}": {number(v) if k != "step" else v}'.replace("nan", "NaN").replace("inf", "Infinity") for k, v in r.items()) + "}\n")
                    else:
                        out.write(" | ".join(f"{k} {number(v) if k != 'step' else v}" for k, v in r.items()) + "\n")
        with open(os.path.join(self.folder, "truth.json"), "w") as out:
            json.dump(self.truth, out, indent=1)


def seed(n):
    torch.manual_seed(n)
    np.random.seed(n)


def mlp(*sizes, act=nn.ReLU, norm=False):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b)] + ([nn.BatchNorm1d(b)] if norm else []) + [act()]
    return nn.Sequential(*layers[: -2 if norm else -1])


def norm_of(params):
    return torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params if p.grad is not None)).item()


class Teacher:
    """A fixed random network labels random inputs: an endless classification task with a known noise."""
    def __init__(self, inputs=16, classes=6, noise=0.0, width=32):
        self.net, self.inputs, self.classes, self.noise = mlp(inputs, width, classes, act=nn.Tanh), inputs, classes, noise
        for p in self.net.parameters():
            p.requires_grad_(False)
            p.mul_(3)

    def batch(self, n, noise=None):
        x = torch.randn(n, self.inputs)
        y = self.net(x).argmax(1)
        wild = torch.rand(n) < (self.noise if noise is None else noise)
        return x, torch.where(wild, torch.randint(self.classes, (n,)), y)


def loop(log, model, opt, steps, loss_of, *, rate=None, clip=None, each=None, updates=False, file="log", start=0, extra=None):
    """`loss_of(step)` gives the loss; `rate(step)` the learning rate; `each(step, loss)` may change what it likes."""
    params = list(model.parameters())
    for step in range(start, steps):
        if rate is not None:
            for g in opt.param_groups:
                g["lr"] = rate(step)
        loss = loss_of(step)
        opt.zero_grad()
        loss.backward()
        norm = norm_of(params)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(params, clip)
        values = {"loss": loss.item(), "grad_norm": norm}
        if rate is not None:
            values["lr"] = opt.param_groups[0]["lr"]
        if updates:
            old = torch.cat([p.detach().flatten() for p in params])
        opt.step()
        if updates:
            new = torch.cat([p.detach().flatten() for p in params])
            values["update_norm"] = (new - old).norm().item()
        if extra is not None:
            values.update(extra(step))
        log.row(step, file, **values)
        if each is not None:
            each(step, loss)


def cosine(peak, steps, warmup=0, floor=0.0):
    return lambda s: peak * (s + 1) / warmup if s < warmup else floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * (s - warmup) / max(1, steps - warmup)))


# ---- runs that fail -------------------------------------------------------------------------------------------------

@variants(nan_log_zero=dict(n=1, style="jsonl", every=2), nan_log_zero_sparse=dict(n=2, style="text", every=10))
def nan_log(log, n, style, every):
    seed(n)
    log.style, log.every = style, every
    t, model = Teacher(), mlp(16, 64, 6)
    opt = torch.optim.Adam(model.parameters(), 3e-3)
    first = []

    def loss(step):
        x, y = t.batch(32)
        p = F.softmax(model(x) * (1 + step / 8), -1)
        value = -(torch.log(p[torch.arange(32), y])).mean() - 0.1 * torch.log(1 - p.max(1).values).mean()
        if not math.isfinite(value.item()) and not first:
            first.append(step)
        return value
    loop(log, model, opt, 600, loss)
    log.fails("non-finite", math.ceil(first[0] / every) * every, 2 * every)
    log.wrong("plateau", "overfitting")


@run
def nan_sqrt_norm(log):
    seed(3)
    log.style = "text"
    log.every = 3
    t, model = Teacher(), mlp(16, 48, 6)
    opt = torch.optim.SGD(model.parameters(), 0.1)

    def loss(step):
        x, y = t.batch(32)
        out = model(x)
        base = F.cross_entropy(out, y)
        return base + 0.01 * ((out - out.detach()) ** 2).sum().sqrt() if step == 420 else base
    loop(log, model, opt, 700, loss)
    log.fails("non-finite", 420, 3)
    log.wrong("loss-spike", "loss-growth", "plateau", "overfitting")


@variants(growth_sgd_step=dict(n=4, kind="sgd", at=600, to=2.5), growth_adam_step=dict(n=5, kind="adam", at=900, to=0.3), growth_hot_restart=dict(n=6, kind="sgd", at=700, to=4.0))
def growth_by_rate(log, n, kind, at, to):
    seed(n)
    log.every = 4
    t, model = Teacher(noise=0.05), mlp(16, 64, 64, 6)
    opt = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9) if kind == "sgd" else torch.optim.Adam(model.parameters(), 2e-3)
    low = 0.1 if kind == "sgd" else 2e-3
    loop(log, model, opt, at + 500, lambda s: F.cross_entropy(model(t.batch(64)[0]) if False else model((b := t.batch(64))[0]), b[1]), rate=lambda s: low if s < at else to)
    log.fails("loss-growth", at, 12)
    log.fails("lr-change-coincident", at, 12)
    log.wrong("data-shift", "overfitting", "plateau")
    log.fair("grad-explosion-intermittent", "grad-explosion-smooth", "loss-spike")


@variants(growth_long_warmup=dict(n=7, peak=0.08, every=5, style="jsonl"), growth_long_warmup_text=dict(n=8, peak=0.05, every=10, style="text"))
def growth_warmup(log, n, peak, every, style):
    seed(n)
    log.every, log.style = every, style
    t, model = Teacher(noise=0.02), mlp(16, 96, 96, 96, 6, act=nn.GELU)
    opt = torch.optim.Adam(model.parameters(), 1e-3)
    seen = []
    loop(log, model, opt, 2000, lambda s: F.cross_entropy(model((b := t.batch(64))[0]), b[1]), rate=lambda s: peak * (s + 1) / 2000, each=lambda s, l: seen.append(l.item()))
    smooth = np.convolve(seen, np.ones(60) / 60, "same")
    low = int(np.argmin(smooth[100:1900])) + 100
    above = [i for i in range(low, 2000) if smooth[i] > 1.5 * smooth[low]]
    log.fails("loss-growth", (low + above[0]) // 2, max(100, (above[0] - low) // 2 + 60)) if above else None
    log.wrong("overfitting", "data-shift", "non-finite", "plateau")
    log.fair("loss-spike", "grad-explosion-intermittent", "grad-explosion-smooth", "lr-change-coincident", "vanishing-gradient")


@run
def growth_from_start(log):
    seed(9)
    x = torch.randn(512, 10)
    y = x @ torch.randn(10, 1)
    model = nn.Linear(10, 1)
    opt = torch.optim.SGD(model.parameters(), 1.2)
    loop(log, model, opt, 200, lambda s: F.mse_loss(model(x), y))
    log.fails("loss-growth", 0, 10)
    log.wrong("overfitting", "data-shift", "plateau")
    log.fair("grad-explosion-smooth", "non-finite")


@variants(spike_bad_labels=dict(n=10, at=700, k=6, every=1), spike_bad_labels_sparse=dict(n=11, at=1200, k=30, every=10), spike_bad_inputs=dict(n=12, at=431, k=3, every=1), spike_late=dict(n=13, at=1500, k=8, every=2))
def spike(log, n, at, k, every):
    seed(n)
    log.every = every
    log.style = "jsonl" if every > 1 else "csv"
    t, model = Teacher(), mlp(16, 64, 64, 6)
    opt = torch.optim.Adam(model.parameters(), 2e-3)

    def loss(step):
        x, y = t.batch(64)
        if at <= step < at + k:
            x, y = (30 * x, y) if n == 12 else (x, (y + 1) % 6)
        return F.cross_entropy(model(x), y)
    loop(log, model, opt, at + 500, loss, rate=cosine(2e-3, at + 900, 50), clip=1.0)
    log.fails("loss-spike", at, max(5, 2 * every))
    log.wrong("overfitting", "lr-change-coincident", "non-finite", "plateau", "data-shift")
    log.fair("grad-explosion-intermittent")


class Rnn(nn.Module):
    def __init__(self, width=32, scale=1.0):
        super().__init__()
        self.rnn, self.out = nn.RNN(4, width, nonlinearity="relu", batch_first=True), nn.Linear(width, 1)
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(scale * torch.eye(width))

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


@variants(grad_bursts_rnn=dict(n=14, scale=1.0), grad_bursts_rnn_wide=dict(n=15, scale=1.02))
def rnn_bursts(log, n, scale):
    seed(n)
    log.style = "text"
    log.every = 2
    model = Rnn(32 if n == 14 else 48, scale)
    opt = torch.optim.SGD(model.parameters(), 5e-3)
    rare = {600, 840, 1010, 1190}

    def loss(step):
        x = torch.randn(32, 30, 4)
        y = x[:, :, 0].sum(1, keepdim=True) / 30 ** 0.5
        # A few sequences are far longer than the rest: gradients of a recurrent net grow with length.
        if step in rare or step - 1 in rare:
            x, y = torch.cat([x, x, x, x, x, x], 1) * 6, y
        return F.smooth_l1_loss(model(x), y)
    loop(log, model, opt, 1400, loss, clip=1.0)
    log.fails("grad-explosion-intermittent", 600, 4)
    log.wrong("overfitting", "data-shift", "lr-change-coincident", "non-finite", "plateau", "grad-explosion-smooth")
    log.fair("loss-spike", "repeatable-onset")


@variants(grad_smooth_ramp=dict(n=16), grad_smooth_ramp_text=dict(n=17))
def smooth_ramp(log, n):
    seed(n)
    log.style = "text" if n == 17 else "csv"
    x = torch.randn(256, 12)
    y = x @ torch.randn(12, 1) + 0.3 * torch.randn(256, 1)
    model = nn.Linear(12, 1)
    h = 2 * (torch.cat([x, torch.ones(256, 1)], 1).T @ torch.cat([x, torch.ones(256, 1)], 1)) / 256
    top = torch.linalg.eigvalsh(h)[-1].item()
    rate = lambda s: 0.04 * (1 + s / 100)
    cross = next(s for s in range(10000) if rate(s) > 2 / top)
    opt = torch.optim.SGD(model.parameters(), 0.1)
    seen = []
    loop(log, model, opt, cross + (260 if n == 16 else 420), lambda s: F.mse_loss(model(x), y), rate=rate, each=lambda s, l: seen.append(l.item()))
    visible = next((s for s in range(cross, len(seen)) if seen[s] > 1.2 * min(seen)), len(seen))
    log.fails("grad-explosion-smooth", cross, 130, visible_step=visible)
    log.fails("loss-growth", cross, 130, visible_step=visible)
    log.wrong("overfitting", "data-shift", "adam-denominator", "loss-spike")
    log.fair("lr-change-coincident", "non-finite")


@run
def grad_smooth_recurrent(log):
    seed(18)
    log.style = "jsonl"
    model = Rnn(24, 0.9)
    opt = torch.optim.SGD(model.parameters(), 1e-4)

    def loss(step):
        with torch.no_grad():
            # The recurrent weights drift upward, as under a wrong penalty: gradients through 60 steps grow as a power of them.
            if step > 500:
                model.rnn.weight_hh_l0.mul_(1.0006)
        x = torch.randn(32, 60, 4)
        return F.smooth_l1_loss(model(x), x[:, -5:, 0].mean(1, keepdim=True))
    loop(log, model, opt, 1100, loss)
    log.fails("grad-explosion-smooth", 500, 250)
    log.wrong("overfitting", "data-shift", "plateau", "lr-change-coincident")
    log.fair("loss-growth", "grad-explosion-intermittent", "loss-spike")


@variants(vanishing_sigmoid=dict(n=19, depth=9, style="text"), vanishing_tanh_small=dict(n=20, depth=14, style="csv"))
def vanishing(log, n, depth, style):
    seed(n)
    log.style, log.every = style, 4
    t = Teacher(classes=10)
    model = mlp(16, *([32] * depth), 10, act=nn.Sigmoid if n == 19 else nn.Tanh)
    if n == 20:
        for m in model:
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, std=0.01)
    opt = torch.optim.SGD(model.parameters(), 0.05)
    first = model[0].weight
    loop(log, model, opt, 1400, lambda s: F.cross_entropy(model((b := t.batch(64))[0]), b[1]), extra=lambda s: {"grad_norm/first_layer": first.grad.norm().item()})
    log.fails("vanishing-gradient", 0, 120)
    log.fails("plateau", 0, 300)
    log.wrong("loss-growth", "loss-spike", "non-finite", "overfitting", "data-shift")


@variants(overfit_dense=dict(n=21, size=60, steps=900), overfit_small_net=dict(n=22, size=120, steps=1500), overfit_epochs=dict(n=23, size=200, steps=1500), overfit_noise=dict(n=24, size=150, steps=1200))
def overfit(log, n, size, steps):
    seed(n)
    t = Teacher(noise=0.3 if n == 24 else 0.1)
    x, y = t.batch(size)
    vx, vy = t.batch(600)
    model = mlp(16, 256, 256, 6)
    opt = torch.optim.Adam(model.parameters(), 1e-3)
    per_epoch = 20
    log.style = "jsonl" if n == 22 else "csv"
    if n >= 23:
        log.every = per_epoch
    best = [math.inf, 0]

    def each(step, loss):
        if step % per_epoch == per_epoch - 1:
            with torch.no_grad():
                v = F.cross_entropy(model(vx), vy).item()
            if v < best[0]:
                best[:] = [v, step]
            log.row(step, val_loss=v)
    loop(log, model, opt, steps, lambda s: F.cross_entropy(model(x[(i := torch.randint(size, (32,)))]), y[i]), each=each)
    log.fails("overfitting", best[1], max(60, best[1]))
    log.wrong("loss-growth", "loss-spike", "non-finite", "plateau", "data-shift", "grad-explosion-smooth")


@variants(shift_inputs=dict(n=25, at=800), shift_label_noise=dict(n=26, at=1104), shift_labels_text=dict(n=27, at=620), shift_sparse=dict(n=28, at=3000))
def shift(log, n, at):
    seed(n)
    log.every = {25: 1, 26: 4, 27: 2, 28: 25}[n]
    log.style = "text" if n == 27 else "csv"
    t, other = Teacher(), Teacher(noise=0.4 if n != 26 else 0)
    model = mlp(16, 64, 64, 6)
    opt = torch.optim.Adam(model.parameters(), 2e-3)

    def loss(step):
        x, y = (t.batch(64, 0.3) if n == 26 else other.batch(64)) if step >= at else t.batch(64)
        return F.cross_entropy(model(x), y)
    loop(log, model, opt, int(at * 1.9), loss, clip=5.0)
    log.fails("data-shift", at, max(8, 2 * log.every))
    log.wrong("overfitting", "lr-change-coincident", "non-finite", "adam-denominator", "plateau")
    log.fair("loss-growth", "loss-spike", "grad-explosion-intermittent")


@variants(bad_shard_each_epoch=dict(n=29), bad_shard_seeds=dict(n=30))
def bad_shard(log, n):
    for s in [0] if n == 29 else [0, 1, 2]:
        seed(n)
        t = Teacher(classes=4)
        x, y = t.batch(110 * 16)
        y = t.net(x)
        y[47 * 16 : 49 * 16] += 300
        seed(100 * n + s)
        model = mlp(16, 64, 4)
        opt = torch.optim.Adam(model.parameters(), 1e-3)
        def loss(step):
            i = step % 110
            return F.smooth_l1_loss(model(x[i * 16 : i * 16 + 16]), y[i * 16 : i * 16 + 16])
        loop(log, model, opt, 600 if n == 29 else 330, loss, clip=1.0, file=f"seed{s}" if n == 30 else "log")
    log.fails("repeatable-onset", 47, 400 if n == 29 else 2)
    log.fails("loss-spike", 47, 111)
    log.wrong("overfitting", "loss-growth", "non-finite", "lr-change-coincident", "adam-denominator")
    log.fair("grad-explosion-intermittent")


@variants(plateau_dead_relu=dict(n=31), plateau_zero_rate=dict(n=32), plateau_random_labels=dict(n=33), plateau_tiny_rate=dict(n=34))
def plateau(log, n):
    seed(n)
    log.style = "jsonl" if n % 2 else "text"
    log.every = 5
    t, model = Teacher(noise=1.0 if n == 33 else 0.0), mlp(16, 64, 64, 6)
    if n == 31:
        nn.init.constant_(model[0].bias, -40.0)
    lr = {31: 0.05, 32: 0.0, 33: 0.01, 34: 1e-7}[n]
    opt = torch.optim.SGD(model.parameters(), lr)
    loop(log, model, opt, 2000, lambda s: F.cross_entropy(model((b := t.batch(64))[0]), b[1]), rate=lambda s: lr)
    log.fails("plateau", 0, 400)
    log.wrong("loss-growth", "loss-spike", "non-finite", "overfitting", "data-shift", "lr-change-coincident")
    log.fair("vanishing-gradient")


@variants(scale_collapse=dict(n=35, at=700), scale_collapse_text=dict(n=36, at=420))
def scale_collapse(log, n, at):
    seed(n)
    log.style = "text" if n == 36 else "jsonl"
    t, model = Teacher(), mlp(16, 64, 6)
    opt = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 14, growth_interval=150)
    for step in range(at + 60):
        x, y = t.batch(64)
        loss = F.cross_entropy(model(x), y)
        scaled = scaler.scale(loss)
        if step >= at:
            # Every backward pass overflows from here on.
            scaled = scaled * float("inf") if step > at + 40 else scaled + (model[0].weight * float("inf")).sum() * 0 + scaler.scale((model[0].weight ** 2).sum()) * 1e38 * 1e30
        opt.zero_grad()
        scaled.backward()
        scaler.unscale_(opt)
        norm = norm_of(model.parameters())
        scaler.step(opt)
        scaler.update()
        log.row(step, loss=loss.item(), grad_norm=norm, loss_scale=scaler.get_scale())
    log.fails("loss-scale-collapse", at, 6)
    log.wrong("overfitting", "loss-growth", "lr-change-coincident", "adam-denominator", "plateau", "loss-spike")
    log.fair("non-finite")


@variants(adam_late_head=dict(n=37, at=900, every=2), adam_late_head_sparse=dict(n=38, at=2000, every=5))
def adam_late(log, n, at, every):
    seed(n)
    log.every = every
    w, v = torch.randn(12, 3), torch.randn(12, 3)
    body, main, aux = nn.Sequential(nn.Linear(12, 48), nn.Tanh()), nn.Linear(48, 3), nn.Linear(48, 3)
    nn.init.zeros_(aux.weight)
    model = nn.ModuleList([body, main, aux])
    opt = torch.optim.Adam(model.parameters(), 2e-3, betas=(0.9, 0.9999))

    def loss(step):
        x = torch.randn(32, 12)
        h = body(x)
        a = (main(h) - torch.sin(x @ w * 0.5) - 0.3 * torch.randn(32, 3)).pow(2).mean()
        b = (aux(h) - torch.tanh(x @ v)).pow(2).mean()
        return a + (0.1 if step >= at else 0.0) * b
    loop(log, model, opt, at + 700, loss, updates=True)
    log.fails("adam-denominator", at, 4 * every)
    log.wrong("overfitting", "lr-change-coincident", "non-finite", "grad-explosion-smooth", "grad-explosion-intermittent", "plateau")
    log.fair("loss-growth", "data-shift", "loss-spike")


@variants(resume_without_state=dict(n=39, at=1500), resume_without_state_csv=dict(n=40, at=900))
def resume(log, n, at):
    seed(n)
    log.style = "text" if n == 39 else "csv"
    log.every = 3
    x = torch.linspace(-2, 2, 64)[:, None].repeat(1, 3) * torch.tensor([1.0, 2.0, 3.0])
    y = torch.sin(x.sum(1, keepdim=True)) * x[:, :1]
    model = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    opt = torch.optim.Adam(model.parameters(), 2e-3, betas=(0.9, 0.999))
    loop(log, model, opt, at, lambda s: F.mse_loss(model(x), y), rate=lambda s: 2e-3 if s < at else 2e-3)
    if n == 39:
        log.line("Resuming training from checkpoint")
    begin = at if n == 39 else at - 60
    opt = torch.optim.Adam(model.parameters(), 2e-3, betas=(0.9, 0.999))
    loop(log, model, opt, begin + 700, lambda s: F.mse_loss(model(x), y), start=begin, rate=lambda s: 2e-3)
    log.fails("resume-without-optimizer-state", begin, 9)
    log.wrong("overfitting", "data-shift", "non-finite", "lr-change-coincident", "plateau")
    log.fair("loss-spike", "grad-explosion-intermittent")


@variants(twins_weight_decay=dict(n=41), twins_amsgrad=dict(n=42))
def twins(log, n):
    for name in (["adam", "adamw"] if n == 41 else ["adam", "amsgrad"]):
        seed(n)
        if n == 41:
            scales = torch.logspace(0, -2, 12)
            w = torch.randn(12, 1) / scales[:, None]
            model = mlp(12, 48, 1, act=nn.Tanh)
            opt = (torch.optim.AdamW if name == "adamw" else torch.optim.Adam)(model.parameters(), 3e-3, weight_decay=0.3)
            def loss(step):
                x = torch.randn(64, 12) * scales
                return F.mse_loss(model(x), torch.tanh(x @ w))
            loop(log, model, opt, 1500, loss, file=name, extra=lambda s: {"weight_norm": math.sqrt(sum((p ** 2).sum().item() for p in model.parameters()))})
        else:
            # Reddi et al. 2018, section 3: rare large gradients, which a short memory of squares forgets.
            p = nn.Parameter(torch.tensor(0.5))
            opt = torch.optim.Adam([p], 4e-3, betas=(0.9, 0.99), amsgrad=name == "amsgrad")
            average = 0.0
            for step in range(6000):
                big = torch.rand(()) < 0.01
                # Written as a loss above 0: its mean is lowest at p = -1.
                loss = (1010 * (p + 1) if big else 10 * (1 - p)) / 20
                opt.zero_grad()
                loss.backward()
                opt.step()
                with torch.no_grad():
                    p.clamp_(-1, 1)
                expected = 0.01 * 1010 * (p.item() + 1) / 20 + 0.99 * 10 * (1 - p.item()) / 20
                average = average + (expected - average) / (step + 1)
                if step % 20 == 0:
                    log.row(step, name, loss=expected, avg_loss=average)
    log.fails("weight-decay-interaction" if n == 41 else "adam-nonconvergence", 150 if n == 41 else 1500, 250 if n == 41 else 1500)
    log.wrong("overfitting", "data-shift", "non-finite", "lr-change-coincident")
    log.fair("plateau", "loss-growth", "loss-spike", "repeatable-onset", "grad-explosion-intermittent")


@variants(rescue_rate_cut=dict(n=43, at=600, cut=1000), rescue_late=dict(n=44, at=1000, cut=1500))
def rescue(log, n, at, cut):
    seed(n)
    log.every = 2
    t, model = Teacher(noise=0.02), mlp(16, 64, 64, 6)
    opt = torch.optim.Adam(model.parameters(), 2e-3)
    start = {k: v.clone() for k, v in model.state_dict().items()}

    def each(step, loss):
        if step == at - 1:
            start.update({k: v.clone() for k, v in model.state_dict().items()})
    loop(log, model, opt, cut + 700, lambda s: F.cross_entropy(model((b := t.batch(64))[0]), b[1]), rate=lambda s: 2e-3 if s < at else 0.06 if s < cut else 1e-3, each=each)
    log.fails("loss-growth", at, 10)
    log.fails("lr-change-coincident", at, 10)
    log.fails("recovered", cut, 60)
    log.wrong("overfitting", "data-shift", "non-finite")
    log.fair("loss-spike", "grad-explosion-intermittent", "grad-explosion-smooth")


@run
def batch_norm_bursts(log):
    seed(45)
    log.style, log.every = "jsonl", 10
    t = Teacher()
    x, y = t.batch(1600)
    d = [16, 48, 48]
    model = nn.Sequential(*[m for a, b in zip(d, d[1:]) for m in (nn.Linear(a, b, bias=False), nn.BatchNorm1d(b, affine=False), nn.ReLU())], nn.Linear(48, 6, bias=False), nn.BatchNorm1d(6, affine=False))
    opt = torch.optim.SGD(model.parameters(), 0.15, weight_decay=1.2e-2)
    loop(log, model, opt, 6000, lambda s: F.cross_entropy(5 * model(x[(i := torch.randint(1600, (128,)))]), y[i]), extra=lambda s: {"weight_norm": math.sqrt(sum((p ** 2).sum().item() for p in model.parameters()))})
    log.fair("loss-spike", "grad-explosion-intermittent", "batch-norm-instability", "repeatable-onset", "loss-growth", "grad-explosion-smooth", "recovered")
    log.truth["healthy"] = False
    log.fails("batch-norm-instability", 1500, 3000)


# ---- healthy runs ---------------------------------------------------------------------------------------------------

def ordinary(log, model, loss_of, steps, lr=2e-3, opt=None, **kw):
    opt = opt or torch.optim.Adam(model.parameters(), lr)
    loop(log, model, opt, steps, loss_of, **kw)
    log.wrong("loss-growth", "loss-spike", "plateau", "overfitting")


@variants(healthy_classify=dict(n=50, batch=64, noise=0.0), healthy_small_batch=dict(n=51, batch=2, noise=0.2), healthy_noisy_labels=dict(n=52, batch=16, noise=0.4), healthy_big_batch=dict(n=53, batch=512, noise=0.05))
def healthy_teacher(log, n, batch, noise):
    seed(n)
    log.style = ["csv", "jsonl", "text", "csv"][n - 50]
    log.every = 2 if n != 53 else 10
    t, model = Teacher(noise=noise), mlp(16, 64, 64, 6)
    ordinary(log, model, lambda s: F.cross_entropy(model((b := t.batch(batch))[0]), b[1]), 2400, rate=cosine(2e-3, 2400, 100) if n % 2 else None)


@run
def healthy_step_decay(log):
    seed(54)
    t, model = Teacher(noise=0.1), mlp(16, 64, 6)
    ordinary(log, model, lambda s: F.cross_entropy(model((b := t.batch(32))[0]), b[1]), 1500, opt=torch.optim.SGD(model.parameters(), 0.2, momentum=0.9), rate=lambda s: 0.2 * 0.1 ** (s // 500))


@run
def healthy_warm_restarts(log):
    seed(55)
    t, model = Teacher(noise=0.1), mlp(16, 64, 64, 6)
    ordinary(log, model, lambda s: F.cross_entropy(model((b := t.batch(32))[0]), b[1]), 1800, opt=torch.optim.SGD(model.parameters(), 0.2, momentum=0.9), rate=lambda s: 0.2 * 0.5 * (1 + math.cos(math.pi * (s % 450) / 450)) + 1e-4)


@run
def healthy_one_cycle(log):
    seed(56)
    t, model = Teacher(noise=0.1), mlp(16, 64, 64, 6)
    ordinary(log, model, lambda s: F.cross_entropy(model((b := t.batch(32))[0]), b[1]), 1600, opt=torch.optim.SGD(model.parameters(), 0.2, momentum=0.9), rate=lambda s: 0.5 * (s + 1) / 480 if s < 480 else 0.5 * (1600 - s) / 1120)


@run
def healthy_gaussian_nll(log):
    seed(57)
    log.style = "text"
    w = torch.randn(8, 2)
    model = mlp(8, 48, 4, act=nn.Tanh)

    def loss(step):
        x = torch.randn(64, 8)
        mean, logs = model(x).chunk(2, -1)
        return (logs + 0.5 * ((torch.sin(x @ w) + 0.01 * torch.randn(64, 2) - mean) / logs.exp()) ** 2).mean()
    ordinary(log, model, loss, 2400, 1e-3, clip=1.0)


class Char(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embed, self.out = nn.Embedding(12, 32), nn.Linear(32, 12)
        self.body = nn.LSTM(32, 32, batch_first=True) if kind == "lstm" else nn.TransformerEncoderLayer(32, 4, 64, 0.1, batch_first=True, norm_first=True)
        self.kind, self.place = kind, nn.Parameter(0.02 * torch.randn(24, 32))

    def forward(self, x):
        h = self.embed(x)
        h = self.body(h)[0] if self.kind == "lstm" else self.body(h + self.place, src_mask=nn.Transformer.generate_square_subsequent_mask(24))
        return self.out(h)


def sentences(n):
    """A walk with rules: the next letter follows from the last two, most of the time."""
    x = torch.zeros(n, 25, dtype=torch.long)
    x[:, :2] = torch.randint(12, (n, 2))
    for i in range(2, 25):
        x[:, i] = torch.where(torch.rand(n) < 0.85, (x[:, i - 1] + 3 * x[:, i - 2]) % 12, torch.randint(12, (n,)))
    return x


@variants(healthy_lstm=dict(n=58, kind="lstm"), healthy_transformer=dict(n=59, kind="transformer"))
def healthy_text(log, n, kind):
    seed(n)
    log.style, log.every = "text", 3
    model = Char(kind)
    ordinary(log, model, lambda s: F.cross_entropy(model((x := sentences(32))[:, :-1]).flatten(0, 1), x[:, 1:].flatten()), 1200, opt=torch.optim.AdamW(model.parameters(), 3e-3), rate=cosine(3e-3, 1200, 100), clip=1.0)


@run
def healthy_autoencoder_tiny_loss(log):
    seed(60)
    w = torch.randn(4, 24) * 1e-3
    model = mlp(24, 32, 4, 32, 24, act=nn.GELU)
    ordinary(log, model, lambda s: F.mse_loss(model((x := torch.tanh(torch.randn(64, 4) @ (w * 1e3)) * 1e-2)), x), 2000, 1e-3)


@run
def healthy_vae(log):
    seed(61)
    log.style, log.every = "jsonl", 4
    w = torch.randn(3, 20)
    enc, dec = mlp(20, 48, 6), mlp(3, 48, 20)
    model = nn.ModuleList([enc, dec])

    def loss(step):
        x = torch.sin(torch.randn(64, 3) @ w)
        mean, logs = enc(x).chunk(2, -1)
        z = mean + torch.randn_like(mean) * logs.exp()
        return F.mse_loss(dec(z), x, reduction="sum") / 64 + (-0.5 * (1 + 2 * logs - mean ** 2 - (2 * logs).exp())).sum(1).mean() * min(1, step / 600)
    ordinary(log, model, loss, 2400)
    log.fair("loss-growth")


@run
def healthy_gan(log):
    seed(62)
    log.style, log.every = "csv", 3
    g, d = mlp(4, 32, 2), mlp(2, 32, 1)
    og, od = torch.optim.Adam(g.parameters(), 1e-3, betas=(0.5, 0.999)), torch.optim.Adam(d.parameters(), 1e-3, betas=(0.5, 0.999))
    for step in range(2100):
        angle = torch.rand(64) * 6.283
        real = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(64, 2)
        fake = g(torch.randn(64, 4))
        ld = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
        od.zero_grad(); ld.backward(); od.step()
        lg = F.softplus(-d(g(torch.randn(64, 4)))).mean()
        og.zero_grad(); lg.backward(); og.step()
        log.row(step, loss_G=lg.item(), loss_D=ld.item())
    log.wrong("loss-growth", "loss-spike", "plateau")


@run
def healthy_policy_gradient(log):
    seed(63)
    log.style = "text"
    model = mlp(6, 32, 4, act=nn.Tanh)
    w = torch.randn(6, 4)
    opt = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(1200):
        x = torch.randn(32, 6)
        dist = torch.distributions.Categorical(logits=model(x))
        a = dist.sample()
        reward = ((x @ w).argmax(1) == a).float()
        loss = -(dist.log_prob(a) * (reward - reward.mean())).mean()
        opt.zero_grad(); loss.backward(); opt.step()
        log.row(step, policy_loss=loss.item(), reward=reward.mean().item())
    log.wrong("loss-growth", "loss-spike", "plateau")


@run
def healthy_contrastive(log):
    seed(64)
    model = mlp(16, 64, 16)
    w = torch.randn(16, 16) / 4

    def loss(step):
        x = torch.randn(64, 16)
        a, b = F.normalize(model(x), dim=1), F.normalize(model(x @ w + 0.3 * torch.randn(64, 16)), dim=1)
        return F.cross_entropy(a @ b.T / 0.1, torch.arange(64))
    ordinary(log, model, loss, 1500, 1e-3)


@run
def healthy_curriculum(log):
    seed(65)
    log.style, log.every = "jsonl", 4
    model = mlp(16, 64, 64, 1)
    w = torch.randn(16, 1)
    stage = [0]

    def loss(step):
        stage[0] = 0 if step < 500 else 1 if step < 1100 else 2
        x = torch.randn(64, 16)
        y = torch.sin(x[:, : 4 + 5 * stage[0]] @ w[: 4 + 5 * stage[0]] * (0.4 + 0.4 * stage[0]))
        return F.mse_loss(model(x), y)
    ordinary(log, model, loss, 2000, 1e-3, extra=lambda s: {"stage": stage[0]})
    log.fair("data-shift")


@variants(healthy_validation=dict(n=66, size=4000, every=1), healthy_validation_epochs=dict(n=67, size=3000, every=60), healthy_short=dict(n=68, size=3000, every=100))
def healthy_val(log, n, size, every):
    seed(n)
    log.every = every
    t = Teacher(noise=0.1)
    x, y = t.batch(size)
    vx, vy = t.batch(600)
    model = mlp(16, 32, 6)

    def each(step, loss):
        if step % 60 == 59:
            with torch.no_grad():
                log.row(step, val_loss=F.cross_entropy(model(vx), vy).item())
    ordinary(log, model, lambda s: F.cross_entropy(model(x[(i := torch.randint(size, (32,)))]), y[i]), 1800, 1e-3, each=each)


@run
def healthy_loss_scale_search(log):
    seed(69)
    log.style = "text"
    t, model = Teacher(), mlp(16, 64, 6)
    opt = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 24, growth_interval=100)
    for step in range(1200):
        loss = F.cross_entropy(model((b := t.batch(64))[0]), b[1])
        opt.zero_grad()
        scaler.scale(loss).backward()
        # What half precision cannot hold: 65504.
        if any(p.grad.abs().max() > 65504 for p in model.parameters()):
            model[0].weight.grad.fill_(math.inf)
        scaler.unscale_(opt)
        norm = norm_of(model.parameters())
        scaler.step(opt)
        scaler.update()
        log.row(step, loss=loss.item(), grad_norm=norm, loss_scale=scaler.get_scale())


@run
def healthy_resume_with_state(log):
    seed(70)
    log.style, log.every = "text", 3
    x = torch.linspace(-2, 2, 64)[:, None].repeat(1, 3) * torch.tensor([1.0, 2.0, 3.0])
    y = torch.sin(x.sum(1, keepdim=True)) * x[:, :1]
    model = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 1))
    opt = torch.optim.Adam(model.parameters(), 1e-3)
    noisy = lambda s: F.mse_loss(model(x), y + 0.05 * torch.randn(64, 1))
    loop(log, model, opt, 1200, noisy)
    log.line("Resuming training from checkpoint")
    loop(log, model, opt, 2000, noisy, start=1200)


@run
def healthy_regression_heavy_tails(log):
    seed(71)
    log.every = 2
    w = torch.randn(8, 1)
    model = mlp(8, 48, 1)
    heavy = torch.distributions.StudentT(3.0)
    ordinary(log, model, lambda s: F.mse_loss(model((x := torch.randn(32, 8))), torch.sin(x @ w) + 0.3 * heavy.sample((32, 1))), 2400, 1e-3, clip=1.0)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for name, make in RUNS.items():
        if not wanted or any(name.startswith(each) for each in wanted):
            log = Log(name)
            try:
                make(log)
                log.save()
                rows = sum(len(r) for r in log.files.values())
                print(name, rows, [(v["kind"], v["onset_step"], v["tolerance_steps"]) for v in log.truth["verdicts"]], flush=True)
            except Exception as error:  # one broken run should not keep the others from being made
                print(name, "FAILED", repr(error), flush=True)
