"""What a torch script is seen to do: gradients that reach optimizers, rates, modes, schedules, order of data."""
import contextlib
import random
import sys
import types
from dataclasses import dataclass, field
from unittest import mock

import numpy
import torch

# TensorBoard would load the whole of TensorFlow for its file system; this name makes it use its own.
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
import torch.utils.tensorboard
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

# What an option of a run may replace, taken before any script is run.
clip_grad_norm_ = torch.nn.utils.clip_grad_norm_
torch.set_num_threads(1)


@dataclass
class Step:
    optimizer: int  # in the order of first steps
    kind: str
    groups: list  # a dictionary each: lr, eps, weight_decay …, and sizes of its parameters
    norm: float  # of the gradients that the optimizer gets
    before: list  # copies of the parameters
    after: list
    backwards: int  # since the step before
    clips: int  # clip calls since the step before
    clipped: list  # norms that those clips found
    reads: int  # tensors turned into numbers since the step before
    stale: float  # norm of gradients that were there at the first backward pass since the step before


@dataclass
class Trace:
    steps: list = field(default_factory=list)
    losses: list = field(default_factory=list)  # (kind, input, target) of each call of a loss
    backward_losses: list = field(default_factory=list)
    anomaly: list = field(default_factory=list)  # whether each backward pass looked for NaN
    forwards: list = field(default_factory=list)  # (training, gradients on, fingerprint of the input) of outermost modules
    schedule: list = field(default_factory=list)  # (scheduler, metric or None, steps of optimizers so far)
    schedulers: list = field(default_factory=list)
    scaler_updates: list = field(default_factory=list)  # steps of optimizers so far
    optimizers: list = field(default_factory=list)
    models: list = field(default_factory=list)
    variables: dict = field(default_factory=dict)
    output: str = ""
    error: object = None
    warnings: list = field(default_factory=list)

    def of(self, optimizer):
        return [step for step in self.steps if step.optimizer == optimizer]

    def final(self):
        """The weights at the end, as one vector."""
        return torch.cat([p.detach().flatten().double() for opt in self.optimizers for p in parameters_of(opt)])


def parameters_of(optimizer):
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def norm_of(optimizer):
    squares = [p.grad.detach().double().pow(2).sum() for p in parameters_of(optimizer) if p.grad is not None]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0


