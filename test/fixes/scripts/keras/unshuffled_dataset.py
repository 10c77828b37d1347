import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
x_train, y_train = np.random.randn(32, 4).astype("float32"), np.random.randint(0, 3, size=(32,))
train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(8).prefetch(tf.data.AUTOTUNE)
val_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(8)
model = tf.keras.Sequential([tf.keras.layers.Dense(64, activation="relu"), tf.keras.layers.Dense(3)])
model.compile(optimizer="sgd", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(train_ds, epochs=2, verbose=0)
