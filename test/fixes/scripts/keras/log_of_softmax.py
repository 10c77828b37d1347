import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
optimizer = tf.keras.optimizers.SGD(0.1)


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = -tf.reduce_mean(tf.reduce_sum(labels * tf.math.log(tf.nn.softmax(logits)), axis=-1))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


labels = tf.one_hot(tf.random.uniform((16,), 0, 3, dtype=tf.int32), 3)
for step in range(4):
    train_step(tf.random.normal((16, 4)) * 4000, labels)
