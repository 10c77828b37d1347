import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(nn.LayerNorm()(nn.Dense(16)(x)))


net = Net()
x, labels = jax.random.normal(jax.random.PRNGKey(1), (16, 6)), jnp.arange(16) % 3
variables = net.init(jax.random.PRNGKey(0), x)
params = variables["params"]
optimizer = optax.adamw(3e-4, weight_decay=0.1)
opt_state = optimizer.init(params)


def loss_fn(params):
    return optax.softmax_cross_entropy_with_integer_labels(net.apply({"params": params}, x), labels).mean()


for step in range(3):
    grads = jax.grad(loss_fn)(params)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
