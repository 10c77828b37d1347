"""What a script of JAX and Optax is seen to do. Nothing is compiled, so that every number is there to be read."""
import contextlib
from dataclasses import dataclass, field
from unittest import mock

import flax.linen
import jax
import jax.numpy as jnp
import numpy
import optax
from optax._src import transform

jax.config.update("jax_disable_jit", True)


@dataclass
class Trace:
    norms: list = field(default_factory=list)  # of the gradients that Adam's scaling sees
    updates: list = field(default_factory=list)  # norms of what is added to the parameters
    epsilons: list = field(default_factory=list)
    rates: list = field(default_factory=list)  # numbers given as learning rates
    masks: list = field(default_factory=list)
    norm_modes: list = field(default_factory=list)  # whether a batch norm uses its running averages
    nan_checks: list = field(default_factory=list)
    variables: dict = field(default_factory=dict)
    output: str = ""
    error: object = None
    warnings: list = field(default_factory=list)

    def final(self):
        """The parameters at the end, as one vector."""
        leaves = jax.tree_util.tree_leaves(self.variables["params"])
        return numpy.concatenate([numpy.ravel(numpy.asarray(leaf, "float64")) for leaf in leaves])


@contextlib.contextmanager
def watch(poison=None):
    """The gradients of call number `poison` are NaN."""
    trace = Trace()
    live = {"gradients": 0}

    def scaling(original):
        def scale_by_adam(*args, **kwargs):
            made = original(*args, **kwargs)
            trace.epsilons.append(kwargs.get("eps"))

            def update(updates, state, params=None):
                trace.norms.append(float(optax.global_norm(updates)))
                return made.update(updates, state, params)

            return optax.GradientTransformation(made.init, update)

        return scale_by_adam

    def optimizer(original):
        def make(learning_rate, *args, **kwargs):
            trace.rates.append(learning_rate if isinstance(learning_rate, float) else None)
            trace.masks.append(kwargs.get("mask"))
            return original(learning_rate, *args, **kwargs)

        return make

    def applied(original):
        def apply_updates(params, updates):
            trace.updates.append(float(optax.global_norm(updates)))
            return original(params, updates)

        return apply_updates

    def differentiated(original, takes_value):
        def differentiate(function, *args, **kwargs):
            made = original(function, *args, **kwargs)

            def call(*given, **named):
                live["gradients"] += 1
                result = made(*given, **named)
                if live["gradients"] != poison:
                    return result
                value, gradients = result if takes_value else (None, result)
                gradients = jax.tree_util.tree_map(lambda leaf: leaf * jnp.nan, gradients)
                return (value, gradients) if takes_value else gradients

            return call

        return differentiate

    def norm_watched(original):
        def call(self, x, use_running_average=None, **kwargs):
            trace.norm_modes.append(bool(use_running_average or self.use_running_average))
            return original(self, x, use_running_average, **kwargs)

        return call

    def configured(original):
        def update(name, value):
            if name == "jax_debug_nans":
                trace.nan_checks.append(value)
                return None
            return original(name, value)

        return update

    with contextlib.ExitStack() as stack:
        put = lambda owner, name, value: stack.enter_context(mock.patch.object(owner, name, value))  # noqa: E731
        scale_by_adam = scaling(transform.scale_by_adam)
        put(transform, "scale_by_adam", scale_by_adam)
        put(optax, "scale_by_adam", scale_by_adam)
        for name in ("adam", "adamw", "sgd"):
            put(optax, name, optimizer(getattr(optax, name)))
        put(optax, "apply_updates", applied(optax.apply_updates))
        put(jax, "value_and_grad", differentiated(jax.value_and_grad, True))
        put(jax, "grad", differentiated(jax.grad, False))
        put(flax.linen.BatchNorm, "__call__", norm_watched(flax.linen.BatchNorm.__call__))
        put(jax.config, "update", configured(jax.config.update))
        yield trace
