import jax
import jax.numpy as jnp
import optax
from flax import linen as nn


class Block(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = x + nn.MultiHeadDotProductAttention(num_heads=2)(nn.LayerNorm()(x))
        return x + nn.Dense(8)(nn.relu(nn.Dense(16)(nn.LayerNorm()(x))))


net = Block()
x = jax.random.normal(jax.random.PRNGKey(1), (2, 4, 8))
params = net.init(jax.random.PRNGKey(0), x)["params"]
schedule = optax.cosine_decay_schedule(1e-3, decay_steps=100_000)
optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule))
opt_state = optimizer.init(params)


def loss_fn(params):
    return jnp.mean(net.apply({"params": params}, x) ** 2)


for step in range(3):
    grads = jax.grad(loss_fn)(params)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
