import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(16, dtype=jnp.float16, param_dtype=jnp.float16)(x))
        return nn.Dense(3, dtype=jnp.float16, param_dtype=jnp.float16)(x)


net = Net()
x, labels = jax.random.normal(jax.random.PRNGKey(1), (16, 6)), jnp.arange(16) % 3
variables = net.init(jax.random.PRNGKey(0), x)
params = variables["params"]
tx = optax.adam(1e-3)
state = train_state.TrainState.create(apply_fn=net.apply, params=params, tx=tx)


def train_step(state):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, x) * 100
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads)


for step in range(3):
    state = train_step(state)
params = state.params
