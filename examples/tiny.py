"""Trains a small network on the standard library alone, and really goes haywire late.

    python3 tiny.py              about a minute
    python3 tiny.py --fast       about ten seconds
    python3 tiny.py --lr 3e-3    the same at a tenth of the rate: slower, and healthy to its end

A student network learns a teacher's outputs, all examples in every step, so its gradients shrink towards nothing as it
fits. Adam divides each step by the root of its running mean of squared gradients. With a constant rate of 3e-2 and an
eps of 1e-12 nothing bounds that quotient: the smaller the gradients of the last 1,000 steps (1 / (1 - beta2)), the longer
the steps, until they are too long for the curvature and the loss bursts to some hundred times its size, again and again.
"""

import argparse
import json
import math
import random
from operator import mul


class Adam:
    """Kingma and Ba 2015, algorithm 1, on flat lists of numbers."""

    def __init__(self, size, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.steps, self.m, self.v = 0, [0.0] * size, [0.0] * size

    def step(self, weights, gradient):
        self.steps += 1
        beta1, beta2 = self.betas
        self.m = [beta1 * m + (1 - beta1) * g for m, g in zip(self.m, gradient)]
        self.v = [beta2 * v + (1 - beta2) * g * g for v, g in zip(self.v, gradient)]
        rate, correction = self.lr / (1 - beta1**self.steps), 1 / (1 - beta2**self.steps)
        return [w - rate * m / (math.sqrt(v * correction) + self.eps) for w, m, v in zip(weights, self.m, self.v)]


class Network:
    """Inputs, one layer of tanh units, one output. Each unit has a row of weights: its inputs, its bias, its output."""

    def __init__(self, inputs, units, rng):
        self.inputs, self.units = inputs, units
        self.weights = [rng.gauss(0, 1 / math.sqrt(inputs)) for _ in range(units * (inputs + 2))]

    def forward(self, examples):
        n, width = self.inputs, self.inputs + 2
        rows = [self.weights[at : at + width] for at in range(0, len(self.weights), width)]
        hidden = [[math.tanh(sum(map(mul, row, x)) + row[n]) for x in examples] for row in rows]
        readout = [row[n + 1] for row in rows]
        return hidden, readout, [sum(map(mul, readout, units)) for units in zip(*hidden)]

    def loss_and_gradient(self, examples, targets):
        hidden, readout, outputs = self.forward(examples)
        errors = [output - target for output, target in zip(outputs, targets)]
        slopes = [2 * error / len(errors) for error in errors]
        columns, gradient = list(zip(*examples)), []
        for unit, weight in zip(hidden, readout):
            back = [slope * weight * (1 - h * h) for slope, h in zip(slopes, unit)]
            gradient += [sum(map(mul, back, column)) for column in columns]
            gradient += [sum(back), sum(map(mul, slopes, unit))]
        return sum(map(mul, errors, errors)) / len(errors), gradient


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fast", action="store_true", help="fewer examples")
    parser.add_argument("--lr", type=float, default=3e-2)
    parser.add_argument("--eps", type=float, default=1e-12)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--log", help="write records to this file too, one JSON object a line")
    args = parser.parse_args()
    units, examples, steps = (16, 64, 12_000) if args.fast else (16, 320, 9_000)

    rng = random.Random(args.seed)
    teacher = Network(4, 6, rng)
    inputs = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(examples)]
    targets = teacher.forward(inputs)[2]
    model = Network(4, units, rng)
    optimizer = Adam(len(model.weights), lr=args.lr, eps=args.eps)

    log = open(args.log, "w", buffering=1) if args.log else None
    for step in range(1, steps + 1):
        loss, gradient = model.loss_and_gradient(inputs, targets)
        model.weights = optimizer.step(model.weights, gradient)
        if step % 20 == 0:
            norm = math.sqrt(sum(map(mul, gradient, gradient)))
            print(f"step {step} loss {loss:.4e} grad_norm {norm:.4e} lr {args.lr:.1e}", flush=True)
            if log:
                log.write(json.dumps({"step": step, "loss": loss, "grad_norm": norm, "lr": args.lr}) + "\n")


if __name__ == "__main__":
    main()
