import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.Dense(32), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(3)])
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.SGD(0.01)
test_loss = tf.keras.metrics.Mean()


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        loss = loss_object(labels, model(images, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


@tf.function
def test_step(images, labels):
    predictions = model(images, training=True)
    test_loss(loss_object(labels, predictions))


images, labels = tf.random.normal((16, 4)), tf.random.uniform((16,), 0, 3, dtype=tf.int32)
for epoch in range(2):
    train_step(images, labels)
    test_step(images, labels)
    print(epoch, float(test_loss.result()))
