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

def main():
    global params
    jax.config.update("jax_debug_nans", True)
    optimizer = optax.adam(1e-3)
    state = optimizer.init(params)
    for batch in batches:
        grads = jax.grad(loss_fn)(params, batch)
        updates, state = optimizer.update(grads, state)
        params = optax.apply_updates(params, updates)


main()
