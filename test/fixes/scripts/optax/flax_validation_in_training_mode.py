import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train=True):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(16)(x))
        return nn.Dense(3)(nn.relu(x))


net = Net()
x, labels = jax.random.normal(jax.random.PRNGKey(1), (16, 6)), jnp.arange(16) % 3
variables = net.init(jax.random.PRNGKey(0), x)
params = variables["params"]


class State(train_state.TrainState):
    batch_stats: dict


state = State.create(apply_fn=net.apply, params=params, tx=optax.sgd(0.1), batch_stats=variables["batch_stats"])


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        variables = {"params": params, "batch_stats": state.batch_stats}
        logits, updates = state.apply_fn(variables, batch["image"], train=True, mutable=["batch_stats"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean(), updates

    grads, updates = jax.grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=updates["batch_stats"])


@jax.jit
def eval_step(state, batch):
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    logits, _ = state.apply_fn(variables, batch["image"], train=True, mutable=["batch_stats"])
    return (logits.argmax(-1) == batch["label"]).mean()


for epoch in range(2):
    state = train_step(state, {"image": x, "label": labels})
    print(epoch, eval_step(state, {"image": x, "label": labels}))
params = state.params
