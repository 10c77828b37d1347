"""What a Keras script is seen to do, its graph functions too."""
import contextlib
from dataclasses import dataclass, field
from unittest import mock

import keras
import numpy
import tensorflow as tf
from keras.src.backend.tensorflow.optimizer import TFOptimizer
from keras.src.optimizers.base_optimizer import BaseOptimizer

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
    return tf.cast(tf.linalg.global_norm([tf.cast(tf.convert_to_tensor(each), tf.float32) for each in gradients]), tf.float64)


def seen(record, *tensors):
    """Has numbers recorded when the step runs, be it compiled or not."""
    tf.numpy_function(lambda *values: (record(*values), numpy.int32(0))[1], list(tensors), tf.int32)


@contextlib.contextmanager
def watch(poison=None):
    """The loss that a model computes for batch number `poison` is NaN."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    trace = Trace()
    live = {"raw": 0.0, "batch": 0, "losses": 0}

    def given(original):
        def apply(self, grads, trainable_variables=None):
            seen(lambda raw: live.update(raw=float(raw)), norm_of([g for g in grads if g is not None]))
            return original(self, grads, trainable_variables)

        return apply

    def update(original):
        def update_step(self, grads, trainable_variables, learning_rate):
            if not any(self is known for known in trace.optimizers):
                trace.optimizers.append(self)
            settings = {name: getattr(self, name, None) for name in ("epsilon", "beta_1", "beta_2", "weight_decay")}

            def record(norm, rate):
                measured = {**settings, "learning_rate": float(rate)}
                trace.steps.append(Step(type(self).__name__, live["raw"], float(norm), measured, live["batch"]))

            seen(record, norm_of(grads), tf.cast(learning_rate, tf.float32))
            return original(self, grads, trainable_variables, learning_rate)

        return update_step

    def loss_watched(original):
        def call(self, y_true, y_pred, *args, **kwargs):
            flag = self.get_config().get("from_logits")
            seen(lambda values: trace.losses.append((flag, values)), tf.convert_to_tensor(y_pred))
            return original(self, y_true, y_pred, *args, **kwargs)

        return call

    def model_loss(original):
        def compute_loss(self, x=None, y=None, *args, training=True, **kwargs):
            result = original(self, x, y, *args, training=training, **kwargs)
            if not training:
                return result

            def factor(batch, size):
                live["batch"] = int(size)
                trace.orders.append(float(batch))
                live["losses"] += 1
                return numpy.float32("nan" if live["losses"] == poison else 1)

            fingerprint = tf.reduce_sum(tf.cast(tf.reshape(x, [-1])[:3], tf.float32))
            by = tf.numpy_function(factor, [fingerprint, tf.shape(y)[0]], tf.float32)
            return result * tf.cast(tf.reshape(by, []), result.dtype)

        return compute_loss

    def uncompiled(original):
        def compile(self, *args, **kwargs):
            return original(self, *args, **{"jit_compile": False, **kwargs})

        return compile

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
        put(keras.Model, "compile", uncompiled(keras.Model.compile))
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