@contextlib.contextmanager
def watch(clipping=True, decay=True, scaling=True, poison=None, inputs=None):
    """Without `clipping`, `decay` or loss `scaling` where told so; the loss call number `poison` gives NaN."""
    torch.autograd.set_detect_anomaly(False)
    torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)
    trace = Trace()
    live = {"backwards": 0, "clips": 0, "clipped": [], "reads": 0, "stale": 0.0, "depth": 0, "losses": 0}
    pending = {}

    def before_step(optimizer, args, kwargs):
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            measure(optimizer)
            return None

        def measured():
            loss = closure()
            measure(optimizer)
            return loss

        return args[:1], {**kwargs, "closure": measured}

    def measure(optimizer):
        if not any(optimizer is known for known in trace.optimizers):
            trace.optimizers.append(optimizer)
        if not decay:
            for group in optimizer.param_groups:
                group["weight_decay"] = 0.0
        pending[id(optimizer)] = (
            norm_of(optimizer),
            [parameter.detach().clone() for parameter in parameters_of(optimizer)],
            [
                {**{k: v for k, v in group.items() if k != "params"}, "sizes": [list(p.shape) for p in group["params"]]}
                for group in optimizer.param_groups
            ],
        )

    def after_step(optimizer, _args, _kwargs):
        norm, before, groups = pending.pop(id(optimizer))
        index = next(place for place, known in enumerate(trace.optimizers) if known is optimizer)
        after = [parameter.detach().clone() for parameter in parameters_of(optimizer)]
        counted = {name: live[name] for name in ("backwards", "clips", "clipped", "reads", "stale")}
        trace.steps.append(Step(index, type(optimizer).__name__, groups, norm, before, after, **counted))
        live.update(backwards=0, clips=0, clipped=[], reads=0, stale=0.0)

    def backward_watched(original):
        def backward(self, *args, **kwargs):
            if live["backwards"] == 0:
                live["stale"] = sum(norm_of(optimizer) for optimizer in trace.optimizers)
            live["backwards"] += 1
            trace.anomaly.append(torch.is_anomaly_enabled())
            trace.backward_losses.append(float(self.detach()) if self.numel() == 1 else None)
            return original(self, *args, **kwargs)

        return backward

    def clip(*args, **kwargs):
        live["clips"] += 1
        if clipping:
            norm = clip_grad_norm_(*args, **kwargs)
        else:
            norm = clip_grad_norm_(args[0] if args else kwargs["parameters"], float("inf"))
        live["clipped"].append(float(norm.detach()))
        return norm

    def loss_watched(name, original):
        def loss(given, target, *args, **kwargs):
            trace.losses.append((name, given.detach(), target.detach()))
            live["losses"] += 1
            result = original(given, target, *args, **kwargs)
            return result * float("nan") if live["losses"] == poison else result

        return loss

    def read_watched(original):
        def read(self, *args, **kwargs):
            live["reads"] += 1
            return original(self, *args, **kwargs)

        return read

    def module_call(original):
        def call(self, *args, **kwargs):
            live["depth"] += 1
            is_model = live["depth"] == 1 and any(True for _ in self.parameters())
            if is_model:
                given = next((each for each in (*args, *kwargs.values()) if isinstance(each, torch.Tensor)), None)
                fingerprint = None if given is None else float(given.detach().double().sum())
                trace.forwards.append((self.training, torch.is_grad_enabled(), fingerprint))
            try:
                return original(self, *args, **kwargs)
            finally:
                live["depth"] -= 1

        return call

    def scheduler_made(original):
        def init(self, *args, **kwargs):
            original(self, *args, **kwargs)
            trace.schedulers.append(self)
            trace.schedule = [each for each in trace.schedule if each[0] is not self]

        return init

    def scheduler_step(original):
        def step(self, *args, **kwargs):
            metric = args[0] if args else kwargs.get("metrics")
            trace.schedule.append((self, None if metric is None else float(metric), len(trace.steps)))
            return original(self, *args, **kwargs)

        return step

    def scaler_update(original):
        def update(self, *args, **kwargs):
            trace.scaler_updates.append(len(trace.steps))
            return original(self, *args, **kwargs)

        return update

    def scaler_made(original):
        def init(self, *args, **kwargs):
            original(self, *args, **{**kwargs, "enabled": False})

        return init

    def scalar_shown(original):
        def add_scalar(self, tag, value, global_step=None, *args, **kwargs):
            print(f"{tag} {float(value):.6g} step {global_step}")
            return original(self, tag, value, global_step, *args, **kwargs)

        return add_scalar

    with contextlib.ExitStack() as stack:
        put = lambda owner, name, value: stack.enter_context(mock.patch.object(owner, name, value))  # noqa: E731
        stack.callback(register_optimizer_step_pre_hook(before_step).remove)
        stack.callback(register_optimizer_step_post_hook(after_step).remove)
        put(torch.Tensor, "backward", backward_watched(torch.Tensor.backward))
        for name in ("item", "tolist", "__float__", "__bool__"):
            put(torch.Tensor, name, read_watched(getattr(torch.Tensor, name)))
        put(torch.nn.utils, "clip_grad_norm_", clip)
        writer = torch.utils.tensorboard.SummaryWriter
        put(writer, "add_scalar", scalar_shown(writer.add_scalar))
        for name in ("cross_entropy", "mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "nll_loss"):
            put(torch.nn.functional, name, loss_watched(name, getattr(torch.nn.functional, name)))
        put(torch.nn.Module, "__call__", module_call(torch.nn.Module.__call__))
        for kind in every(LRScheduler):
            if "__init__" in vars(kind) and kind in (LRScheduler, ReduceLROnPlateau):
                put(kind, "__init__", scheduler_made(kind.__init__))
            if "step" in vars(kind) and kind in (LRScheduler, ReduceLROnPlateau, torch.optim.lr_scheduler.SequentialLR):
                put(kind, "step", scheduler_step(kind.step))
        put(torch.amp.GradScaler, "update", scaler_update(torch.amp.GradScaler.update))
        if not scaling:
            put(torch.amp.GradScaler, "__init__", scaler_made(torch.amp.GradScaler.__init__))
        yield trace


def every(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in every(child))]


assert issubclass(torch.optim.SGD, Optimizer)
