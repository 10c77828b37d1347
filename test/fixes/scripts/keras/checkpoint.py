import argparse

import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
epochs = parser.parse_args().epochs
tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)])
x, y = tf.random.normal((16, 4)), tf.random.normal((16, 1))
optimizer = tf.keras.optimizers.Adam(1e-2, global_clipnorm=1.0)
done = tf.Variable(0)
checkpoint = tf.train.Checkpoint(model=model, epoch=done)
manager = tf.train.CheckpointManager(checkpoint, "./checkpoints", max_to_keep=3)
checkpoint.restore(manager.latest_checkpoint)

for epoch in range(int(done), epochs):
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((y - model(x, training=True)) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    done.assign(epoch + 1)
    manager.save()
