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

schedule = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 2, 6)
optimizer = optax.chain(
    optax.scale_by_adam(b2=0.95),
    optax.add_decayed_weights(0.1),
    optax.scale_by_learning_rate(schedule),
)
opt_state = optimizer.init(params)


@jax.jit
def train_step(params, opt_state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


for batch in batches:
    params, opt_state, loss = train_step(params, opt_state, batch)
