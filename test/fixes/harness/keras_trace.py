"""What a Keras script is seen to do. Graph functions run eagerly, so that every number is there to be read."""
import contextlib
from dataclasses import dataclass, field
from unittest import mock

import keras
import numpy
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer
from keras.src.optimizers.base_optimizer import BaseOptimizer

tf.config.run_functions_eagerly(True)
tf.config.threading.set_intra_op_parallelism_threads(1)


@dataclass
class Step:
    kind: str
    raw: float  # norm of the gradients that the optimizer was given
    norm: float  # of those that its update saw
    settings: dict
    batch: int  # examples in the batch, where a loss was computed


@dataclass
class Trace:
    steps: list = field(default_factory=list)
    losses: list = field(default_factory=list)  # (from_logits, y_pred) of each call of a loss
    dropouts: list = field(default_factory=list)  # (training, rate)
    orders: list = field(default_factory=list)  # a fingerprint of each batch that is trained on
    fits: list = field(default_factory=list)
    seeds: list = field(default_factory=list)
    numerics_checked: bool = False
    optimizers: list = field(default_factory=list)
    models: list = field(default_factory=list)
    variables: dict = field(default_factory=dict)
    output: str = ""
    error: object = None
    warnings: list = field(default_factory=list)

    def final(self):
        """The weights at the end, as one vector."""
        flat = [numpy.ravel(v.numpy().astype("float64")) for opt in self.optimizers for v in opt._trainable_variables]
        return numpy.concatenate(flat)


def norm_of(gradients):
    return float(numpy.sqrt(sum(float(numpy.sum(numpy.square(numpy.asarray(tf.convert_to_tensor(g), "float64")))) for g in gradients)))


@contextlib.contextmanager
def watch(poison=None):
    """The loss that a model computes for batch number `poison` is NaN."""
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    trace = Trace()
    live = {"raw": 0.0, "batch": 0, "losses": 0}

    def given(original):
        def apply(self, grads, trainable_variables=None):
            live["raw"] = norm_of([g for g in grads if g is not None])
            return original(self, grads, trainable_variables)

        return apply

    def update(original):
        def update_step(self, grads, trainable_variables, learning_rate):
            if not any(self is known for known in trace.optimizers):
                trace.optimizers.append(self)
            settings = {**self.get_config(), "learning_rate": float(keras.ops.convert_to_numpy(self.learning_rate))}
            trace.steps.append(Step(type(self).__name__, live["raw"], norm_of(grads), settings, live["batch"]))
            return original(self, grads, trainable_variables, learning_rate)

        return update_step

    def loss_watched(original):
        def call(self, y_true, y_pred, *args, **kwargs):
            result = original(self, y_true, y_pred, *args, **kwargs)
            trace.losses.append((self.get_config().get("from_logits"), numpy.asarray(y_pred)))
            return result

        return call

    def model_loss(original):
        def compute_loss(self, x=None, y=None, *args, training=True, **kwargs):
            result = original(self, x, y, *args, training=training, **kwargs)
            if not training:
                return result
            live["batch"] = len(y)
            trace.orders.append(float(numpy.sum(numpy.asarray(x))))
            live["losses"] += 1
            return result * float("nan") if live["losses"] == poison else result

        return compute_loss

    def dropout_watched(original):
        def call(self, inputs, training=False):
            trace.dropouts.append((bool(training), self.rate))
            return original(self, inputs, training=training)

        return call

    def fit_watched(original):
        def fit(self, *args, **kwargs):
            trace.models.append(self)
            trace.fits.append({name: kwargs.get(name) for name in ("epochs", "batch_size")})
            return original(self, *args, **kwargs)

        return fit

    def seed_watched(original):
        def set_random_seed(seed):
            trace.seeds.append(seed)
            return original(seed)

        return set_random_seed

    with contextlib.ExitStack() as stack:
        put = lambda owner, name, value: stack.enter_context(mock.patch.object(owner, name, value))  # noqa: E731
        put(BaseOptimizer, "apply", given(BaseOptimizer.apply))
        put(TFOptimizer, "_backend_update_step", update(TFOptimizer._backend_update_step))
        put(keras.losses.Loss, "__call__", loss_watched(keras.losses.Loss.__call__))
        put(keras.Model, "compute_loss", model_loss(keras.Model.compute_loss))
        put(keras.layers.Dropout, "call", dropout_watched(keras.layers.Dropout.call))
        put(keras.Model, "fit", fit_watched(keras.Model.fit))
        for owner in (keras.utils, tf.keras.utils):
            put(owner, "set_random_seed", seed_watched(keras.utils.set_random_seed))
        checks = mock.Mock(side_effect=lambda: setattr(trace, "numerics_checked", True))
        put(tf.debugging, "enable_check_numerics", checks)
        try:
            yield trace
        finally:
            keras.backend.set_floatx("float32")
