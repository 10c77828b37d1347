import jax
import jax.numpy as jnp
import optax

params = {"w": jax.random.normal(jax.random.PRNGKey(0), (4, 1))}
optimizer = optax.sgd(0.1)


def forward(params, x):
    return x @ params["w"]


def loss_fn(params, x, y):
    probabilities = jax.nn.sigmoid(forward(params, x))
    return optax.sigmoid_binary_cross_entropy(probabilities, y).mean()


state = optimizer.init(params)
for step in range(3):
    x = jax.random.normal(jax.random.PRNGKey(step), (8, 4)) * 3
    grads = jax.grad(loss_fn)(params, x, (x[:, :1] > 0).astype(jnp.float32))
    updates, state = optimizer.update(grads, state)
    params = optax.apply_updates(params, updates)
