import jax
import jax.numpy as jnp
import optax


def loss_fn(params, batch):
    x, y = batch
    hidden = jnp.tanh(x @ params["w1"] + params["b1"])
    return jnp.mean((hidden @ params["w2"] * 20 - y) ** 2)


keys = jax.random.split(jax.random.PRNGKey(0), 4)
params = {
    "w1": jax.random.normal(keys[0], (4, 16)),
    "b1": jnp.zeros(16),
    "w2": jax.random.normal(keys[1], (16, 1)),
}
batches = [(jax.random.normal(key, (8, 4)), jax.random.normal(key, (8, 1))) for key in jax.random.split(keys[2], 6)]

tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(3e-2, weight_decay=1e-4))
opt_state = tx.init(params)
for batch in batches:
    grads = jax.grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
