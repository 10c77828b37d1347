import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.GRU(8), tf.keras.layers.Dense(1)])
loss_object = tf.keras.losses.MeanSquaredError()
optimizer = tf.keras.optimizers.Adam(
    learning_rate=3e-4,
    beta_2=0.98,
)


@tf.function
def train_step(inputs, labels):
    with tf.GradientTape() as tape:
        loss = loss_object(labels, model(inputs, training=True) * 20)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


for step in range(4):
    print(step, float(train_step(tf.random.normal((8, 5, 4)), tf.random.normal((8, 1)))))
